import { totalExits } from '@exitlab/results';
import type { Column, Table } from '../document.js';
import { formatCount, formatFixed, formatRatio } from '../number-format.js';
import { cyclesToUs, distinct, type ReportInput, type WorkloadRow, workloadNames } from '../report-input.js';

/** The strategies that others are held against, in the order of the columns. */
const BASES = ['native', 'trap'] as const;

/** A column of the comparison: what it shows of the runs of one workload, by strategy. */
interface Quantity {
  readonly title: string;
  cell(runs: ReadonlyMap<string, WorkloadRow>): string;
}

/** A row for each workload: exits, modelled time, and its ratio to `native` and to `trap`, the strategies side by side. */
export function comparisonTable(input: ReportInput): Table {
  const strategies = distinct(input.workloads.map((row) => row.strategy));
  const quantities = [...strategies.flatMap(exits), ...strategies.map(time), ...ratios(strategies)];
  const rows = workloadNames(input).map((workload) => {
    const runs = new Map(input.workloads.filter((row) => row.workload === workload).map((row) => [row.strategy, row]));
    return [workload, ...quantities.map((quantity) => quantity.cell(runs))];
  });
  const numbers = quantities.map(({ title }): Column => ({ title, kind: 'number' }));
  return { measures: ['counts', 'modelled time'], columns: [{ title: 'Workload', kind: 'text' }, ...numbers], rows };
}

/** Modelled time in milliseconds. */
export function modelledMs(row: WorkloadRow): number {
  return cyclesToUs(row.measurement.modelledTime.cycles, row.run.coreHz) / 1e3;
}

function exits(strategy: string): Quantity[] {
  // Without a hypervisor there are none, which a column of zeros would only hide.
  if (strategy === 'native') return [];
  return [{ title: `Exits, ${strategy}`, cell: (runs) => cellOf(runs.get(strategy), (row) => formatCount(totalExits(row.measurement))) }];
}

function time(strategy: string): Quantity {
  return { title: `Modelled ms, ${strategy}`, cell: (runs) => cellOf(runs.get(strategy), (row) => formatFixed(modelledMs(row))) };
}

function ratios(strategies: readonly string[]): Quantity[] {
  return BASES.filter((base) => strategies.includes(base)).flatMap((base) =>
    strategies
      .filter((strategy) => strategy !== base && strategy !== 'native')
      .map((strategy) => ({
        title: `Time, ${strategy} vs ${base}`,
        cell: (runs) => {
          const below = runs.get(base);
          return below === undefined || modelledMs(below) === 0
            ? ''
            : cellOf(runs.get(strategy), (row) => formatRatio(modelledMs(row) / modelledMs(below)));
        },
      })),
  );
}

function cellOf(row: WorkloadRow | undefined, format: (row: WorkloadRow) => string): string {
  return row === undefined ? '' : format(row);
}
