import type { Failure } from './exit-handler.js';

/** An exit as the detector sees it. */
export interface ObservedExit {
  readonly pc: number;
  /** Address of the fault: DEAR, or the pc for a fetch. */
  readonly address: number;
  readonly typeName: string;
  /** Whether the exit was for a missing or forbidden translation. */
  readonly isFault: boolean;
  /** Whether the guest's own TLB permits the access, so that a real 440 would not have interrupted. */
  readonly permittedByGuest: boolean;
  /** Guest MSR[PR] when the exit was taken. */
  readonly userMode: boolean;
  /** Guest instructions completed so far, natively or by emulation. */
  readonly guestInstructions: number;
}

/**
 * How often a guest may repeat a fault that its own TLB does not explain. It cannot mend what it does not see: only chance, a timer tick
 * that happens to displace the bad mapping, would ever end it. A kernel that mends it by the way needs a single repetition.
 */
const UNEXPLAINED_LIMIT = 32;

/**
 * Finds guests that fault for ever at one place. There are two ways: no instruction completes at all, or the guest's own handler
 * returns to a user instruction that faults again each time.
 */
export class EndlessFaultDetector {
  readonly #limit: number;
  #lastInstructions = -1;
  #withoutProgress = 0;
  #userPc = -1;
  #userAddress = -1;
  #userRepeats = 0;
  #unexplained = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes an exit of the guest kernel into account that completed an instruction. */
  observeProgress(guestInstructions: number): void {
    this.#withoutProgress = 1;
    this.#lastInstructions = guestInstructions;
  }

  /** Takes an exit into account; a failure when the limit is reached. */
  observe(exit: ObservedExit): Failure | undefined {
    // Any exit counts here: a guest whose vectors hold no instructions takes program interrupts only.
    this.#withoutProgress = exit.guestInstructions === this.#lastInstructions ? this.#withoutProgress + 1 : 1;
    this.#lastInstructions = exit.guestInstructions;
    if (exit.userMode) {
      if (exit.isFault && exit.pc === this.#userPc && exit.address === this.#userAddress) {
        this.#userRepeats++;
        if (exit.permittedByGuest) this.#unexplained++;
      } else {
        this.#unexplained = 0;
        this.#userPc = exit.isFault ? exit.pc : -1;
        this.#userAddress = exit.isFault ? exit.address : -1;
        this.#userRepeats = exit.isFault ? 1 : 0;
      }
    }
    const endless = this.#withoutProgress >= this.#limit || this.#userRepeats >= this.#limit || this.#unexplained >= UNEXPLAINED_LIMIT;
    if (!endless) return undefined;
    return { reason: 'endless-fault', pc: exit.pc, message: explain(exit) };
  }
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

function explain(exit: ObservedExit): string {
  const what = `The guest repeats ${exit.typeName} at ${hex(exit.pc)} for address ${hex(exit.address)} without end`;
  if (exit.userMode && exit.typeName.endsWith('VIRT')) {
    return `${what}: user access to a page with TID 0, which this policy maps for the guest kernel only.`;
  }
  if (exit.userMode && exit.typeName === 'ISI') {
    return `${what}: the page was mapped in guest-kernel mode, which fixed the kernel's execute permission.`;
  }
  return `${what}.`;
}
