import { COST_PROFILE_AXIS, type GuestRunSpec, runSweep, type SweepDefinition } from '@exitlab/bench';
import { writeSweepReport } from '@exitlab/reports';
import type { SweepAxis, SweepResult } from '@exitlab/results';
import { type Command, type CommandEnvironment, say } from '../command.js';
import type { OptionTable, ParsedCommandLine } from '../command-line.js';
import { ExitStatus } from '../exit-status.js';
import { HYPERVISOR_OPTIONS, hypervisorWish } from '../hypervisor-options.js';
import { messages } from '../messages.js';
import { parseAxis, parseChoice, parseSeconds } from '../option-values.js';
import { createProgress } from '../progress.js';
import { UsageError } from '../user-errors.js';
import { commandText } from './command-text.js';
import { namedGuestSpec } from './named-guest.js';

const DEFAULT_FOLDER = 'out/sweep';
const DEFAULT_TIMEOUT_SECONDS = '120';

export const SWEEP_RUN_OPTIONS: OptionTable = {
  guest: { value: 'NAME', help: 'the guest, by the name that "exitlab bench" knows it by' },
  append: { value: 'TEXT', help: 'its boot arguments, in place of its own' },
  timeout: { value: 'SECONDS', help: `host time for a single run (default ${DEFAULT_TIMEOUT_SECONDS})` },
  out: { value: 'FOLDER', help: `where the results go` },
};

/** The options that a report names as its own command. */
export const COMMAND_OPTIONS = ['over', 'guest', 'append', 'timeout', 'unsupported', 'cost-profile', 'policy', 'out'] as const;

export const sweepCommand: Command = {
  name: 'sweep',
  form: '--guest NAME --over NAME=VALUES [options]',
  summary: 'run a guest under a grid of policies, and chart misses and time',
  details: `Writes sweep.json, sweep.csv, report.md and charts into the output folder (default ${DEFAULT_FOLDER}).
--over shadowSlots=8,16,32 names one direction of the grid; ${COST_PROFILE_AXIS} stands for generations of KVM.`,
  options: {
    over: { value: 'NAME=VALUES', help: 'a policy and its values, by commas; may be repeated', repeatable: true },
    ...SWEEP_RUN_OPTIONS,
    ...HYPERVISOR_OPTIONS,
  },
  async run(line, environment) {
    const axes = line.texts('over').map(parseAxis);
    if (axes.length === 0) throw new UsageError(messages.missingOption('sweep', 'over', 'NAME=VALUES'));
    for (const { name, values } of axes) {
      if (name === COST_PROFILE_AXIS) for (const value of values) parseChoice('cost profile', value, environment.machines.costProfiles);
    }
    const folder = line.text('out') ?? DEFAULT_FOLDER;
    const result = await measureSweep('sweep', line, axes, environment);
    const report = await writeSweepReport(result, folder, commandText('sweep', line, COMMAND_OPTIONS));
    say(environment.stderr, messages.sweepEnded(result));
    say(environment.stderr, messages.resultWritten(report));
    return result.complete ? ExitStatus.fine : ExitStatus.interrupted;
  },
};

/** Runs the grid that a command line asks for. */
export async function measureSweep(
  command: string,
  line: ParsedCommandLine,
  axes: readonly SweepAxis[],
  environment: CommandEnvironment,
): Promise<SweepResult> {
  const operand = line.operands[0];
  if (operand !== undefined) throw new UsageError(messages.unexpectedOperand(command, operand));
  const name = line.text('guest');
  if (name === undefined) throw new UsageError(messages.missingOption(command, 'guest', 'NAME'));
  const guest = await namedGuestSpec(name, await environment.availableGuests());
  const append = line.text('append');
  const run: GuestRunSpec = {
    ...guest,
    strategy: 'trap',
    ...(append !== undefined && { append }),
    timeoutSeconds: parseSeconds('timeout', line.text('timeout') ?? DEFAULT_TIMEOUT_SECONDS),
    ...hypervisorWish(line, environment.machines),
  };
  const definition: SweepDefinition = { run, axes };
  const progress = createProgress(environment.stderr);
  const result = await runSweep(definition, {
    toolVersion: environment.version,
    runGuest: environment.machines.runGuest,
    secondsNow: environment.secondsNow,
    dateNow: environment.dateNow,
    signal: environment.signal,
    onPoint: (values, index, total) =>
      progress.show(
        index,
        total,
        Object.entries(values)
          .map((pair) => pair.join('='))
          .join(' '),
      ),
  });
  progress.clear();
  return result;
}
