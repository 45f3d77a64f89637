import type { ExitType } from '../exit-types.js';
import type { Work } from '../work.js';

/** What the hypervisor's own work costs. The unit is host instructions, which the clock counts at one core cycle each. */
export interface CostProfile {
  readonly name: string;
  readonly version: string;
  /** Instructions from leaving the guest to being back in it, for an exit of `type` that took the work in `work`. */
  price(type: ExitType, work: Work): number;
  /** Instructions that a host interrupt adds which comes while the host is already at work for the guest. */
  readonly interruptInHost: number;
  /** Instructions from the exit of `mtspr DEC` until the host's timer starts to run. */
  readonly timerStartDelay: number;
  /** Instructions from the end of an idle guest's wait to the entry; the rest of an EMUL_WAIT exit precedes the wait. */
  readonly wakeUp: number;
}
