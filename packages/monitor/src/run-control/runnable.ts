/** Where a guest faults without end. */
export interface EndlessFault {
  /** IVOR number of the interrupt taken again and again, 0 to 15. */
  readonly vector: number;
  /** Address of the instruction that cannot complete. */
  readonly pc: number;
  /** The address it cannot access; for a fetch the same as `pc`. */
  readonly ea: number;
  /** How often the fault was seen in a row. */
  readonly count: number;
  /** Why it cannot end, if the one who saw it knows. */
  readonly explanation?: string;
}

/**
 * Why a slice of a guest's execution ended. `wait`: the guest waits for an interrupt that no timer will bring. `failure`: the hypervisor
 * cannot go on with the guest, for the reason that `sentence` tells the user.
 */
export type RunOutcome =
  | { readonly kind: 'limit' | 'stopped' | 'wait' | 'reset' }
  | { readonly kind: 'endless-fault'; readonly fault: EndlessFault }
  | { readonly kind: 'failure'; readonly failure: GuestFailure };

/** A guest that can be run in slices: the processor itself, or a hypervisor on top of it. */
export interface Runnable {
  /** At most `maxInstructions` guest instructions retire, at least one where the guest can make progress. */
  run(maxInstructions: number): RunOutcome;
  /** Guest instructions retired so far, exact. */
  readonly retiredInstructions: number;
  /** Whether an external interrupt would be taken now: the guest's MSR[EE]. */
  readonly acceptsExternalInterrupts: boolean;
}

/** What ended a guest under the hypervisor. */
export interface GuestFailure {
  readonly cause: 'endless-fault' | 'unsupported';
  /** One whole sentence. */
  readonly sentence: string;
}
