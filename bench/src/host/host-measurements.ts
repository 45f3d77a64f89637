import { ProcessFailure } from './timed-process.js';

/** Something that is measured again and again; a key tells its samples from those of others. */
export interface Measured {
  readonly key: string;
  /** One sample. */
  sample(): number | Promise<number>;
}

/** How long to go on. Times are host seconds by the same clock. */
export interface Repetition {
  readonly repetitions: number;
  /** No further repetition is begun that would probably end after this; the first one always is. */
  readonly deadlineSeconds: number;
  readonly secondsNow: () => number;
  /** Told once a repetition. */
  readonly progress: (text: string) => void;
  /** Told what failed and is left out. */
  readonly omit: (sentence: string) => void;
}

/**
 * Samples of everything, interleaved: all are gone through once, then again, so that a slow spell of the host touches all alike, and
 * samples of one index were taken next to each other. What fails once is left out.
 */
export async function measureInterleaved(all: readonly Measured[], repetition: Repetition): Promise<Map<string, readonly number[]>> {
  const { repetitions, deadlineSeconds, secondsNow, progress, omit } = repetition;
  const samples = new Map(all.map(({ key }) => [key, [] as number[]]));
  for (let done = 0; done < repetitions; done++) {
    const began = secondsNow();
    for (const { key, sample } of all) {
      try {
        samples.get(key)?.push(await sample());
      } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        samples.delete(key);
        omit(`Left out: ${error.message}`);
      }
    }
    progress(`repetition ${done + 1} of ${repetitions}`);
    const ended = secondsNow();
    if (done + 1 < repetitions && ended + (ended - began) > deadlineSeconds) {
      progress(`no time for more than ${done + 1}`);
      break;
    }
  }
  return samples;
}

/** Quotients of samples that were taken next to each other: `numerators[i] / denominators[i]`, as far as both reach. */
export function quotients(numerators: readonly number[] = [], denominators: readonly number[] = []): number[] {
  return numerators.slice(0, denominators.length).map((each, index) => each / denominators[index]!);
}

/** Geometric means across series, sample by sample, as far as all of them reach; NaN where one of them is not above 0. */
export function geometricMeans(series: readonly (readonly number[])[]): number[] {
  const length = series.length === 0 ? 0 : Math.min(...series.map((each) => each.length));
  return Array.from({ length }, (_, index) => Math.exp(series.reduce((sum, each) => sum + Math.log(each[index]!), 0) / series.length));
}
