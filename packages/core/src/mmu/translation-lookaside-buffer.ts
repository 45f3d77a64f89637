import type { TlbWords } from '../hardware.js';
import { TlbCell } from '../processor/state-layout.js';
import { TLB_ENTRIES, TlbWord1 } from './tlb-words.js';

/** The TLB's functions in WebAssembly (callouts/tlb-functions.ts). They drop from the software TLB what a change covers. */
export interface TlbFunctions {
  /** The entry that maps an address, or -1; where several do, which the manual leaves undefined, the lowest. */
  searchTlb(ea: number, addressSpace: number, pid: number): number;
  writeTlbWord(index: number, word: number, value: number, tid: number): void;
  writeTlbEntry(index: number, word0: number, word1: number, word2: number, tid: number): void;
  dropEntry(index: number): void;
}

/** The 64-entry unified TLB. Its entries lie in the processor's memory, where generated code searches and changes them. */
export class TranslationLookasideBuffer {
  readonly #cells: Uint32Array;
  readonly #functions: TlbFunctions;

  constructor(buffer: ArrayBuffer, functions: TlbFunctions) {
    this.#cells = new Uint32Array(buffer);
    this.#functions = functions;
    // An invalid entry matches no key.
    for (const cell of [TlbCell.matchKey, TlbCell.matchKeyMask]) this.#cells.fill(0xffffffff, cell >>> 2, (cell >>> 2) + TLB_ENTRIES);
  }

  read(index: number): TlbWords {
    return { word0: this.word(index, 0), word1: this.word(index, 1), word2: this.word(index, 2), tid: this.#field(index, TlbCell.tid) };
  }

  word(index: number, word: 0 | 1 | 2): number {
    return this.#field(index, TlbCell.words[word]);
  }

  #field(index: number, cell: number): number {
    return this.#cells[(cell >>> 2) + index]!;
  }

  /** Notes that an entry has translated an address. */
  noteReference(index: number): void {
    this.#cells[(TlbCell.referenced >>> 2) + index] = 1;
  }

  /** Whether an entry has translated an address since it was written or last asked; forgets it. */
  takeReference(index: number): boolean {
    const referenced = this.#field(index, TlbCell.referenced) !== 0;
    if (!referenced) return false;
    this.#cells[(TlbCell.referenced >>> 2) + index] = 0;
    // The next use must come by the TLB again to be seen.
    this.#functions.dropEntry(index);
    return true;
  }

  write(index: number, word: 0 | 1 | 2, value: number, tid: number): void {
    this.#functions.writeTlbWord(index, word, value, tid);
  }

  writeEntry(index: number, word0: number, word1: number, word2: number, tid: number): void {
    this.#functions.writeTlbEntry(index, word0, word1, word2, tid);
  }

  search(ea: number, addressSpace: number, pid: number): number {
    return this.#functions.searchTlb(ea, addressSpace, pid);
  }

  /** The 36-bit physical address that an entry gives an address it maps. */
  physicalAddress(index: number, ea: number): number {
    const offsetMask = ~this.#field(index, TlbCell.matchMask) >>> 0;
    const word1 = this.word(index, 1);
    const low = ((word1 & TlbWord1.RPN & ~offsetMask) | (ea & offsetMask)) >>> 0;
    return (word1 & TlbWord1.ERPN) * 2 ** 32 + low;
  }
}
