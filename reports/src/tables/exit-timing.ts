import { type ExitStatistics, exitTypesInOrder, meanCycles, standardDeviationCycles } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatCount, formatFixed, formatShare } from '../number-format.js';
import { cyclesToUs, type WorkloadRow } from '../report-input.js';

/**
 * The exit-timing table of one workload under one strategy, as KVM's exit timing and `perf kvm stat` show it; undefined without a
 * hypervisor. TIMEINGUEST (entry to exit) follows the exits, so that the shares make up 100 %; idle time is part of EMUL_WAIT and shown once more.
 */
export function exitTimingTable(row: WorkloadRow): Table | undefined {
  const { exits, timeInGuest, modelledTime } = row.measurement;
  if (timeInGuest === undefined) return undefined;
  const us = (cycles: number): string => formatFixed(cyclesToUs(cycles, row.run.coreHz));
  const line = (name: string, exit: ExitStatistics): string[] => [
    name,
    formatCount(exit.count),
    us(exit.minCycles),
    us(exit.maxCycles),
    us(meanCycles(exit)),
    us(standardDeviationCycles(exit)),
    us(exit.sumCycles),
    share(exit.sumCycles, modelledTime.cycles),
  ];
  const types = exitTypesInOrder(Object.keys(exits)).filter((type) => exits[type]!.count > 0);
  const rows = types.map((type) => line(exits[type]!.ours === undefined ? type : `${type} *`, exits[type]!));
  const extra = [line('TIMEINGUEST', timeInGuest)];
  if (modelledTime.idleCycles > 0) {
    extra.push([
      '(idle, in EMUL_WAIT)',
      '',
      '',
      '',
      '',
      '',
      us(modelledTime.idleCycles),
      share(modelledTime.idleCycles, modelledTime.cycles),
    ]);
  }
  const count = types.reduce((sum, type) => sum + exits[type]!.count, 0);
  extra.push(['Total', formatCount(count), '', '', '', '', us(modelledTime.cycles), share(modelledTime.cycles, modelledTime.cycles)]);
  return {
    measures: ['counts', 'modelled time'],
    columns: [
      { title: 'Type', kind: 'text' },
      ...['Count', 'Min µs', 'Max µs', 'Avg µs', 'Std dev µs', 'Sum µs', 'Share'].map((title) => ({ title, kind: 'number' }) as const),
    ],
    rows: [...rows, ...extra],
    emphasized: extra.map((_, i) => rows.length + i),
  };
}

function share(cycles: number, whole: number): string {
  return whole === 0 ? '' : formatShare(cycles / whole);
}
