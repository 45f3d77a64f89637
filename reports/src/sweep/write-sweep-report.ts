import { join } from 'node:path';
import { type SweepResult, writeAtomically, writeResult } from '@exitlab/results';
import { stringify } from 'csv-stringify/sync';
import { renderChart } from '../charts/render-chart.js';
import type { Block, Document, Figure, Table } from '../document.js';
import { markdown } from '../markdown.js';
import { formatCount } from '../number-format.js';
import { completedPoints, SWEEP_QUANTITIES, sweepChart } from './sweep-chart.js';

/** Columns after the axes, in the table and in the CSV. */
const COLUMNS = ['exits', ...SWEEP_QUANTITIES.map(({ id }) => id)] as const;

/**
 * Writes a sweep into `folder`: `sweep.json`, `sweep.csv`, `report.md` and `charts/*.svg`. `command` is what makes the same files again.
 * @returns the path of the report
 * @throws ResultFileError for a file that cannot be written
 */
export async function writeSweepReport(result: SweepResult, folder: string, command: string): Promise<string> {
  const figures: Figure[] = [];
  for (const quantity of SWEEP_QUANTITIES) {
    const drawing = sweepChart(result, quantity);
    if (drawing === undefined) continue;
    const { id, title, measure, caption } = quantity;
    const svg = await renderChart(drawing.spec, { title, description: caption }, drawing.drawnMarks);
    await writeAtomically(join(folder, 'charts', `${id}.svg`), svg);
    figures.push({ id, title, measure, caption, svg });
  }
  await writeResult(join(folder, 'sweep.json'), result);
  await writeAtomically(join(folder, 'sweep.csv'), sweepCsv(result));
  const report = join(folder, 'report.md');
  await writeAtomically(report, markdown(sweepDocument(result, figures, command)));
  return report;
}

function sweepCsv(result: SweepResult): string {
  const axes = result.axes.map(({ name }) => name);
  const rows = result.points.map((point) => [
    ...axes.map((name) => point.values[name] ?? ''),
    exitsOf(point),
    ...SWEEP_QUANTITIES.map((quantity) => rounded(quantity.of(point, result.coreHz))),
    point.end.reason,
  ]);
  return stringify(rows, { header: true, columns: [...axes, ...COLUMNS, 'end'], escape_formulas: true });
}

/** Without the digits that a division of exact counts makes up. */
function rounded(value: number | undefined): number | '' {
  return value === undefined ? '' : Number(value.toPrecision(10));
}

function sweepDocument(result: SweepResult, figures: readonly Figure[], command: string): Document {
  const failed = result.points.filter((point) => !completedPoints(result).includes(point));
  const unfinished = result.complete ? [] : [paragraph('The sweep was ended early: this is what was complete until then.')];
  const failures: Block[] =
    failed.length === 0
      ? []
      : [
          { kind: 'heading', level: 2, text: 'Points at which the guest did not come to its end' },
          { kind: 'list', items: failed.map(({ values, end }) => `${valuesText(values)}: ${end.detail}`) },
        ];
  return {
    title: `Policies swept: ${result.guest.name} under ${result.strategy}`,
    subtitle: `ExitLab ${result.toolVersion} · ${result.points.length} runs · boot arguments \`${result.guest.append ?? ''}\``,
    blocks: [
      ...unfinished,
      paragraph(`Made by \`${command}\`. Every point is one run: counts and modelled time are the same each time.`),
      ...figures.flatMap((figure): Block[] => [
        { kind: 'heading', level: 2, text: figure.title },
        { kind: 'figure', figure },
      ]),
      { kind: 'heading', level: 2, text: 'All points, the fastest first' },
      { kind: 'table', table: sweepTable(result) },
      ...failures,
    ],
  };
}

/** Every completed point, the shortest whole run first. */
export function sweepTable(result: SweepResult): Table {
  const [, , wholeRun] = SWEEP_QUANTITIES;
  const time = (point: SweepResult['points'][number]) => wholeRun!.of(point, result.coreHz) ?? 0;
  const points = [...completedPoints(result)].sort((a, b) => time(a) - time(b));
  const [fastest] = points;
  return {
    measures: ['counts', 'modelled time'],
    columns: [
      ...result.axes.map(({ name }) => ({ title: name, kind: 'text' as const })),
      { title: 'Exits', kind: 'number' },
      { title: 'Virtual misses', kind: 'number' },
      { title: 'Boot, ms', kind: 'number' },
      { title: 'Whole run, ms', kind: 'number' },
      { title: 'Against the fastest', kind: 'number' },
    ],
    rows: points.map((point) => [
      ...result.axes.map(({ name }) => point.values[name] ?? ''),
      formatCount(exitsOf(point)),
      ...SWEEP_QUANTITIES.map((quantity) => {
        const value = quantity.of(point, result.coreHz);
        if (value === undefined) return '';
        return quantity.measure === 'counts' ? formatCount(value) : value.toFixed(1);
      }),
      `${(time(point) / time(fastest!)).toFixed(2)} ×`,
    ]),
  };
}

function exitsOf({ exits }: SweepResult['points'][number]): number {
  return Object.values(exits).reduce((sum, count) => sum + count, 0);
}

function valuesText(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `\`${name}=${value}\``)
    .join(' ');
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}
