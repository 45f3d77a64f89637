import { TlbWord0, TlbWord1, TlbWord2, type TlbWords } from '@exitlab/core';

/** Fields of the three words of a 440 TLB entry, and what belongs together among them. */
export const TlbField = {
  ...TlbWord0,
  SIZE_SHIFT: 4,
  ...TlbWord1,
  ...TlbWord2,
  U0_TO_U3: 0xf000,
  USER_PERMISSIONS: TlbWord2.UX | TlbWord2.UW | TlbWord2.UR,
  SUPERVISOR_PERMISSIONS: TlbWord2.SX | TlbWord2.SW | TlbWord2.SR,
  /** UX, UW and UR lie three bits above SX, SW and SR. */
  USER_SHIFT: 3,
} as const;

const FOUR_GIGABYTES = 0x1_0000_0000;

const PAGE_BYTES = Array.from({ length: 16 }, (_, size) => 1024 * 4 ** size);

/** Page size in bytes: 1 KB times a power of four. */
export function pageBytes(entry: TlbWords): number {
  return PAGE_BYTES[(entry.word0 & TlbField.SIZE) >> TlbField.SIZE_SHIFT] as number;
}

/** The SIZE field of a page of `bytes` bytes. */
export function sizeField(bytes: number): number {
  return PAGE_BYTES.indexOf(bytes) << TlbField.SIZE_SHIFT;
}

export function isValid(entry: TlbWords): boolean {
  return (entry.word0 & TlbField.V) !== 0;
}

/** Address space 0 or 1 that the entry translates. */
export function addressSpace(entry: TlbWords): 0 | 1 {
  return (entry.word0 & TlbField.TS) === 0 ? 0 : 1;
}

/** First effective address of the page; bits of the EPN below the page size take no part, as in the hardware's compare. */
export function effectiveBase(entry: TlbWords): number {
  const epn = (entry.word0 & TlbField.EPN) >>> 0;
  return epn - (epn % pageBytes(entry));
}

/** First physical address of the page, 36 bits. */
export function physicalBase(entry: TlbWords): number {
  const rpn = ((entry.word1 & TlbField.RPN) >>> 0) + (entry.word1 & TlbField.ERPN) * FOUR_GIGABYTES;
  return rpn - (rpn % pageBytes(entry));
}

/** Physical address of `ea`, which lies in the entry's page. */
export function physicalAddress(entry: TlbWords, ea: number): number {
  return physicalBase(entry) + (ea % pageBytes(entry));
}
