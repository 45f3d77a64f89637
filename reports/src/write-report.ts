import { join } from 'node:path';
import { exitsCsv, PATHS_SCHEMA, type PathsResult, readReportable, writeAtomically } from '@exitlab/results';
import { html } from './html.js';
import { markdown } from './markdown.js';
import { reportDocument } from './report-document.js';
import { type NamedResult, type ReportOptions, reportInput } from './report-input.js';

/** Where the parts of a report are, as paths. */
export interface WrittenReport {
  readonly markdown: string;
  readonly html: string;
  readonly csv: string;
  readonly charts: readonly string[];
}

/**
 * Reads result files and writes a report into `folder`: `report.md`, `report.html`, `exits.csv` and `charts/*.svg`.
 * @throws ResultFileError for a file that cannot be read or written
 * @throws NotComparableError for files that cannot stand in one report
 */
export async function writeReport(
  resultFiles: readonly string[],
  folder: string,
  title = 'Exit timing report',
  options: Pick<ReportOptions, 'isBrief' | 'madeBy'> = {},
): Promise<WrittenReport> {
  const results: NamedResult[] = [];
  const paths: PathsResult[] = [];
  for (const file of resultFiles) {
    const result = await readReportable(file);
    if (result.schema === PATHS_SCHEMA) paths.push(result);
    else results.push({ file, result });
  }
  const input = reportInput(results, title, { ...options, paths });
  const document = await reportDocument(input);
  const written = {
    markdown: join(folder, 'report.md'),
    html: join(folder, 'report.html'),
    csv: join(folder, 'exits.csv'),
    charts: [] as string[],
  };
  for (const block of document.blocks) {
    if (block.kind !== 'figure') continue;
    const file = join(folder, 'charts', `${block.figure.id}.svg`);
    await writeAtomically(file, block.figure.svg);
    written.charts.push(file);
  }
  await writeAtomically(written.csv, exitsCsv(input.runs));
  await writeAtomically(written.markdown, markdown(document));
  await writeAtomically(written.html, html(document));
  return written;
}
