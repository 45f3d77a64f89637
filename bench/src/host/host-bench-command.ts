import { parseArgs } from 'node:util';
import { HOST_SECTIONS } from './host-bench.js';
import type { HostSection } from './host-section.js';

/** What `pnpm bench:host` was asked for. */
export interface HostBenchCommand {
  readonly sections: readonly HostSection[];
  readonly repetitions: number;
  readonly budgetSeconds: number;
  readonly caseSeconds: number;
  /** Where the raw samples go. */
  readonly jsonFile: string | undefined;
}

/** A command line that asks for nothing we know. The message is one sentence that says what to do. */
export class HostBenchUsageError extends Error {
  override readonly name = 'HostBenchUsageError';
}

const FULL = { repetitions: 5, budget: 720, caseSeconds: 1 } as const;
const QUICK = { repetitions: 2, budget: 150, caseSeconds: 0.2 } as const;

export const HOST_BENCH_HELP = `pnpm bench:host: how fast this program is on this machine, beside its peers

Usage: pnpm bench:host [options]

Options:
  --only SECTIONS       which, by commas (default: all)
  --quick               ${QUICK.repetitions} repetitions in ${QUICK.budget} s
  --repetitions N       samples of each figure (default ${FULL.repetitions})
  --budget SECONDS      no repetition begins that would end later (default ${FULL.budget}); each section measures once in any case
  --case-seconds S      host time of each in-process case (default ${FULL.caseSeconds})
  --json FILE           write all samples there
  --help                print this

Sections:
${HOST_SECTIONS.map(({ name, meaning }) => `  ${name.padEnd(12)}  ${meaning}`).join('\n')}
`;

/**
 * Reads the command line; undefined where help is asked for.
 * @throws HostBenchUsageError
 */
export function readHostBenchCommand(args: readonly string[]): HostBenchCommand | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const defaults = values.quick ? QUICK : FULL;
  const positive = (option: string, text: string | undefined, otherwise: number): number => {
    const value = text === undefined ? otherwise : Number(text);
    if (!(value > 0 && Number.isFinite(value)))
      throw new HostBenchUsageError(`The option "--${option}" takes a number above 0, not "${text}".`);
    return value;
  };
  const repetitions = positive('repetitions', values.repetitions, defaults.repetitions);
  if (!Number.isInteger(repetitions))
    throw new HostBenchUsageError(`The option "--repetitions" takes a whole number, not "${values.repetitions}".`);
  return {
    sections: values.only === undefined ? HOST_SECTIONS : chosenSections(values.only),
    repetitions,
    budgetSeconds: positive('budget', values.budget, defaults.budget),
    caseSeconds: positive('case-seconds', values['case-seconds'], defaults.caseSeconds),
    jsonFile: values.json,
  };
}

function chosenSections(text: string): readonly HostSection[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !HOST_SECTIONS.some((section) => section.name === name));
  if (unknown !== undefined) {
    throw new HostBenchUsageError(`There is no section "${unknown}"; choose among ${HOST_SECTIONS.map(({ name }) => name).join(', ')}.`);
  }
  return HOST_SECTIONS.filter(({ name }) => names.includes(name));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        repetitions: { type: 'string' },
        budget: { type: 'string' },
        'case-seconds': { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error;
    const [sentence = ''] = error.message.split(/\.(?:\s|$)/);
    throw new HostBenchUsageError(`${sentence}; "pnpm bench:host --help" lists the options.`);
  }
}
