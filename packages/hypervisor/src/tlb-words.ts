import type { TlbWords } from '@exitlab/core';

/** Fields of the three words of a 440 TLB entry (PowerPC 440x5 User's Manual, "Memory Management"). */
export const TlbField = {
  EPN: 0xfffffc00,
  VALID: 0x200,
  TS: 0x100,
  SIZE: 0xf0,
  SIZE_SHIFT: 4,
  RPN: 0xfffffc00,
  ERPN: 0xf,
  U0_TO_U3: 0xf000,
  MEMORY_COHERENT: 0x200,
  USER_PERMISSIONS: 0x38,
  SUPERVISOR_PERMISSIONS: 0x07,
  /** UX, UW and UR lie three bits above SX, SW and SR. */
  USER_SHIFT: 3,
  UX: 0x20,
  UW: 0x10,
  UR: 0x08,
  SX: 0x04,
  SW: 0x02,
  SR: 0x01,
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
  return (entry.word0 & TlbField.VALID) !== 0;
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
