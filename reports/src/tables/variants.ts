import { totalExits } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatCount, formatFixed, formatRatio } from '../number-format.js';
import { distinct, type ReportInput, type WorkloadRow } from '../report-input.js';
import { modelledMs } from './comparison.js';

/** Builds of one guest side by side, such as Linux with and without KUAP. */
export interface VariantComparison {
  readonly family: string;
  readonly variants: readonly string[];
  readonly table: Table;
}

/** A comparison for each family of guests of which the input holds two variants or more. */
export function variantComparisons(input: ReportInput): VariantComparison[] {
  const families = distinct(input.runs.flatMap((run) => run.guest.family ?? []));
  return families.flatMap((family) => {
    const rows = input.workloads.filter((row) => row.run.guest.family === family && row.run.guest.variant !== undefined);
    const variants = distinct(rows.map((row) => row.run.guest.variant!));
    return variants.length < 2 ? [] : [{ family, variants, table: variantTable(rows, variants) }];
  });
}

function variantTable(rows: readonly WorkloadRow[], variants: readonly string[]): Table {
  const keys = distinct(rows.map((row) => ({ phase: row.phase ?? 'whole run', strategy: row.strategy })));
  const [first, ...others] = variants;
  const cells = keys.map(({ phase, strategy }) => {
    const of = (variant: string | undefined): WorkloadRow | undefined =>
      rows.find((row) => (row.phase ?? 'whole run') === phase && row.strategy === strategy && row.run.guest.variant === variant);
    const base = of(first);
    const exits = variants.map((variant) => format(of(variant), (row) => formatCount(totalExits(row.measurement))));
    const times = variants.map((variant) => format(of(variant), (row) => formatFixed(modelledMs(row))));
    const ratios = others.map((variant) => {
      const other = of(variant);
      return base === undefined || other === undefined || modelledMs(base) === 0 ? '' : formatRatio(modelledMs(other) / modelledMs(base));
    });
    return [phase, strategy, ...exits, ...times, ...ratios];
  });
  return {
    measures: ['counts', 'modelled time'],
    columns: [
      { title: 'Phase', kind: 'text' },
      { title: 'Strategy', kind: 'text' },
      ...variants.map((variant) => ({ title: `Exits, ${variant}`, kind: 'number' }) as const),
      ...variants.map((variant) => ({ title: `Modelled ms, ${variant}`, kind: 'number' }) as const),
      ...others.map((variant) => ({ title: `Time, ${variant} vs ${first}`, kind: 'number' }) as const),
    ],
    rows: cells,
  };
}

function format(row: WorkloadRow | undefined, cell: (row: WorkloadRow) => string): string {
  return row === undefined ? '' : cell(row);
}
