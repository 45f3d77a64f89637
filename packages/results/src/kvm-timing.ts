import { type ExitStatistics, noExits } from './exit-statistics.js';
import type { Measurement } from './measurement.js';

/**
 * The rows of KVM's exit timing in KVM's order (Linux 2.6.38, `kvm_exit_names` in arch/powerpc/kvm/timing.c).
 * TIMEINGUEST, the last, is the time between two exits.
 */
export const KVM_TIMING_ROWS = [
  'MMIO',
  'DCR',
  'SIGNAL',
  'ITLBREAL',
  'ITLBVIRT',
  'DTLBREAL',
  'DTLBVIRT',
  'SYSCALL',
  'ISI',
  'DSI',
  'EMULINST',
  'EMUL_WAIT',
  'EMUL_WRTEE',
  'EMUL_MTSPR',
  'EMUL_MFSPR',
  'EMUL_MTMSR',
  'EMUL_MFMSR',
  'EMUL_TLBSX',
  'EMUL_TLBWE',
  'EMUL_RFI',
  'DEC',
  'EXTINT',
  'HALT',
  'USR_PR_INST',
  'FP_UNAVAIL',
  'DEBUG',
  'TIMEINGUEST',
] as const;

const NEVER_HIT_MIN_US = 0xffff_ffff;

/**
 * The text of KVM's debugfs file `vm<pid>_vcpu<id>_timing` (arch/powerpc/kvm/timing.c from 2.6.29 on): tab-separated
 * `type count min max sum sum_squared`, modelled time in whole microseconds. Types of ours follow KVM's rows.
 * `sum_squared` is in µs²; a type never hit has KVM's initial minimum.
 */
export function kvmTimingText(measurement: Measurement, coreHz: number): string {
  const cyclesPerUs = coreHz / 1e6;
  const row = (type: string, statistics: ExitStatistics): string => {
    const us = (cycles: number): string => String(Math.floor(cycles / cyclesPerUs));
    const { count, minCycles, maxCycles, sumCycles, sumSquaredCycles } = statistics;
    const minUs = count === 0 ? String(NEVER_HIT_MIN_US) : us(minCycles);
    const sumSquaredUs = String(Math.floor(sumSquaredCycles / (cyclesPerUs * cyclesPerUs)));
    return [
      type.padStart(12),
      String(count).padStart(10),
      minUs.padStart(10),
      us(maxCycles).padStart(10),
      us(sumCycles).padStart(20),
      sumSquaredUs.padStart(20),
    ].join('\t');
  };
  const rows: string[] = KVM_TIMING_ROWS.map((type) => {
    const statistics = type === 'TIMEINGUEST' ? measurement.timeInGuest : measurement.exits[type];
    return row(type, statistics ?? noExits());
  });
  const kvmTypes = new Set<string>(KVM_TIMING_ROWS);
  const ours = Object.keys(measurement.exits).filter((type) => !kvmTypes.has(type));
  ours.sort();
  for (const type of ours) rows.push(row(type, measurement.exits[type] ?? noExits()));
  return `${['type', 'count', 'min', 'max', 'sum', 'sum_squared'].join('\t')}\n${rows.join('\n')}\n`;
}

/** The types of `exits` in KVM's order, types of ours after them by name. */
export function exitTypesInOrder(types: Iterable<string>): string[] {
  const order = (type: string): number => {
    const index = (KVM_TIMING_ROWS as readonly string[]).indexOf(type);
    return index === -1 ? KVM_TIMING_ROWS.length : index;
  };
  return [...types].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}
