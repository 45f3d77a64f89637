import { type BenchDefinition, runLayouts } from '@exitlab/bench';
import { writeLayoutsReport } from '@exitlab/reports';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { parseCount, parseSeconds } from '../option-values.js';
import { createProgress } from '../progress.js';
import { UsageError } from '../user-errors.js';
import { chooseGuests, chooseStrategies } from './bench.js';
import { commandText } from './command-text.js';

const DEFAULT_FOLDER = 'out/layouts';
const DEFAULT_LAYOUTS = '8';
const DEFAULT_TIMEOUT_SECONDS = '300';
const DEFAULT_STRATEGIES = 'pv,patched:load,patched:trap';

export const layoutsCommand: Command = {
  name: 'layouts',
  form: '--guests NAMES [options]',
  summary: 'compare strategies in several layouts of a guest, and say what is luck and what timer interrupts took',
  details: `Each layout is the same guest with boot arguments a little longer. Writes layouts.json and report.md into the output folder
(default ${DEFAULT_FOLDER}). The first strategy is the one that the others are held against.`,
  options: {
    guests: { value: 'NAMES', help: 'which guests, by commas' },
    strategies: { value: 'NAMES', help: `which strategies, by commas (default ${DEFAULT_STRATEGIES})` },
    layouts: { value: 'N', help: `how many layouts (default ${DEFAULT_LAYOUTS})` },
    timeout: { value: 'SECONDS', help: `host time for a single run (default ${DEFAULT_TIMEOUT_SECONDS})` },
    out: { value: 'FOLDER', help: 'where the results go' },
  },
  async run(line, environment) {
    const operand = line.operands[0];
    if (operand !== undefined) throw new UsageError(messages.unexpectedOperand('layouts', operand));
    const names = line.text('guests');
    if (names === undefined) throw new UsageError(messages.missingOption('layouts', 'guests', 'NAMES'));
    const definition: BenchDefinition = {
      name: 'layouts',
      strategies: chooseStrategies(environment, line.text('strategies') ?? DEFAULT_STRATEGIES),
      repetitions: 1,
      timeoutSeconds: parseSeconds('timeout', line.text('timeout') ?? DEFAULT_TIMEOUT_SECONDS),
      guests: chooseGuests(await environment.availableGuests(), names),
    };
    const layouts = parseCount('layouts', line.text('layouts') ?? DEFAULT_LAYOUTS);
    const progress = createProgress(environment.stderr);
    const result = await runLayouts(definition, layouts, {
      toolVersion: environment.version,
      runGuest: environment.machines.runGuest,
      secondsNow: environment.secondsNow,
      dateNow: environment.dateNow,
      signal: environment.signal,
      onRun: (guest, strategy, index, total) => progress.show(index, total, `${guest} under ${strategy}`),
    });
    progress.clear();
    const report = await writeLayoutsReport(
      result,
      line.text('out') ?? DEFAULT_FOLDER,
      commandText('layouts', line, ['guests', 'strategies', 'layouts', 'timeout', 'out']),
    );
    say(environment.stderr, messages.resultWritten(report));
    return ExitStatus.fine;
  },
};
