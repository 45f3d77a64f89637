import { readInputFile } from '@exitlab/bench';
import { planKernelPatches } from '@exitlab/monitor';
import { reportOf } from '@exitlab/pv-patcher';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { patchReportText } from '../patch-report-text.js';
import { UsageError } from '../user-errors.js';

export const scanCommand: Command = {
  name: 'scan',
  form: 'IMAGE [options]',
  summary: 'list the sensitive instructions of a kernel, and what patching would do to them',
  details: 'IMAGE is an ELF kernel with its sections and symbols. The list is on standard output.',
  options: {
    sites: { help: 'list functions and every site, with the instruction before and after' },
    json: { help: 'print the list as JSON' },
  },
  async run(line, environment) {
    const [path, extra] = line.operands;
    if (path === undefined) throw new UsageError(messages.missingOperand('scan', 'an image'));
    if (extra !== undefined) throw new UsageError(messages.unexpectedOperand('scan', extra));
    const report = reportOf(planKernelPatches((await readInputFile(path, 'the image')).bytes));
    environment.stdout.write(line.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : patchReportText(report, line.flag('sites')));
    say(environment.stderr, messages.imageScanned(path, report.found, report.patched));
    return ExitStatus.fine;
  },
};
