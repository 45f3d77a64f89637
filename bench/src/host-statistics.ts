import type { HostTimeSummary } from '@exitlab/results';
import { median, medianAbsoluteDeviation, quantileSorted, sampleWithReplacement } from 'simple-statistics';

const RESAMPLES = 2000;
const SEED = 0x440e;

/**
 * Median, MAD, and the 95 % confidence interval of the median by percentile bootstrap (Efron and Tibshirani 1993, chapter 13).
 * The random numbers are seeded: the same samples give the same interval.
 * @param seconds at least one host-time sample
 */
export function summarizeHostTime(seconds: readonly number[]): HostTimeSummary {
  if (seconds.length === 0) throw new RangeError('No samples to summarize.');
  const samples = [...seconds];
  const random = seededRandom(SEED);
  const medians = Array.from({ length: RESAMPLES }, () => median(sampleWithReplacement(samples, samples.length, random)));
  medians.sort((a, b) => a - b);
  return {
    medianSeconds: median(samples),
    madSeconds: medianAbsoluteDeviation(samples),
    lowSeconds: quantileSorted(medians, 0.025),
    highSeconds: quantileSorted(medians, 0.975),
  };
}

/** Mulberry32 (Tommy Ettinger, public domain): uniform numbers in [0, 1) from a 32-bit seed; enough for resampling. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
