import { readInputFile } from '@exitlab/bench';
import { patchKernel } from '@exitlab/monitor';
import { reportOf } from '@exitlab/pv-patcher';
import { writeAtomically } from '@exitlab/results';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { patchReportText } from '../patch-report-text.js';
import { isSameFile } from '../same-file.js';
import { UsageError } from '../user-errors.js';

export const patchCommand: Command = {
  name: 'patch',
  form: 'IMAGE -o OUT [options]',
  summary: 'rewrite the privileged instructions of a kernel, for the strategy patched',
  details: `IMAGE is an ELF kernel with its sections and symbols; it stays as it is. What was done, by instruction and function, is on
standard output.`,
  options: {
    out: { value: 'FILE', short: 'o', help: 'where the patched image goes (needed)' },
    sites: { help: 'list functions and every site, with the instruction before and after' },
    json: { help: 'print the report as JSON' },
  },
  async run(line, environment) {
    const [path, extra] = line.operands;
    if (path === undefined) throw new UsageError(messages.missingOperand('patch', 'an image'));
    if (extra !== undefined) throw new UsageError(messages.unexpectedOperand('patch', extra));
    const out = line.text('out');
    if (out === undefined) throw new UsageError(messages.missingOption('patch', 'out', 'FILE'));
    if (await isSameFile(out, path)) throw new UsageError(messages.sameFile(path));
    const kernel = await readInputFile(path, 'the image');
    const { bytes, plan } = patchKernel(kernel.bytes);
    const report = reportOf(plan);
    await writeAtomically(out, bytes);
    environment.stdout.write(line.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : patchReportText(report, line.flag('sites')));
    say(environment.stderr, messages.imagePatched(out, report.patched, report.found));
    return ExitStatus.fine;
  },
};
