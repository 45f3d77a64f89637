import type { HostTimeSummary } from '@exitlab/results';
import { summarizeHostTime } from '../host-statistics.js';
import { type ProcessCommand, timeProcess } from './timed-process.js';

/** Two processes that differ in the amount of work alone; what they differ in is free of start and end. */
export interface WorkPair {
  readonly name: string;
  readonly less: ProcessCommand;
  readonly more: ProcessCommand;
}

/**
 * Host seconds of the additional work of each pair, `repetitions` samples each. All pairs are gone through once, then again, so that
 * a slow spell of the host touches all alike.
 */
export function measurePairs(pairs: readonly WorkPair[], repetitions: number, secondsNow: () => number): Map<string, number[]> {
  const samples = new Map(pairs.map(({ name }) => [name, [] as number[]]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, less, more } of pairs) {
      const lessSeconds = timeProcess(less, secondsNow);
      samples.get(name)!.push(timeProcess(more, secondsNow) - lessSeconds);
    }
  }
  return samples;
}

/** Host seconds of whole processes, interleaved in the same way. */
export function measureProcesses(
  commands: readonly { readonly name: string; readonly command: ProcessCommand }[],
  repetitions: number,
  secondsNow: () => number,
): Map<string, number[]> {
  const samples = new Map(commands.map(({ name }) => [name, [] as number[]]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, command } of commands) samples.get(name)!.push(timeProcess(command, secondsNow));
  }
  return samples;
}

/**
 * How many times as fast as `peer` we are: quotients of samples taken next to each other, summarized. The unit is not seconds but 1. A
 * pair in which the host's noise was larger than the work says nothing and is left out; undefined where none is left.
 */
export function speedAgainst(ours: readonly number[], peer: readonly number[]): HostTimeSummary | undefined {
  const quotients = ours.map((seconds, index) => peer[index]! / seconds).filter((quotient) => Number.isFinite(quotient) && quotient > 0);
  return quotients.length === 0 ? undefined : summarizeHostTime(quotients);
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
