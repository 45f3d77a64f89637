const SLOTS = 1024;
/** No instruction: the word 0 is illegal on every Power processor. */
const EMPTY = 0;

/** What has been made of instruction words that were seen before, by word; direct-mapped, so that no guest can make it grow. */
export class InstructionCache<T> {
  readonly #words = new Int32Array(SLOTS).fill(EMPTY);
  readonly #made = new Array<T | undefined>(SLOTS).fill(undefined);
  readonly #make: (word: number) => T | undefined;

  constructor(make: (word: number) => T | undefined) {
    this.#make = make;
  }

  get(word: number): T | undefined {
    const slot = (Math.imul(word, 0x9e3779b1) >>> 16) % SLOTS;
    if (this.#words[slot] !== (word | 0)) {
      this.#words[slot] = word;
      this.#made[slot] = this.#make(word);
    }
    return this.#made[slot];
  }
}
