import { totalExits } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatCount, formatFixed, formatRatio } from '../number-format.js';
import { cyclesToUs, type ReportInput, type WorkloadRow, workloadNames } from '../report-input.js';

/** All strategies side by side, a row for each workload and strategy; ratios are to the same workload under `native` and `trap`. */
export function comparisonTable(input: ReportInput): Table {
  const rows = workloadNames(input).flatMap((workload) => {
    const strategies = input.workloads.filter((row) => row.workload === workload);
    return strategies.map((row, i) => [
      i === 0 ? workload : '',
      row.strategy,
      formatCount(row.measurement.counts.guestInstructions),
      formatCount(totalExits(row.measurement)),
      formatFixed(modelledMs(row)),
      timeRatio(
        row,
        strategies.find((other) => other.strategy === 'native'),
      ),
      timeRatio(
        row,
        strategies.find((other) => other.strategy === 'trap'),
      ),
    ]);
  });
  return {
    measures: ['counts', 'modelled time'],
    columns: [
      { title: 'Workload', kind: 'text' },
      { title: 'Strategy', kind: 'text' },
      ...['Guest instructions', 'Exits', 'Modelled ms', 'vs native', 'vs trap'].map((title) => ({ title, kind: 'number' }) as const),
    ],
    rows,
  };
}

/** Modelled time in milliseconds. */
export function modelledMs(row: WorkloadRow): number {
  return cyclesToUs(row.measurement.modelledTime.cycles, row.run.coreHz) / 1e3;
}

function timeRatio(row: WorkloadRow, base: WorkloadRow | undefined): string {
  if (base === undefined || base === row || row.strategy === 'native' || modelledMs(base) === 0) return '';
  return formatRatio(modelledMs(row) / modelledMs(base));
}
