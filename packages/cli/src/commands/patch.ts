import { type InputFile, readInputFile } from '@exitlab/bench';
import { patchKernel } from '@exitlab/monitor';
import { reportOf } from '@exitlab/pv-patcher';
import { writeAtomically } from '@exitlab/results';
import { type Command, say } from '../command.js';
import type { ParsedCommandLine } from '../command-line.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { parseCount, parseSites } from '../option-values.js';
import { patchReportText } from '../patch-report-text.js';
import { isSameFile } from '../same-file.js';
import { bestSites, predictFrom } from '../saving-prediction.js';
import { UsageError } from '../user-errors.js';

export const patchCommand: Command = {
  name: 'patch',
  form: 'IMAGE -o OUT [options]',
  summary: 'rewrite the privileged instructions of a kernel, for the strategy patched',
  details: `IMAGE is an ELF kernel with its sections and symbols; it stays as it is. What was done, by instruction and function, is on
standard output.`,
  options: {
    out: { value: 'FILE', short: 'o', help: 'where the patched image goes (needed)' },
    best: { value: 'K', help: 'patch only the K patches that save most time, by a profile' },
    profile: { value: 'RUN.json', help: 'the profile for --best: of a run with --strategy trap --profile --json' },
    'sites-from': { value: 'FILE', help: 'patch only these sites: addresses, as in the sites.txt of "exitlab scan"' },
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
    const { bytes, plan } = patchKernel(kernel.bytes, 'static', await chosenSites(line, kernel, environment.version));
    const report = reportOf(plan);
    await writeAtomically(out, bytes);
    environment.stdout.write(line.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : patchReportText(report, line.flag('sites')));
    say(environment.stderr, messages.imagePatched(out, report.patched, report.found));
    return ExitStatus.fine;
  },
};

/** The sites that the command line chooses; undefined for all. */
async function chosenSites(line: ParsedCommandLine, kernel: InputFile, version: string): Promise<ReadonlySet<number> | undefined> {
  const best = line.text('best');
  const profile = line.text('profile');
  const list = line.text('sites-from');
  if (list !== undefined) {
    if (best !== undefined || profile !== undefined) throw new UsageError(messages.sitesChosenTwice());
    return parseSites(list, Buffer.from((await readInputFile(list, 'the list of sites')).bytes).toString('utf8'));
  }
  if (best === undefined && profile === undefined) return undefined;
  if (best === undefined) throw new UsageError(messages.missingOption('patch', 'best', 'K'));
  if (profile === undefined) throw new UsageError(messages.missingOption('patch', 'profile', 'RUN.json'));
  return bestSites(await predictFrom(profile, kernel, version), parseCount('best', best));
}
