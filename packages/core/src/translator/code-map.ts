const PAGE_BYTES = 4096;
const WORDS_IN_PAGE = PAGE_BYTES / 4;

/** A stretch of physical memory. */
export interface CodeRange {
  readonly pa: number;
  readonly sizeBytes: number;
}

/** Which words of RAM have been translated, and by whom; a store asks it whether code has changed. */
export class CodeMap<Owner> {
  readonly #pages: Uint8Array;
  readonly #contents = new Map<number, { words: Uint8Array; owners: Map<Owner, CodeRange[]> }>();

  /** @param pages by page of RAM, kept not 0 where the page holds translated code */
  constructor(pages: Uint8Array) {
    this.#pages = pages;
  }

  /** Records a range that does not cross a page. Returns whether its page had no code before. */
  add(owner: Owner, range: CodeRange): boolean {
    const page = Math.floor(range.pa / PAGE_BYTES);
    const isNew = this.#pages[page] === 0;
    let content = this.#contents.get(page);
    if (!content) {
      content = { words: new Uint8Array(WORDS_IN_PAGE), owners: new Map() };
      this.#contents.set(page, content);
    }
    this.#pages[page] = 1;
    mark(content.words, range);
    const ranges = content.owners.get(owner);
    if (ranges) ranges.push(range);
    else content.owners.set(owner, [range]);
    return isNew;
  }

  /** The owners whose code a write touches. */
  touchedBy(pa: number, lengthBytes: number): Owner[] {
    const touched = new Set<Owner>();
    const end = pa + lengthBytes;
    for (let page = Math.floor(pa / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      const content = this.#contents.get(page);
      if (!content) continue;
      const first = Math.max(0, (pa - page * PAGE_BYTES) >> 2);
      const last = Math.min(WORDS_IN_PAGE - 1, (end - 1 - page * PAGE_BYTES) >> 2);
      if (content.words.subarray(first, last + 1).indexOf(1) < 0) continue;
      for (const [owner, ranges] of content.owners) {
        if (ranges.some((range) => range.pa < end && range.pa + range.sizeBytes > pa - (pa % 4))) touched.add(owner);
      }
    }
    return [...touched];
  }

  /** Forgets an owner's code in the pages of its ranges. */
  remove(owner: Owner, ranges: readonly CodeRange[]): void {
    for (const page of new Set(ranges.map(({ pa }) => Math.floor(pa / PAGE_BYTES)))) {
      const content = this.#contents.get(page);
      if (!content?.owners.delete(owner)) continue;
      if (content.owners.size === 0) {
        this.#contents.delete(page);
        this.#pages[page] = 0;
        continue;
      }
      content.words.fill(0);
      for (const others of content.owners.values()) for (const range of others) mark(content.words, range);
    }
  }
}

function mark(words: Uint8Array, { pa, sizeBytes }: CodeRange): void {
  const first = (pa % PAGE_BYTES) >> 2;
  words.fill(1, first, first + (sizeBytes >> 2));
}
