import { ExitStatus } from './exit-status.js';

/** Wrong usage of the command line. The message is one sentence that says what to do. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The typed errors of all packages whose message is meant for the user, by name, with the status that each ends in. */
const STATUS_OF_ERROR: Readonly<Record<string, ExitStatus>> = {
  UsageError: ExitStatus.badInput,
  UserError: ExitStatus.badInput,
  InputFileError: ExitStatus.badInput,
  MicroguestImageError: ExitStatus.badInput,
  PolicyError: ExitStatus.badInput,
  PathError: ExitStatus.badInput,
  ResultFileError: ExitStatus.badInput,
  LayoutsError: ExitStatus.failed,
  SweepError: ExitStatus.interrupted,
  NotComparableError: ExitStatus.notComparable,
};

/** The exit status of an error that is the user's to mend; undefined for a fault of ours. */
export function statusOfUserError(error: unknown): ExitStatus | undefined {
  return error instanceof Error ? STATUS_OF_ERROR[error.name] : undefined;
}
