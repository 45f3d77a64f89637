import type { Runnable, RunOutcome } from './runnable.js';

/** Someone who looks at a guest between two of its instructions. The guest cannot tell. */
export interface GuestWatch {
  /** Guest instructions until the next look; Infinity while nobody wants one. Asked whenever the guest is stopped. */
  readonly instructionsToLook: number;
  look(): void;
}

/** A guest that is stopped from time to time to be looked at. */
export class WatchedGuest implements Runnable {
  readonly #guest: Runnable;
  readonly #watch: GuestWatch;

  constructor(guest: Runnable, watch: GuestWatch) {
    this.#guest = guest;
    this.#watch = watch;
  }

  run(maxInstructions: number): RunOutcome {
    const end = this.retiredInstructions + maxInstructions;
    for (;;) {
      const left = end - this.retiredInstructions;
      const stretch = Math.min(left, this.#watch.instructionsToLook);
      const outcome = this.#guest.run(stretch);
      if (outcome.kind !== 'limit') return outcome;
      if (stretch < left) this.#watch.look();
      if (this.retiredInstructions >= end) return outcome;
    }
  }

  get retiredInstructions(): number {
    return this.#guest.retiredInstructions;
  }

  get acceptsExternalInterrupts(): boolean {
    return this.#guest.acceptsExternalInterrupts;
  }
}
