import {
  RAM_ADJUST,
  RAM_BASE,
  RAM_OFFSET,
  SOFT_TLB_BASE,
  SOFT_TLB_CONTEXTS,
  SOFT_TLB_TABLE_BYTES,
  SOFT_TLB_VALID,
  SOFT_TLB_WATCHED,
  State,
} from '../processor/state-layout.js';

/** How far a page may be written without asking. */
export type WriteAccess = 'none' | 'watched' | 'free';

/** One context of the software TLB: the translations of one privilege, address space and PID. */
export interface SoftTlbContext {
  readonly index: number;
  /** Pages (ea >>> 12) with an entry in any of the three tables; may hold pages that have been dropped since. */
  filled: Int32Array;
  filledCount: number;
}

const KEYS = State.contextKeys >>> 2;
const USES = State.contextUses >>> 2;
const CLOCK = State.contextClock >>> 2;
const PAGES_BEFORE_REBUILD = 1 << 16;

/** The key of a context; also what tells whether an entry of the TLB is visible in it. */
function contextKey(user: boolean, addressSpace: number, pid: number): number {
  return (user ? 0x200 : 0) | (addressSpace << 8) | pid;
}

/**
 * The fast path of address translation: for each context three flat tables (read, write, execute), one word a 4 KB page, that generated
 * code indexes directly. They hold nothing that the TLB does not; a change of the TLB drops what it covers, and a miss here asks the TLB.
 * Eight contexts are kept, so that neither an interrupt nor a PID change throws translations away.
 */
export class SoftTlb {
  readonly #words: Int32Array;
  readonly #contexts: SoftTlbContext[];
  constructor(buffer: ArrayBufferLike) {
    this.#words = new Int32Array(buffer);
    this.#contexts = Array.from({ length: SOFT_TLB_CONTEXTS }, (_, index) => ({
      index,
      filled: new Int32Array(1024),
      filledCount: 0,
    }));
  }

  /** The context of a state of the processor. Up to eight stay valid; the least recently selected gives way. */
  select(user: boolean, addressSpace: number, pid: number): SoftTlbContext {
    const context = this.#find(contextKey(user, addressSpace, pid));
    this.#words[CLOCK]!++;
    this.#words[USES + context.index] = this.#words[CLOCK]!;
    return context;
  }

  /** Whether a context is the one for a state of the processor. */
  isFor(context: SoftTlbContext, user: boolean, addressSpace: number, pid: number): boolean {
    return this.#key(context) === contextKey(user, addressSpace, pid);
  }

  /** The context whose read table lies at a byte address. */
  contextOfTables(readTable: number): SoftTlbContext {
    return this.#contexts[(readTable - SOFT_TLB_BASE) / (3 * SOFT_TLB_TABLE_BYTES)]!;
  }

  /** What a context is for, or -1. Generated code selects contexts by the same cells. */
  #key(context: SoftTlbContext): number {
    return this.#words[KEYS + context.index]! - 1;
  }

  /** The word at an address by an execute table; undefined where the table has no entry for its page. */
  instructionAt(executeTable: number, ea: number): number | undefined {
    const entry = this.#words[(executeTable >>> 2) + (ea >>> 12)]!;
    return entry === 0 ? undefined : this.#words[((ea | 0) + entry + RAM_OFFSET) >>> 2]! >>> 0;
  }

  /** Byte addresses of a context's tables. */
  tablesOf(context: number): { read: number; write: number; execute: number } {
    const read = SOFT_TLB_BASE + context * 3 * SOFT_TLB_TABLE_BYTES;
    return { read, write: read + SOFT_TLB_TABLE_BYTES, execute: read + 2 * SOFT_TLB_TABLE_BYTES };
  }

  #find(key: number): SoftTlbContext {
    let oldest = this.#contexts[0]!;
    for (const context of this.#contexts) {
      if (this.#key(context) === key) return context;
      if (this.#words[USES + context.index]! < this.#words[USES + oldest.index]!) oldest = context;
    }
    this.#clear(oldest);
    this.#words[KEYS + oldest.index] = key + 1;
    return oldest;
  }

  /** Enters a 4 KB page into a context: `hostPage` is the byte address of its RAM in the memory. */
  fill(context: SoftTlbContext, ea: number, hostPage: number, permissions: { read: boolean; write: WriteAccess; execute: boolean }): void {
    const page = ea >>> 12;
    const place = (hostPage - (page << 12) - RAM_ADJUST) | 0;
    const entry = place | SOFT_TLB_VALID;
    const { read, write, execute } = this.tablesOf(context.index);
    const isNew =
      this.#words[(read >>> 2) + page] === 0 && this.#words[(write >>> 2) + page] === 0 && this.#words[(execute >>> 2) + page] === 0;
    this.#words[(read >>> 2) + page] = permissions.read ? entry : 0;
    this.#words[(write >>> 2) + page] = permissions.write === 'none' ? 0 : permissions.write === 'free' ? entry : place | SOFT_TLB_WATCHED;
    this.#words[(execute >>> 2) + page] = permissions.execute ? entry : 0;
    if (!isNew) return;
    if (context.filledCount === context.filled.length) this.#makeRoom(context);
    context.filled[context.filledCount++] = page;
  }

  #makeRoom(context: SoftTlbContext): void {
    if (context.filled.length >= PAGES_BEFORE_REBUILD) {
      // The list has grown by pages filled and dropped again and again: keep those that still have an entry.
      const live = [...new Set(context.filled.subarray(0, context.filledCount))].filter((page) => this.#hasEntry(context, page));
      context.filledCount = live.length;
      context.filled.set(live);
      if (context.filledCount < context.filled.length) return;
    }
    const larger = new Int32Array(context.filled.length * 2);
    larger.set(context.filled);
    context.filled = larger;
  }

  #hasEntry(context: SoftTlbContext, page: number): boolean {
    const { read, write, execute } = this.tablesOf(context.index);
    return (this.#words[(read >>> 2) + page]! | this.#words[(write >>> 2) + page]! | this.#words[(execute >>> 2) + page]!) !== 0;
  }

  /** Drops the pages of an address range in every context of an address space that shows a TLB entry of `tid` (0: all of them). */
  dropRange(ea: number, sizeBytes: number, addressSpace: number, tid: number): void {
    const first = ea >>> 12;
    const last = (ea + sizeBytes - 1) >>> 12;
    for (const context of this.#contexts) {
      const key = this.#key(context);
      if (key < 0 || ((key >>> 8) & 1) !== addressSpace) continue;
      if (tid !== 0 && (key & 0xff) !== tid) continue;
      const count = last - first + 1;
      if (count <= context.filledCount) {
        for (let page = first; page <= last; page++) this.#dropPage(context, page);
        continue;
      }
      let kept = 0;
      for (let i = 0; i < context.filledCount; i++) {
        const page = context.filled[i]!;
        if (page >= first && page <= last) this.#dropPage(context, page);
        else context.filled[kept++] = page;
      }
      context.filledCount = kept;
    }
  }

  /** Makes stores to pages of RAM (numbered from its start) watched, or free again, in every context. */
  watchPages(pages: ReadonlySet<number>, watched: boolean): void {
    const kind = watched ? SOFT_TLB_WATCHED : SOFT_TLB_VALID;
    for (const context of this.#contexts) {
      if (this.#key(context) < 0) continue;
      const write = this.tablesOf(context.index).write >>> 2;
      for (let i = 0; i < context.filledCount; i++) {
        const page = context.filled[i]!;
        const entry = this.#words[write + page]!;
        if (entry === 0) continue;
        const place = entry & -RAM_ADJUST;
        const hostPage = (place + (page << 12) + RAM_ADJUST) | 0;
        if (pages.has((hostPage - RAM_BASE) >>> 12)) this.#words[write + page] = place | kind;
      }
    }
  }

  /** Drops every translation, for changes that no address range describes (debug address compares, code watching). */
  dropAll(): void {
    for (const context of this.#contexts) this.#clear(context);
  }

  #clear(context: SoftTlbContext): void {
    for (let i = 0; i < context.filledCount; i++) this.#dropPage(context, context.filled[i]!);
    context.filledCount = 0;
  }

  #dropPage(context: SoftTlbContext, page: number): void {
    const { read, write, execute } = this.tablesOf(context.index);
    this.#words[(read >>> 2) + page] = 0;
    this.#words[(write >>> 2) + page] = 0;
    this.#words[(execute >>> 2) + page] = 0;
  }
}
