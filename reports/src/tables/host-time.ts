import type { Table } from '../document.js';
import { formatCount, formatSeconds } from '../number-format.js';
import type { ReportInput } from '../report-input.js';

/** Host time of each run with its spread; undefined without samples. */
export function hostTimeTable(input: ReportInput): Table | undefined {
  if (input.hostSamples.length === 0) return undefined;
  return {
    measures: ['host time'],
    columns: [
      { title: 'Guest', kind: 'text' },
      { title: 'Strategy', kind: 'text' },
      ...['Samples', 'Median', 'MAD', '95 % low', '95 % high'].map((title) => ({ title, kind: 'number' }) as const),
    ],
    rows: input.hostSamples.map(({ guest, strategy, wallSeconds, summary }) => [
      guest,
      strategy,
      formatCount(wallSeconds.length),
      ...[summary.medianSeconds, summary.madSeconds, summary.lowSeconds, summary.highSeconds].map(formatSeconds),
    ]),
  };
}
