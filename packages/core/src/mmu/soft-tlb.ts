import {
  ContextByKey,
  contextKey,
  RAM_ADJUST,
  RAM_BASE,
  RAM_OFFSET,
  SOFT_TLB_BASE,
  SOFT_TLB_CONTEXT_BYTES,
  SOFT_TLB_CONTEXTS,
  SOFT_TLB_VALID,
  SOFT_TLB_WATCHED,
  SoftTlbTable,
  State,
} from '../processor/state-layout.js';

/** The software TLB's functions in WebAssembly (callouts/tlb-functions.ts). A context is given by the address of its read table. */
export interface SoftTlbFunctions {
  /** Enters the 4 KB page of an address, which TLB entry `index` maps, as far as the tables can hold it. */
  enterPage(context: number, ea: number, index: number): void;
  dropPages(context: number, firstPage: number, lastPage: number): void;
}

const KEYS = State.contextKeys >>> 2;
const CLOCK = State.contextClock >>> 2;
const TABLES = ContextByKey.tables >>> 2;
const LAST_USE = ContextByKey.lastUse >>> 2;
const PAGES = 1 << 20;

/** Index of the row of a key in State. */
function rowOf(key: number): number {
  return (State.contextByKey + ContextByKey.size * key) >>> 2;
}

/** Byte address of a context's read table, where the context begins. */
function contextAddress(index: number): number {
  return SOFT_TLB_BASE + index * SOFT_TLB_CONTEXT_BYTES;
}

/**
 * The fast path of address translation: for each context (privilege, address space and PID) three flat tables (read, write, execute),
 * one word a 4 KB page, that generated code indexes directly. They hold nothing that the TLB does not; a change of the TLB drops what it
 * covers, and a miss here asks the TLB. Eight contexts are kept, so that neither an interrupt nor a PID change throws translations away.
 */
export class SoftTlb {
  readonly #words: Int32Array;
  readonly #functions: SoftTlbFunctions;
  constructor(buffer: ArrayBufferLike, functions: SoftTlbFunctions) {
    this.#words = new Int32Array(buffer);
    this.#functions = functions;
  }

  /** The context of a state of the processor. Up to eight stay valid; the one whose PID was selected longest ago gives way. */
  select(user: boolean, addressSpace: number, pid: number): number {
    const key = contextKey(user, addressSpace, pid);
    const row = rowOf(key);
    this.#words[CLOCK]!++;
    this.#words[row + LAST_USE] = this.#words[CLOCK]!;
    return this.#words[row + TABLES]! || this.#make(key);
  }

  /** Whether a context is the one for a state of the processor. Generated code selects contexts by the same cells. */
  isFor(context: number, user: boolean, addressSpace: number, pid: number): boolean {
    return this.#words[rowOf(contextKey(user, addressSpace, pid)) + TABLES] === context;
  }

  /** The word at an address by an execute table; undefined where the table has no entry for its page. */
  instructionAt(executeTable: number, ea: number): number | undefined {
    const entry = this.#words[(executeTable >>> 2) + (ea >>> 12)]!;
    return entry === 0 ? undefined : this.#words[((ea | 0) + entry + RAM_OFFSET) >>> 2]! >>> 0;
  }

  #make(key: number): number {
    const words = this.#words;
    const lastUse = (index: number): number => (words[KEYS + index] === 0 ? -1 : words[rowOf(words[KEYS + index]! - 1) + LAST_USE]!);
    let oldest = 0;
    for (let index = 1; index < SOFT_TLB_CONTEXTS; index++) if (lastUse(index) < lastUse(oldest)) oldest = index;
    const tables = contextAddress(oldest);
    this.#functions.dropPages(tables, 0, PAGES - 1);
    if (words[KEYS + oldest] !== 0) words[rowOf(words[KEYS + oldest]! - 1) + TABLES] = 0;
    words[KEYS + oldest] = key + 1;
    words[rowOf(key) + TABLES] = tables;
    return tables;
  }

  enter(context: number, ea: number, index: number): void {
    this.#functions.enterPage(context, ea, index);
  }

  /** Makes stores to pages of RAM (numbered from its start) watched, or free again, in every context. */
  watchPages(pages: ReadonlySet<number>, watched: boolean): void {
    const words = this.#words;
    const kind = watched ? SOFT_TLB_WATCHED : SOFT_TLB_VALID;
    for (let index = 0; index < SOFT_TLB_CONTEXTS; index++) {
      if (words[KEYS + index] === 0) continue;
      const write = (contextAddress(index) + SoftTlbTable.write) >>> 2;
      const filled = (contextAddress(index) + SoftTlbTable.filled) >>> 2;
      const filledWords = (contextAddress(index) + SoftTlbTable.filledWords) >>> 2;
      for (let group = 0; group < PAGES >>> 10; group++) {
        for (let some = words[filledWords + group]!; some !== 0; some &= some - 1) {
          const word = 32 * group + lowestBit(some);
          for (let bits = words[filled + word]!; bits !== 0; bits &= bits - 1) {
            const page = 32 * word + lowestBit(bits);
            const entry = words[write + page]!;
            if (entry === 0) continue;
            const place = entry & -RAM_ADJUST;
            const hostPage = (place + (page << 12) + RAM_ADJUST) | 0;
            if (pages.has((hostPage - RAM_BASE) >>> 12)) words[write + page] = place | kind;
          }
        }
      }
    }
  }

  /** Drops every translation, for changes that no address range describes (debug address compares). */
  dropAll(): void {
    for (let index = 0; index < SOFT_TLB_CONTEXTS; index++) this.#functions.dropPages(contextAddress(index), 0, PAGES - 1);
  }
}

/** The number of the lowest bit that is set. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
