import type { Processor } from '@exitlab/core';
import { type Policy, PolicyError } from './policy.js';
import type { Work } from './work.js';

/** Chooses the slot that the next shadow mapping takes. */
export interface Replacement {
  /** The slot to take. Looks at slots beyond the hand's own go to `work`, which is absent where the host maps pages of its own. */
  nextVictim(work?: Work): number;
  /** A slot now maps the page at `frame` in guest RAM; `isKernel` says that every guest process shares it (TID 0). */
  mapped?(slot: number, frame: number, isKernel: boolean): void;
  /** A slot has lost its mapping. */
  released?(slot: number): void;
}

/** Reads and clears the reference bit of a slot's hardware entry. */
type TakeReference = (slot: number) => boolean;

/** KVM's choice: the hand that the host kernel itself uses for its TLB misses (`tlb_44x_index`), advanced before use. */
export class FifoReplacement implements Replacement {
  readonly #slots: number;
  /** The slot taken last, in a word that the exit routine moves on, too. */
  readonly #hand: Uint32Array<ArrayBuffer>;

  constructor(slots: number, hand = new Uint32Array(1)) {
    this.#slots = slots;
    this.#hand = hand;
    this.#hand[0] = slots - 1;
  }

  nextVictim(): number {
    const next = (this.#hand[0] as number) + 1;
    this.#hand[0] = next >= this.#slots ? 0 : next;
    return this.#hand[0];
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

/**
 * The slot whose last use lies longest ago, at the resolution of one mapping: what was used since the mapping before counts as used
 * together. Stands for hardware that names the victim itself, as the e500 does (MAS0[NV]), so that it costs one look.
 */
export class LruReplacement implements Replacement {
  readonly #lastUse: Float64Array;
  readonly #takeReference: TakeReference;
  #time = 0;

  constructor(slots: number, takeReference: TakeReference) {
    this.#lastUse = new Float64Array(slots);
    this.#takeReference = takeReference;
  }

  nextVictim(work?: Work): number {
    if (work !== undefined) work.victimLooks++;
    this.#time++;
    let oldest = 0;
    for (let slot = 0; slot < this.#lastUse.length; slot++) {
      if (this.#takeReference(slot)) this.#lastUse[slot] = this.#time;
      if ((this.#lastUse[slot] as number) < (this.#lastUse[oldest] as number)) oldest = slot;
    }
    this.#lastUse[oldest] = this.#time;
    return oldest;
  }

  released(slot: number): void {
    this.#lastUse[slot] = 0;
  }
}

/** Second chance: the hand passes over a slot that has been used since it last came by (Corbató, "A Paging Experiment", 1969). */
export class ClockReplacement implements Replacement {
  readonly #hand: FifoReplacement;
  readonly #slots: number;
  readonly #takeReference: TakeReference;

  constructor(slots: number, takeReference: TakeReference) {
    this.#hand = new FifoReplacement(slots);
    this.#slots = slots;
    this.#takeReference = takeReference;
  }

  nextVictim(work?: Work): number {
    let slot = this.#hand.nextVictim();
    for (let looks = 0; looks < this.#slots && this.#takeReference(slot); looks++) {
      if (work !== undefined) work.victimLooks++;
      slot = this.#hand.nextVictim();
    }
    if (work !== undefined) work.victimLooks++;
    return slot;
  }
}

/**
 * The hand's next slot among those not used lately. All use is forgotten once as many mappings have been made as there are slots, and
 * when nothing else is left to take.
 */
export class NotRecentlyUsedReplacement implements Replacement {
  readonly #hand: FifoReplacement;
  readonly #used: Uint8Array;
  readonly #takeReference: TakeReference;
  #mappings = 0;

  constructor(slots: number, takeReference: TakeReference) {
    this.#hand = new FifoReplacement(slots);
    this.#used = new Uint8Array(slots);
    this.#takeReference = takeReference;
  }

  nextVictim(work?: Work): number {
    const slots = this.#used.length;
    if (++this.#mappings % slots === 0) this.#forget();
    for (let looks = 0; looks < slots; looks++) {
      const slot = this.#hand.nextVictim();
      if (work !== undefined) work.victimLooks++;
      if (this.#takeReference(slot)) this.#used[slot] = 1;
      if (this.#used[slot] === 0) return slot;
    }
    this.#forget();
    return this.#hand.nextVictim();
  }

  released(slot: number): void {
    this.#used[slot] = 0;
  }

  #forget(): void {
    this.#used.fill(0);
    for (let slot = 0; slot < this.#used.length; slot++) this.#takeReference(slot);
  }
}

/** Mappings of a kernel page after which it counts as hot, and how often the hand then passes over its slot. */
const HOT_AFTER_MAPPINGS = 8;
const PASSES = 3;

/**
 * KVM's rotation, but the hand passes over the kernel pages that have been mapped most often, some rounds each, so that what the guest
 * kernel uses at every exit stays. At most half of the slots are kept so.
 */
export class PinningReplacement implements Replacement {
  readonly #hand: FifoReplacement;
  readonly #slots: number;
  readonly #passesLeft: Uint8Array;
  readonly #mappings = new Map<number, number>();
  #pinned = 0;

  constructor(slots: number) {
    this.#hand = new FifoReplacement(slots);
    this.#slots = slots;
    this.#passesLeft = new Uint8Array(slots);
  }

  nextVictim(work?: Work): number {
    let slot = this.#hand.nextVictim();
    while ((this.#passesLeft[slot] as number) > 0) {
      if (work !== undefined) work.victimLooks++;
      (this.#passesLeft[slot] as number)--;
      if (this.#passesLeft[slot] === 0) this.#pinned--;
      slot = this.#hand.nextVictim();
    }
    if (work !== undefined) work.victimLooks++;
    return slot;
  }

  mapped(slot: number, frame: number, isKernel: boolean): void {
    if (!isKernel) return;
    const mappings = (this.#mappings.get(frame) ?? 0) + 1;
    this.#mappings.set(frame, mappings);
    if (mappings < HOT_AFTER_MAPPINGS || this.#pinned >= this.#slots >> 1) return;
    this.#passesLeft[slot] = PASSES;
    this.#pinned++;
  }

  released(slot: number): void {
    if ((this.#passesLeft[slot] as number) > 0) this.#pinned--;
    this.#passesLeft[slot] = 0;
  }
}

/**
 * The replacement that a policy names, over `slots` slots; `hand` is where a rotation keeps its place.
 * @throws PolicyError where the processor keeps no reference bits and the policy needs them
 */
export function createReplacement(policy: Policy, slots: number, processor: Processor, hand?: Uint32Array<ArrayBuffer>): Replacement {
  const takeReference = (slot: number): boolean => {
    if (processor.takeTlbReference === undefined) {
      throw new PolicyError(
        `The processor keeps no reference bits, which replacement=${policy.replacement} needs: use fifo, random or pin.`,
      );
    }
    return processor.takeTlbReference(slot);
  };
  switch (policy.replacement) {
    case 'fifo':
      return new FifoReplacement(slots, hand);
    case 'random':
      return new RandomReplacement(slots, policy.replacementSeed);
    case 'lru':
      return new LruReplacement(slots, takeReference);
    case 'clock':
      return new ClockReplacement(slots, takeReference);
    case 'nru':
      return new NotRecentlyUsedReplacement(slots, takeReference);
    case 'pin':
      return new PinningReplacement(slots);
  }
}
