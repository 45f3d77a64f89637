/** Fields of a 32-bit instruction word (Power ISA forms D, X, XFX), bits numbered from the left in the manuals. */
export const fieldRt = (word: number): number => (word >>> 21) & 31;
export const fieldRa = (word: number): number => (word >>> 16) & 31;
export const fieldRb = (word: number): number => (word >>> 11) & 31;
export const fieldRc = (word: number): boolean => (word & 1) !== 0;
export const fieldDisplacement = (word: number): number => (word << 16) >> 16;
/** SPR and DCR numbers have their two halves exchanged. */
export const fieldSpr = (word: number): number => ((word >>> 16) & 31) | ((word >>> 6) & 0x3e0);
