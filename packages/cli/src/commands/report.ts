import { writeReport } from '@exitlab/reports';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { messages } from '../messages.js';
import { UsageError } from '../user-errors.js';
import { commandText } from './command-text.js';

const DEFAULT_FOLDER = 'out/report';

export const reportCommand: Command = {
  name: 'report',
  form: 'FILE... [options]',
  summary: 'make a report of result files: Markdown, HTML, charts, CSV',
  details:
    'Takes result files of "exitlab run --json", "exitlab bench" and "exitlab paths". Exit status 3 when they cannot stand in one report.',
  options: {
    out: { value: 'FOLDER', help: `where the report goes (default ${DEFAULT_FOLDER})` },
    brief: { help: 'whole runs and the boot only; of the workloads just the comparison' },
    title: { value: 'TEXT', help: 'its title' },
  },
  async run(line, environment) {
    if (line.operands.length === 0) throw new UsageError(messages.missingOperand('report', 'result files'));
    const written = await writeReport(line.operands, line.text('out') ?? DEFAULT_FOLDER, line.text('title'), {
      isBrief: line.flag('brief'),
      madeBy: commandText('report', line, ['brief', 'title', 'out']),
    });
    say(environment.stderr, messages.reportWritten(written.html, written.markdown));
    return ExitStatus.fine;
  },
};
