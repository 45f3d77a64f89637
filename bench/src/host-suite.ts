import type { HostTimeSummary } from '@exitlab/results';
import type Benchmark from 'benchmark';
import { summarizeHostTime } from './host-statistics.js';

/** A piece of our own code whose host time is measured inside this process. */
export interface HostCase {
  readonly name: string;
  run(): void;
}

/** Host time of one call of a case: raw samples and their summary, seconds. */
export interface HostCaseResult {
  readonly name: string;
  readonly secondsPerCall: readonly number[];
  readonly summary: HostTimeSummary;
}

/**
 * Measures cases one after the other with benchmark.js, the only file that knows it. Its samples are taken and its own figures
 * left alone: it prints means, and judges them as if the noise of a shared machine were normal.
 * @param maxSeconds host time spent on each case at most, once it is warm
 */
export async function measureHostCases(cases: readonly HostCase[], maxSeconds: number): Promise<HostCaseResult[]> {
  // Loaded here, since it takes long and a run of a guest does not need it.
  const { default: benchmark } = await import('benchmark');
  const suite = new benchmark.Suite();
  for (const { name, run } of cases) suite.add(name, run, { maxTime: maxSeconds });
  await new Promise<void>((resolve) => suite.on('complete', () => resolve()).run({ async: true }));
  return suite.map((bench: Benchmark) => {
    if (bench.error !== undefined) throw new Error(`The host case "${bench.name}" failed.`, { cause: bench.error });
    const secondsPerCall = [...bench.stats.sample];
    return { name: bench.name ?? '', secondsPerCall, summary: summarizeHostTime(secondsPerCall) };
  });
}
