import { COST_PROFILE_AXIS } from '@exitlab/bench';
import { HISTORY, historyTable, markdownTable, writeHistoryReport } from '@exitlab/reports';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { HYPERVISOR_OPTIONS } from '../hypervisor-options.js';
import { messages } from '../messages.js';
import { commandText } from './command-text.js';
import { COMMAND_OPTIONS, measureSweep, SWEEP_RUN_OPTIONS } from './sweep.js';

const DEFAULT_FOLDER = 'out/history';

export const historyCommand: Command = {
  name: 'history',
  form: '--guest NAME [options]',
  summary: "boot a guest under KVM's generations, beside the published changes of boot time",
  details: `Prints the table, and writes sweep.json and report.md into the output folder (default ${DEFAULT_FOLDER}).`,
  options: { ...SWEEP_RUN_OPTIONS, policy: HYPERVISOR_OPTIONS.policy! },
  async run(line, environment) {
    const axes = [{ name: COST_PROFILE_AXIS, values: HISTORY.map(({ profile }) => profile) }];
    const result = await measureSweep('history', line, axes, environment);
    const report = await writeHistoryReport(result, line.text('out') ?? DEFAULT_FOLDER, commandText('history', line, COMMAND_OPTIONS));
    environment.stdout.write(`${markdownTable(historyTable(result))}\n`);
    say(environment.stderr, messages.resultWritten(report));
    return result.complete ? ExitStatus.fine : ExitStatus.interrupted;
  },
};
