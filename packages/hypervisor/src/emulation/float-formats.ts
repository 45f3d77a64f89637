import { doubleHighOfSingle, doubleLowOfSingle, singleOfDouble } from '@exitlab/core';

/** How a floating-point register stands in memory: converted to single, as it is, or its low word (`stfiwx`). */
export type FloatFormat = 'single' | 'double' | 'low-word';

const WORD_BITS = 32n;

/** The 32-bit words that a store writes for a register's 64 bits, in the order of their addresses. */
export function wordsOfFloat(format: FloatFormat, bits: bigint): number[] {
  const high = Number(bits >> WORD_BITS);
  const low = Number(BigInt.asUintN(32, bits));
  switch (format) {
    case 'single':
      return [singleOfDouble(high, low)];
    case 'double':
      return [high, low];
    case 'low-word':
      return [low];
  }
}

/** The 64 bits that a load of these words leaves in the register. */
export function floatOfWords(format: FloatFormat, words: readonly number[]): bigint {
  const [first = 0, second = 0] = words;
  const [high, low] = format === 'single' ? [doubleHighOfSingle(first), doubleLowOfSingle(first)] : [first, second];
  return (BigInt(high >>> 0) << WORD_BITS) | BigInt(low >>> 0);
}
