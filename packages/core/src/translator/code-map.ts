import { codeBitmapBase, codeBitmapBytes } from '../processor/state-layout.js';

const PAGE_BYTES = 4096;

/** A stretch of physical memory, of whole words. */
export interface CodeRange {
  readonly pa: number;
  readonly sizeBytes: number;
}

/** Which words of RAM have been translated, and by whom; a store asks it whether code has changed. */
export class CodeMap<Owner> {
  readonly #pages: Uint8Array;
  readonly #bits: Uint8Array;
  readonly #owners = new Map<number, Map<Owner, CodeRange[]>>();

  /**
   * @param pages by page of RAM, kept not 0 where the page holds translated code
   * @param buffer the processor's memory, in which the bitmap of words lies (processor/state-layout.ts)
   */
  constructor(pages: Uint8Array, buffer: ArrayBuffer, ramSizeBytes: number) {
    this.#pages = pages;
    this.#bits = new Uint8Array(buffer, codeBitmapBase(ramSizeBytes), codeBitmapBytes(ramSizeBytes));
  }

  /** Records a range that does not cross a page. Returns whether its page had no code before. */
  add(owner: Owner, range: CodeRange): boolean {
    const page = Math.floor(range.pa / PAGE_BYTES);
    const isNew = this.#pages[page] === 0;
    this.#pages[page] = 1;
    this.#mark(range);
    let owners = this.#owners.get(page);
    if (!owners) {
      owners = new Map();
      this.#owners.set(page, owners);
    }
    const ranges = owners.get(owner);
    if (ranges) ranges.push(range);
    else owners.set(owner, [range]);
    return isNew;
  }

  /** The owners whose code a write touches. */
  touchedBy(pa: number, lengthBytes: number): Owner[] {
    const touched = new Set<Owner>();
    const first = pa - (pa % 4);
    const end = pa + lengthBytes;
    for (let page = Math.floor(pa / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      if (this.#pages[page] === 0) continue;
      for (const [owner, ranges] of this.#owners.get(page) ?? []) {
        if (ranges.some((range) => range.pa < end && range.pa + range.sizeBytes > first)) touched.add(owner);
      }
    }
    return [...touched];
  }

  /** Whether a word has been translated. */
  hasCode(pa: number): boolean {
    return ((this.#bits[pa >>> 5]! >>> ((pa >>> 2) & 7)) & 1) !== 0;
  }

  /** Forgets an owner's code. Returns the pages that hold none any more. */
  remove(owner: Owner, ranges: readonly CodeRange[]): Set<number> {
    const empty = new Set<number>();
    for (const page of new Set(ranges.map(({ pa }) => Math.floor(pa / PAGE_BYTES)))) {
      const owners = this.#owners.get(page);
      if (!owners?.delete(owner)) continue;
      this.#bits.fill(0, (page * PAGE_BYTES) >>> 5, ((page + 1) * PAGE_BYTES) >>> 5);
      for (const others of owners.values()) for (const range of others) this.#mark(range);
      if (owners.size > 0) continue;
      this.#owners.delete(page);
      this.#pages[page] = 0;
      empty.add(page);
    }
    return empty;
  }

  #mark({ pa, sizeBytes }: CodeRange): void {
    for (let word = pa >>> 2; word < (pa + sizeBytes) >>> 2; word++) this.#bits[word >>> 3]! |= 1 << (word & 7);
  }
}
