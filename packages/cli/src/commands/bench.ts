import { join } from 'node:path';
import { type AvailableGuest, type BenchDefinition, type BenchGuest, hostMachine, PATCHED_AT, runBench } from '@exitlab/bench';
import { exitsCsv, writeAtomically, writeResult } from '@exitlab/results';
import { type Command, type CommandEnvironment, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { parseChoice, parseCount, parseNames, parseSeconds } from '../option-values.js';
import { createProgress } from '../progress.js';
import { UsageError } from '../user-errors.js';

const DEFAULT_FOLDER = 'out/bench';
const DEFAULT_REPETITIONS = '3';
const DEFAULT_TIMEOUT_SECONDS = '300';
const DEFAULT_STRATEGIES = 'native,trap,patched';

export const benchCommand: Command = {
  name: 'bench',
  form: '[options]',
  summary: 'run guests under strategies, repeatedly, and keep the measurements',
  details: `Writes bench.json (for "exitlab report") and exits.csv into the output folder.
Counts and modelled time must be the same in every repetition; host time is sampled.`,
  options: {
    guests: { value: 'NAMES', help: 'which guests, by commas (default: all bare-metal workloads)' },
    strategies: {
      value: 'NAMES',
      help: `which strategies, by commas (default ${DEFAULT_STRATEGIES}); ${PATCHED_AT.join(', ')} say when to patch`,
    },
    repetitions: { value: 'N', help: `how often each (default ${DEFAULT_REPETITIONS})` },
    timeout: { value: 'SECONDS', help: `host time for a single run (default ${DEFAULT_TIMEOUT_SECONDS})` },
    budget: { value: 'SECONDS', help: 'host time for all: no further repetition begins that would exceed it' },
    out: { value: 'FOLDER', help: `where the results go (default ${DEFAULT_FOLDER})` },
  },
  async run(line, environment) {
    const operand = line.operands[0];
    if (operand !== undefined) throw new UsageError(messages.unexpectedOperand('bench', operand));
    const strategies = chooseStrategies(environment, line.text('strategies') ?? DEFAULT_STRATEGIES);
    const budget = line.text('budget');
    const definition: BenchDefinition = {
      name: 'bench',
      strategies,
      repetitions: parseCount('repetitions', line.text('repetitions') ?? DEFAULT_REPETITIONS),
      timeoutSeconds: parseSeconds('timeout', line.text('timeout') ?? DEFAULT_TIMEOUT_SECONDS),
      ...(budget === undefined ? {} : { budgetSeconds: parseSeconds('budget', budget) }),
      guests: chooseGuests(await environment.availableGuests(), line.text('guests')),
    };
    const folder = line.text('out') ?? DEFAULT_FOLDER;
    const progress = createProgress(environment.stderr);
    const result = await runBench(definition, {
      toolVersion: environment.version,
      runGuest: environment.machines.runGuest,
      machine: hostMachine(),
      secondsNow: environment.secondsNow,
      dateNow: environment.dateNow,
      signal: environment.signal,
      onEvent: (event) => {
        if (event.kind === 'run-started') progress.show(event.index, event.total, `${event.guest} under ${event.strategy}`);
        if (event.kind === 'cell-failed') {
          progress.clear();
          say(environment.stderr, messages.cellFailed(event.failure));
        }
      },
    });
    progress.clear();
    const file = join(folder, 'bench.json');
    await writeResult(file, result);
    await writeAtomically(join(folder, 'exits.csv'), exitsCsv(result.runs));
    say(environment.stderr, messages.benchEnded(result));
    say(environment.stderr, messages.resultWritten(file));
    if (!result.complete) {
      say(environment.stderr, messages.interrupted());
      return ExitStatus.interrupted;
    }
    return result.failures.length > 0 ? ExitStatus.failed : ExitStatus.fine;
  },
};

/** The strategies of that names, `patched` perhaps with the time at which it patches. */
export function chooseStrategies({ machines }: CommandEnvironment, text: string): string[] {
  const known = [...machines.strategies.map((row) => row.name), ...PATCHED_AT];
  return parseNames('strategies', text).map((name) => parseChoice('strategy', name, known));
}

export function chooseGuests(guests: readonly AvailableGuest[], text: string | undefined): BenchGuest[] {
  if (text === undefined) return guests.filter((guest) => guest.byDefault);
  const names = guests.map((guest) => guest.name);
  const chosen = parseNames('guests', text).map((name) => parseChoice('guest', name, names));
  return guests.filter((guest) => chosen.includes(guest.name));
}
