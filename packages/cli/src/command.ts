import type { AvailableGuest } from '@exitlab/bench';
import type { OptionTable, ParsedCommandLine } from './command-line.js';
import type { ExitStatus } from './exit-status.js';
import type { Machines } from './machines.js';

/** A stream that takes output. */
export interface Output {
  write(data: string | Uint8Array): void;
  /** Whether a person looks at it now: progress is shown only then. */
  readonly isTerminal: boolean;
}

/** All that a command touches outside itself, so that tests can give it something else. */
export interface CommandEnvironment {
  readonly version: string;
  readonly machines: Machines;
  /** The guests that a bench may name. */
  readonly availableGuests: () => Promise<readonly AvailableGuest[]>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** What the user types or pipes in. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** Host time in seconds, monotonic. */
  readonly secondsNow: () => number;
  readonly dateNow: () => Date;
}

/** One command: a row of the registry. */
export interface Command {
  readonly name: string;
  /** The form after "exitlab NAME". */
  readonly form: string;
  readonly summary: string;
  /** More for its own help, after the options. */
  readonly details: string;
  readonly options: OptionTable;
  run(line: ParsedCommandLine, environment: CommandEnvironment): Promise<ExitStatus>;
}

/** A line of text on a stream. */
export function say(output: Output, text: string): void {
  output.write(`${text}\n`);
}
