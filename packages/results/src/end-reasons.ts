/** One way in which a run ends. */
export interface EndReasonRow {
  /** Whether the guest is at fault, so that the run counts as failed whatever was expected of it. */
  readonly guestFailed: boolean;
  readonly meaning: string;
}

/** Every way in which a run ends, a row each. */
export const END_REASONS = {
  reset: { guestFailed: false, meaning: 'the guest reset the machine, which is how a guest of this board ends' },
  'expected-text': { guestFailed: false, meaning: 'the expected text appeared on the console' },
  halt: { guestFailed: false, meaning: 'the guest waits and nothing can wake it up' },
  'instruction-limit': { guestFailed: false, meaning: 'the given number of guest instructions was reached' },
  'time-limit': { guestFailed: false, meaning: 'the given host time was over' },
  interrupted: { guestFailed: false, meaning: 'the user ended the run' },
  panic: { guestFailed: true, meaning: 'the guest reported a panic' },
  'endless-fault': { guestFailed: true, meaning: 'the guest repeats the same fault for ever' },
  unsupported: { guestFailed: true, meaning: 'the guest needs what the hypervisor, under the chosen policy, does not do' },
} as const satisfies Record<string, EndReasonRow>;

export type EndReason = keyof typeof END_REASONS;
