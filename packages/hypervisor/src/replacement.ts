import type { Policy } from './policy.js';

/** Chooses the slot that the next shadow mapping takes. */
export interface Replacement {
  nextVictim(): number;
}

/** KVM's choice: the hand that the host kernel itself uses for its TLB misses (`tlb_44x_index`), advanced before use. */
export class FifoReplacement implements Replacement {
  readonly #slots: number;
  #hand: number;

  constructor(slots: number) {
    this.#slots = slots;
    this.#hand = slots - 1;
  }

  nextVictim(): number {
    this.#hand = this.#hand + 1 >= this.#slots ? 0 : this.#hand + 1;
    return this.#hand;
  }
}

/** A victim drawn from a seeded xorshift generator (Marsaglia, "Xorshift RNGs", 2003), the same in every run. */
export class RandomReplacement implements Replacement {
  readonly #slots: number;
  #state: number;

  constructor(slots: number, seed: number) {
    this.#slots = slots;
    this.#state = seed >>> 0 || 1;
  }

  nextVictim(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % this.#slots;
  }
}

/** The replacement that a policy names, over `slots` slots. */
export function createReplacement(policy: Policy, slots: number): Replacement {
  switch (policy.replacement) {
    case 'fifo':
      return new FifoReplacement(slots);
    case 'random':
      return new RandomReplacement(slots, policy.replacementSeed);
  }
}
