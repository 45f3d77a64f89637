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
export const UNEXPLAINED_LIMIT = 32;

/** The exits by which a guest returns from an interrupt. */
const RETURNS: ReadonlySet<string> = new Set(['EMUL_RFI', 'X_EMUL_RFCI']);

/** The detector's state: where each part lies among its doubles; addresses are -1 where there is none. */
export const DetectorField = {
  lastInstructions: 0,
  withoutProgress: 1,
  userPc: 2,
  userAddress: 3,
  userRepeats: 4,
  unexplained: 5,
  /** Guest instructions completed when the exit before was a return from an interrupt, else -1. */
  returnedAt: 6,
  fruitlessPc: 7,
  fruitlessAddress: 8,
  fruitlessReturns: 9,
} as const;
const Field = DetectorField;
export const DETECTOR_FIELDS = 10;
const NONE_AT_FIRST = [
  Field.lastInstructions,
  Field.userPc,
  Field.userAddress,
  Field.returnedAt,
  Field.fruitlessPc,
  Field.fruitlessAddress,
] as const;
/** What ends a run when it reaches the limit. */
export const COUNTS = [Field.withoutProgress, Field.userRepeats, Field.fruitlessReturns] as const;

/**
 * Finds guests that fault for ever at one place. There are three ways: no instruction completes at all, the guest's own handler returns
 * to a user instruction that faults again each time, or it returns to one of the guest kernel's that does. In the last case a kernel may
 * well take the same fault again and again, once for each time around a loop; so only those count that come at once after the return, with
 * the instruction never completed in between, and a return that leads anywhere else ends the count.
 */
export class EndlessFaultDetector {
  readonly #limit: number;
  readonly #state: Float64Array;

  /** @param state where the exit routine follows exits, too; its own memory where absent */
  constructor(limit: number, state = new Float64Array(DETECTOR_FIELDS)) {
    this.#limit = limit;
    this.#state = state;
    state.fill(0);
    for (const field of NONE_AT_FIRST) state[field] = -1;
  }

  /** Takes an exit of the guest kernel into account that completed an instruction; `isReturn`: a return from an interrupt. */
  observeProgress(guestInstructions: number, isReturn: boolean): void {
    const state = this.#state;
    if ((state[Field.returnedAt] as number) >= 0) state[Field.fruitlessReturns] = 0;
    state[Field.returnedAt] = isReturn ? guestInstructions : -1;
    state[Field.withoutProgress] = 1;
    state[Field.lastInstructions] = guestInstructions;
  }

  /** Takes an exit into account; a failure when the limit is reached. */
  observe(exit: ObservedExit): Failure | undefined {
    const state = this.#state;
    // Any exit counts here: a guest whose vectors hold no instructions takes program interrupts only.
    const isAtOnce = exit.guestInstructions === state[Field.lastInstructions];
    state[Field.withoutProgress] = isAtOnce ? (state[Field.withoutProgress] as number) + 1 : 1;
    state[Field.lastInstructions] = exit.guestInstructions;
    if (exit.userMode) {
      if (exit.isFault && exit.pc === state[Field.userPc] && exit.address === state[Field.userAddress]) {
        state[Field.userRepeats]++;
        if (exit.permittedByGuest) state[Field.unexplained]++;
      } else {
        state[Field.unexplained] = 0;
        state[Field.userPc] = exit.isFault ? exit.pc : -1;
        state[Field.userAddress] = exit.isFault ? exit.address : -1;
        state[Field.userRepeats] = exit.isFault ? 1 : 0;
      }
    }
    this.#followReturns(exit);
    const endless =
      COUNTS.some((field) => (state[field] as number) >= this.#limit) || (state[Field.unexplained] as number) >= UNEXPLAINED_LIMIT;
    if (!endless) return undefined;
    return { reason: 'endless-fault', pc: exit.pc, message: explain(exit) };
  }

  /** Counts returns from an interrupt that led straight into one and the same fault that the guest has to handle itself. */
  #followReturns(exit: ObservedExit): void {
    const state = this.#state;
    if ((state[Field.returnedAt] as number) >= 0) {
      const atOnce = exit.guestInstructions === state[Field.returnedAt] && exit.isFault && !exit.typeName.endsWith('VIRT');
      const again = atOnce && exit.pc === state[Field.fruitlessPc] && exit.address === state[Field.fruitlessAddress];
      state[Field.fruitlessReturns] = again ? (state[Field.fruitlessReturns] as number) + 1 : atOnce ? 1 : 0;
      state[Field.fruitlessPc] = atOnce ? exit.pc : -1;
      state[Field.fruitlessAddress] = atOnce ? exit.address : -1;
    }
    state[Field.returnedAt] = RETURNS.has(exit.typeName) ? exit.guestInstructions : -1;
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
