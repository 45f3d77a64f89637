/**
 * How a CR field is kept: as a doubleword in which a comparison is one subtraction of sign- or zero-extended words. EQ: the low word is
 * 0; GT: the doubleword is above 0; LT: bit 62; SO: bits 61 and 62 differ. So a difference stands for itself with SO = 0, and
 * each of the 16 combinations has a value; written from a nibble, bit 32 keeps the doubleword from being 0. (After the representation
 * that Dolphin's JIT uses for the same purpose.)
 */
export const CrPlace = { so: 61, less: 62 } as const;

/** The two words, low first, that stand for a nibble LT GT EQ SO. */
export function crWords(nibble: number): { low: number; high: number } {
  const less = (nibble >>> 3) & 1;
  const high = (nibble & 4 ? 0 : 0x80000000) | (less << (CrPlace.less - 32)) | (((nibble & 1) ^ less) << (CrPlace.so - 32)) | 1;
  return { low: nibble & 2 ? 0 : 1, high: high >>> 0 };
}

/** The nibble that the two words of a field stand for. */
export function crNibble(low: number, high: number): number {
  const less = (high >>> (CrPlace.less - 32)) & 1;
  const overflow = ((high >>> (CrPlace.so - 32)) & 1) ^ less;
  const greater = (high | 0) > 0 || ((high | 0) === 0 && low !== 0) ? 1 : 0;
  return (less << 3) | (greater << 2) | ((low | 0) === 0 ? 2 : 0) | overflow;
}
