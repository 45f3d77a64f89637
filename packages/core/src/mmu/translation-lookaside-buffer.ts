import type { TlbWords } from '../hardware.js';
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
const WRITABLE = [TlbWord0.EPN | TlbWord0.V | TlbWord0.TS | TlbWord0.SIZE, TlbWord1.RPN | TlbWord1.ERPN, 0xffbf] as const;

export const TLB_ENTRIES = 64;

/** The permission bit of word 2 by access and privilege. */
const PERMISSION = {
  user: { [Access.read]: TlbWord2.UR, [Access.write]: TlbWord2.UW, [Access.execute]: TlbWord2.UX },
  supervisor: { [Access.read]: TlbWord2.SR, [Access.write]: TlbWord2.SW, [Access.execute]: TlbWord2.SX },
} as const;

/** Page size in bytes by SIZE: 4**SIZE KB for 0 to 5, 7 and 9. The other codes are reserved; they never match, so that nothing depends on them. */
export function pageSizeBytes(word0: number): number {
  const size = (word0 & TlbWord0.SIZE) >>> 4;
  return size <= 5 || size === 7 || size === 9 ? 1024 * 4 ** size : 0;
}

function isSmallPage(word0: number): boolean {
  return (word0 & TlbWord0.V) !== 0 && pageSizeBytes(word0) === 1024;
}

/** Whether word 2 lets an access through. */
export function permits(word2: number, access: Access, user: boolean): boolean {
  return (word2 & (user ? PERMISSION.user : PERMISSION.supervisor)[access]) !== 0;
}

/** The 64-entry unified TLB: its words, and the search over them. */
export class TranslationLookasideBuffer {
  readonly #words = [new Uint32Array(TLB_ENTRIES), new Uint32Array(TLB_ENTRIES), new Uint32Array(TLB_ENTRIES)] as const;
  readonly #tids = new Uint8Array(TLB_ENTRIES);
  readonly #referenced = new Uint8Array(TLB_ENTRIES);
  /** Derived for the search: the entry maps `ea` where `(ea & matchMask) == matchValue`; an invalid entry has mask 0 and value 1. */
  readonly #matchMask = new Int32Array(TLB_ENTRIES);
  readonly #matchValue = new Int32Array(TLB_ENTRIES).fill(1);
  /** Valid entries of 1 KB. */
  #smallPages = 0;

  read(index: number): TlbWords {
    return { word0: this.#words[0][index]!, word1: this.#words[1][index]!, word2: this.#words[2][index]!, tid: this.#tids[index]! };
  }

  word(index: number, word: 0 | 1 | 2): number {
    return this.#words[word][index]!;
  }

  tid(index: number): number {
    return this.#tids[index]!;
  }

  /** Notes that an entry has translated an address. */
  noteReference(index: number): void {
    this.#referenced[index] = 1;
  }

  /** Whether an entry has translated an address since it was written or last asked; forgets it. */
  takeReference(index: number): boolean {
    const referenced = this.#referenced[index] === 1;
    this.#referenced[index] = 0;
    return referenced;
  }

  writeEntry(index: number, word0: number, word1: number, word2: number, tid: number): void {
    this.write(index, 1, word1, tid);
    this.write(index, 2, word2, tid);
    this.write(index, 0, word0, tid);
  }

  write(index: number, word: 0 | 1 | 2, value: number, tid: number): void {
    const before = this.#words[0][index]!;
    this.#words[word][index] = value & WRITABLE[word];
    this.#referenced[index] = 0;
    if (word !== 0) return;
    this.#smallPages += Number(isSmallPage(value)) - Number(isSmallPage(before));
    this.#tids[index] = tid;
    const sizeBytes = value & TlbWord0.V ? pageSizeBytes(value) : 0;
    const mask = sizeBytes === 0 ? 0 : -sizeBytes;
    this.#matchMask[index] = mask;
    this.#matchValue[index] = sizeBytes === 0 ? 1 : value & mask;
  }

  /**
   * The entry that maps an address, or -1. Where several match, which the manual leaves undefined, the lowest index wins.
   */
  search(ea: number, addressSpace: number, pid: number): number {
    const masks = this.#matchMask;
    const values = this.#matchValue;
    const address = ea | 0;
    for (let index = 0; index < TLB_ENTRIES; index++) {
      if ((address & masks[index]!) !== values[index]) continue;
      if ((this.#words[0][index]! & TlbWord0.TS) >>> 8 !== addressSpace) continue;
      const tid = this.#tids[index]!;
      if (tid === 0 || tid === pid) return index;
    }
    return -1;
  }

  /**
   * Whether an entry of less than 4 KB comes before entry `index` in the search for some address of a 4 KB page. It may belong to another
   * address space or process: being asked once too often costs only time.
   */
  hidesPartOf(index: number, pageEa: number): boolean {
    if (this.#smallPages === 0) return false;
    for (let other = 0; other < index; other++) {
      const word0 = this.#words[0][other]!;
      if (isSmallPage(word0) && ((word0 ^ pageEa) & -4096) === 0) return true;
    }
    return false;
  }

  /** The 36-bit physical address that an entry gives an address it maps. */
  physicalAddress(index: number, ea: number): number {
    const offsetMask = ~this.#matchMask[index]! >>> 0;
    const word1 = this.#words[1][index]!;
    const low = ((word1 & TlbWord1.RPN & ~offsetMask) | (ea & offsetMask)) >>> 0;
    return (word1 & TlbWord1.ERPN) * 2 ** 32 + low;
  }
}
