import { Access } from './access.js';

/** Fields of the three words of a TLB entry (PPC440x5 UM, chapter 5, TLB Entry Fields). */
export const TlbWord0 = { EPN: 0xfffffc00, V: 0x200, TS: 0x100, SIZE: 0xf0 } as const;
export const TlbWord1 = { RPN: 0xfffffc00, ERPN: 0xf } as const;
export const TlbWord2 = {
  W: 0x800,
  I: 0x400,
  M: 0x200,
  G: 0x100,
  E: 0x80,
  UX: 0x20,
  UW: 0x10,
  UR: 0x08,
  SX: 0x04,
  SW: 0x02,
  SR: 0x01,
} as const;
/** By word. */
export const WRITABLE = [TlbWord0.EPN | TlbWord0.V | TlbWord0.TS | TlbWord0.SIZE, TlbWord1.RPN | TlbWord1.ERPN, 0xffbf] as const;

export const TLB_ENTRIES = 64;

/** The permission bit of word 2 by access and privilege. */
export const PERMISSION = {
  user: { [Access.read]: TlbWord2.UR, [Access.write]: TlbWord2.UW, [Access.execute]: TlbWord2.UX },
  supervisor: { [Access.read]: TlbWord2.SR, [Access.write]: TlbWord2.SW, [Access.execute]: TlbWord2.SX },
} as const;

/** The values of SIZE that are not reserved. */
export const SIZE_CODES = [0, 1, 2, 3, 4, 5, 7, 9] as const;
const VALID_SIZE: ReadonlySet<number> = new Set(SIZE_CODES);

/** Page size in bytes by SIZE: 4**SIZE KB. The reserved codes never match, so that nothing depends on them: 0. */
export function pageSizeBytes(word0: number): number {
  const size = (word0 & TlbWord0.SIZE) >>> 4;
  return VALID_SIZE.has(size) ? 1024 * 4 ** size : 0;
}

/** Whether word 2 lets an access through. */
export function permits(word2: number, access: Access, user: boolean): boolean {
  return (word2 & (user ? PERMISSION.user : PERMISSION.supervisor)[access]) !== 0;
}
