const EMPTY = -1;

/** Which pages a shadow TLB with replacement in rotation (KVM's) would hold: it counts the misses that it would have. Pages are small numbers. */
export class ShadowRotation {
  readonly #slots: Int32Array;
  readonly #slotOf: Int32Array;
  readonly #onMiss: (page: number) => void;
  #next = 0;

  /**
   * `held` is what it holds at first, in the order of replacement; where it has fewer slots, what would be replaced first is gone.
   * `pageCount` is one more than the largest page number.
   */
  constructor(slotCount: number, held: readonly number[], pageCount: number, onMiss: (page: number) => void) {
    this.#slots = new Int32Array(slotCount).fill(EMPTY);
    this.#slotOf = new Int32Array(pageCount).fill(EMPTY);
    this.#onMiss = onMiss;
    held.slice(-slotCount).forEach((page, slot) => {
      if (page === EMPTY) return;
      this.#slots[slot] = page;
      this.#slotOf[page] = slot;
    });
  }

  /** The guest uses a page. */
  use(page: number): void {
    if (this.#slotOf[page] !== EMPTY) return;
    this.#onMiss(page);
    this.map(page);
  }

  /** A mapping is made, whether the guest misses it or not. */
  map(page: number): void {
    this.drop(page);
    const replaced = this.#slots[this.#next]!;
    if (replaced !== EMPTY) this.#slotOf[replaced] = EMPTY;
    this.#slots[this.#next] = page;
    this.#slotOf[page] = this.#next;
    this.#next = (this.#next + 1) % this.#slots.length;
  }

  drop(page: number): void {
    const slot = this.#slotOf[page]!;
    if (slot === EMPTY) return;
    this.#slots[slot] = EMPTY;
    this.#slotOf[page] = EMPTY;
  }
}
