import { MEASURE_LABELS } from './charts/chart.js';
import { CHARTS } from './charts/registry.js';
import { renderChart } from './charts/render-chart.js';
import type { Table } from './document.js';
import { markdownTable } from './markdown.js';
import { NotComparableError, type ReportInput } from './report-input.js';
import { comparisonTable } from './tables/comparison.js';
import { exitTimingTable } from './tables/exit-timing.js';

/** A text whose marked blocks have been filled, and the pictures it shows. */
export interface FilledText {
  readonly text: string;
  /** SVG text by the file name that the text links to, below the folder of images. */
  readonly images: ReadonlyMap<string, string>;
}

const BLOCK = /(<!-- exitlab: ([^>]+?) -->\n)[\s\S]*?(<!-- \/exitlab -->)/g;

/**
 * Fills the blocks of a hand-written page with charts and tables of a real run. A block is what stands between
 * `<!-- exitlab: … -->` and `<!-- /exitlab -->`, and says `chart ID`, `comparison`, or `timing GUEST STRATEGY`.
 * @param imagesFolder as the page links to it, such as `docs/images`
 * @throws NotComparableError where the run does not hold what a block asks for
 */
export async function fillBlocks(page: string, input: ReportInput, imagesFolder: string): Promise<FilledText> {
  const images = new Map<string, string>();
  const filled = new Map<string, string>();
  for (const [, , request] of page.matchAll(BLOCK)) {
    if (request !== undefined) filled.set(request, await fill(request, input, imagesFolder, images));
  }
  return {
    text: page.replace(BLOCK, (_, begin: string, request: string, end: string) => `${begin}${filled.get(request)}\n${end}`),
    images,
  };
}

async function fill(request: string, input: ReportInput, imagesFolder: string, images: Map<string, string>): Promise<string> {
  const [kind, name = '', strategy] = request.split(' ');
  if (kind === 'comparison') return labelled(comparisonTable(input));
  if (kind === 'timing') {
    const row = input.workloads.find((candidate) => candidate.workload === name && candidate.strategy === strategy);
    const table = row === undefined ? undefined : exitTimingTable(row);
    if (table !== undefined) return labelled(table);
  }
  const chart = kind === 'chart' ? CHARTS.find((candidate) => candidate.id === name) : undefined;
  const drawing = chart?.spec(input);
  if (chart === undefined || drawing === undefined) {
    throw new NotComparableError(
      `The page asks for "${request}", which this run does not hold: measure what it needs, or change the page.`,
    );
  }
  images.set(`${chart.id}.svg`, await renderChart(drawing.spec, { title: chart.title, description: chart.caption }, drawing.drawnMarks));
  return `![${chart.title}](${imagesFolder}/${chart.id}.svg)\n\n*${MEASURE_LABELS[chart.measure]}.* ${chart.caption}`;
}

function labelled(table: Table): string {
  return `*${table.measures.map((measure) => MEASURE_LABELS[measure]).join('. ')}.*\n\n${markdownTable(table)}`;
}
