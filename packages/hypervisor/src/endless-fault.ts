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

/** The exits by which a guest returns from an interrupt. */
const RETURNS: ReadonlySet<string> = new Set(['EMUL_RFI', 'X_EMUL_RFCI']);

/**
 * Finds guests that fault for ever at one place. There are three ways: no instruction completes at all, the guest's own handler returns
 * to a user instruction that faults again each time, or it returns to one of the guest kernel's that does. In the last case a kernel may
 * well take the same fault again and again, once for each time around a loop; so only those count that come at once after the return, with
 * the instruction never completed in between, and a return that leads anywhere else ends the count.
 */
export class EndlessFaultDetector {
  readonly #limit: number;
  #lastInstructions = -1;
  #withoutProgress = 0;
  #userPc = -1;
  #userAddress = -1;
  #userRepeats = 0;
  #unexplained = 0;
  /** Guest instructions completed when the exit before was a return from an interrupt, else -1. */
  #returnedAt = -1;
  #fruitlessPc = -1;
  #fruitlessAddress = -1;
  #fruitlessReturns = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes an exit of the guest kernel into account that completed an instruction; `isReturn`: a return from an interrupt. */
  observeProgress(guestInstructions: number, isReturn: boolean): void {
    if (this.#returnedAt >= 0) this.#fruitlessReturns = 0;
    this.#returnedAt = isReturn ? guestInstructions : -1;
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
    this.#followReturns(exit);
    const endless =
      this.#withoutProgress >= this.#limit ||
      this.#userRepeats >= this.#limit ||
      this.#fruitlessReturns >= this.#limit ||
      this.#unexplained >= UNEXPLAINED_LIMIT;
    if (!endless) return undefined;
    return { reason: 'endless-fault', pc: exit.pc, message: explain(exit) };
  }

  /** Counts returns from an interrupt that led straight into one and the same fault that the guest has to handle itself. */
  #followReturns(exit: ObservedExit): void {
    if (this.#returnedAt >= 0) {
      const atOnce = exit.guestInstructions === this.#returnedAt && exit.isFault && !exit.typeName.endsWith('VIRT');
      const again = atOnce && exit.pc === this.#fruitlessPc && exit.address === this.#fruitlessAddress;
      this.#fruitlessReturns = again ? this.#fruitlessReturns + 1 : atOnce ? 1 : 0;
      this.#fruitlessPc = atOnce ? exit.pc : -1;
      this.#fruitlessAddress = atOnce ? exit.address : -1;
    }
    this.#returnedAt = RETURNS.has(exit.typeName) ? exit.guestInstructions : -1;
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
