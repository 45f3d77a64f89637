import { type InputFile, readInputFile } from '@exitlab/bench';
import { planKernelPatches } from '@exitlab/monitor';
import { reportOf } from '@exitlab/pv-patcher';
import { writePrediction } from '@exitlab/reports';
import { predictionText } from '@exitlab/results';
import { type Command, type CommandEnvironment, say } from '../command.js';
import type { ParsedCommandLine } from '../command-line.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { patchReportText } from '../patch-report-text.js';
import { predictionReportText } from '../prediction-text.js';
import { predictFrom } from '../saving-prediction.js';
import { UsageError } from '../user-errors.js';

export const scanCommand: Command = {
  name: 'scan',
  form: 'IMAGE [options]',
  summary: 'list the sensitive instructions of a kernel, and what patching would do to them or save',
  details: `IMAGE is an ELF kernel with its sections and symbols. The list is on standard output.
With a profile (from "exitlab run --strategy trap --profile --json RUN.json") sites are ranked by the modelled time that patching them
saves, and the time of a run with the best of them patched is predicted; --out keeps that as prediction.json, sites.txt and a chart.`,
  options: {
    profile: { value: 'RUN.json', help: 'rank the sites by a profile, and predict what patching saves' },
    out: { value: 'FOLDER', help: 'where the prediction goes' },
    sites: { help: 'list functions and every site, with the instruction before and after' },
    json: { help: 'print the list as JSON' },
  },
  async run(line, environment) {
    const [path, extra] = line.operands;
    if (path === undefined) throw new UsageError(messages.missingOperand('scan', 'an image'));
    if (extra !== undefined) throw new UsageError(messages.unexpectedOperand('scan', extra));
    const profile = line.text('profile');
    if (profile === undefined && line.text('out') !== undefined) {
      throw new UsageError(messages.missingOption('scan', 'profile', 'RUN.json'));
    }
    const kernel = await readInputFile(path, 'the image');
    if (profile !== undefined) return predict(profile, kernel, line, environment);
    const report = reportOf(planKernelPatches(kernel.bytes));
    environment.stdout.write(line.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : patchReportText(report, line.flag('sites')));
    say(environment.stderr, messages.imageScanned(path, report.found, report.patched));
    return ExitStatus.fine;
  },
};

async function predict(profile: string, kernel: InputFile, line: ParsedCommandLine, environment: CommandEnvironment): Promise<ExitStatus> {
  const prediction = await predictFrom(profile, kernel, environment.version);
  const folder = line.text('out');
  const written = folder === undefined ? [] : await writePrediction(prediction, folder);
  environment.stdout.write(line.flag('json') ? predictionText(prediction) : predictionReportText(prediction, line.flag('sites')));
  for (const warning of prediction.warnings) say(environment.stderr, messages.warning(warning));
  for (const file of written) say(environment.stderr, messages.resultWritten(file));
  return ExitStatus.fine;
}
