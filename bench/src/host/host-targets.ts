import type { HostTarget } from '@exitlab/results';

/** What the project asks of its own speed, a row a figure. The bar must be reached; the aim is what would be good. */
export const HOST_TARGETS = {
  computeAgainstQemu: { better: 'higher', bar: 1.25, aim: 1.8 },
  computeAgainstCountingQemu: { better: 'higher', bar: 2, aim: 3 },
  exceptionAgainstQemu: { better: 'higher', bar: 6, aim: 10 },
  refillAgainstQemu: { better: 'higher', bar: 10, aim: 20 },
  linuxAgainstQemu: { better: 'higher', bar: 1, aim: 1.5 },
  linuxUnderTrap: { better: 'lower', bar: 3, aim: 1.5 },
  /** Per cent of the instructions of code that has been translated. */
  interpretedThoughWarm: { better: 'lower', bar: 0.1 },
  exitsASecond: { better: 'higher', bar: 5e6, aim: 20e6 },
  processStart: { better: 'lower', bar: 0.3, aim: 0.15 },
  linuxMemory: { better: 'lower', bar: 500, aim: 300 },
  observationCost: { better: 'lower', bar: 5 },
  interpreterRate: { better: 'higher', bar: 100e6 },
} as const satisfies Record<string, HostTarget>;

/**
 * A target as a sentence's end: whether a figure reaches it by its median, and whether the 95 % interval of the median says the same.
 */
export function verdict({ better, bar, aim }: HostTarget, { median, low, high }: { median: number; low: number; high: number }): string {
  const reaches = (value: number, wanted: number) => (better === 'higher' ? value >= wanted : value <= wanted);
  const level = (value: number) =>
    aim !== undefined && reaches(value, aim) ? 'meets the aim' : reaches(value, bar) ? 'meets the bar' : 'misses the bar';
  const text = level(median);
  return level(low) === text && level(high) === text ? text : `${text}, within the spread`;
}
