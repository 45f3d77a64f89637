import type { HostTimeSummary } from '@exitlab/results';

/** A line of the table: what was measured, and beside it what is wanted. */
export interface HostTableRow {
  readonly what: string;
  readonly measured: string;
  /** Median absolute deviation and 95 % interval of the median, or empty where there is one value only. */
  readonly spread: string;
  readonly floor: string;
  readonly aim: string;
}

const number = (value: number): string => {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
};

/** A row of medians. `unit` stands behind the figure. */
export function summaryRow(what: string, summary: HostTimeSummary | undefined, unit: string, floor = '', aim = ''): HostTableRow {
  if (summary === undefined) return { what, measured: 'lost in noise', spread: '', floor, aim };
  const { medianSeconds: median, madSeconds: mad, lowSeconds: low, highSeconds: high } = summary;
  return { what, measured: `${number(median)}${unit}`, spread: `MAD ${number(mad)}, ${number(low)} to ${number(high)}`, floor, aim };
}

export function valueRow(what: string, value: number, unit: string, floor = '', aim = ''): HostTableRow {
  return { what, measured: `${number(value)}${unit}`, spread: '', floor, aim };
}

const COLUMNS = [
  { title: 'what', of: (row: HostTableRow) => row.what },
  { title: 'measured', of: (row: HostTableRow) => row.measured },
  { title: 'spread', of: (row: HostTableRow) => row.spread },
  { title: 'no worse than', of: (row: HostTableRow) => row.floor },
  { title: 'aim', of: (row: HostTableRow) => row.aim },
] as const;

/** The table as Markdown, columns aligned. */
export function formatTable(rows: readonly HostTableRow[]): string {
  const widths = COLUMNS.map(({ title, of }) => Math.max(title.length, ...rows.map((row) => of(row).length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  return [
    line(COLUMNS.map(({ title }) => title)),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map((row) => line(COLUMNS.map(({ of }) => of(row)))),
  ].join('\n');
}
