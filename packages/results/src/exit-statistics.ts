import * as v from 'valibot';
import { count } from './numbers.js';

/**
 * What exit timing keeps of one exit type, as KVM's `timing.c` does: enough for mean and standard deviation without the samples.
 * Durations are modelled core cycles, from leaving the guest to being back in it. `minCycles` is 0 where `count` is 0.
 */
export const ExitStatisticsSchema = v.pipe(
  v.strictObject({
    count,
    minCycles: count,
    maxCycles: count,
    sumCycles: count,
    /** Sum of the squares. A double: exact below 2**53, and in any case the same in every run. */
    sumSquaredCycles: v.pipe(v.number(), v.minValue(0)),
    /** Only on types of ours, which Linux's KVM does not have: why this exit is not one of KVM's. */
    ours: v.exactOptional(v.string()),
    /** Where the cycles went, by the parts of the cost profile; below 0 where a part saves what another has counted. */
    parts: v.exactOptional(v.record(v.string(), v.pipe(v.number(), v.safeInteger()))),
  }),
  v.check((s) => s.minCycles <= s.maxCycles && s.maxCycles <= s.sumCycles, 'min, max and sum of an exit type contradict each other'),
);
export type ExitStatistics = v.InferOutput<typeof ExitStatisticsSchema>;

/** The statistics of no exit at all. */
export function noExits(ours?: string): ExitStatistics {
  const none = { count: 0, minCycles: 0, maxCycles: 0, sumCycles: 0, sumSquaredCycles: 0 };
  return ours === undefined ? none : { ...none, ours };
}

/** `statistics` with one more exit of `cycles`. */
export function addExit(statistics: ExitStatistics, cycles: number): ExitStatistics {
  return mergeExits(statistics, { count: 1, minCycles: cycles, maxCycles: cycles, sumCycles: cycles, sumSquaredCycles: cycles * cycles });
}

/** The statistics of both sets of exits together; `ours` is the first's, or else the second's. */
export function mergeExits(a: ExitStatistics, b: ExitStatistics): ExitStatistics {
  if (b.count === 0) return a;
  if (a.count === 0) return a.ours === undefined ? b : { ...b, ours: a.ours };
  const ours = a.ours ?? b.ours;
  const parts = a.parts === undefined || b.parts === undefined ? undefined : addParts(a.parts, b.parts, 1);
  return {
    count: a.count + b.count,
    minCycles: Math.min(a.minCycles, b.minCycles),
    maxCycles: Math.max(a.maxCycles, b.maxCycles),
    sumCycles: a.sumCycles + b.sumCycles,
    sumSquaredCycles: a.sumSquaredCycles + b.sumSquaredCycles,
    ...(ours === undefined ? {} : { ours }),
    ...(parts === undefined ? {} : { parts }),
  };
}

/** The parts of `a` and `sign` times those of `b`, without those that come to 0. */
export function addParts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>, sign: 1 | -1): Record<string, number> {
  const sums = [...new Set([...Object.keys(a), ...Object.keys(b)])].map((part) => [part, (a[part] ?? 0) + sign * (b[part] ?? 0)] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum !== 0));
}

/** Mean duration in cycles; 0 for no exits. */
export function meanCycles(statistics: ExitStatistics): number {
  return statistics.count === 0 ? 0 : statistics.sumCycles / statistics.count;
}

/** Standard deviation of the durations in cycles (of the population: exit timing sees every exit); 0 for no exits. */
export function standardDeviationCycles(statistics: ExitStatistics): number {
  if (statistics.count === 0) return 0;
  const mean = meanCycles(statistics);
  // The subtraction may come out a rounding error below zero where all durations are equal.
  return Math.sqrt(Math.max(0, statistics.sumSquaredCycles / statistics.count - mean * mean));
}
