import type { HypervisorWish, InputFile, RunGuest } from '@exitlab/bench';

/** A way to run a guest. */
export interface StrategyRow {
  readonly name: string;
  readonly meaning: string;
  /** Whether there is a hypervisor, and so exits. */
  readonly hypervisor: boolean;
}

/** One micro guest's result, in the names of the driver protocol (oracle). */
export interface MicroguestResult {
  readonly name: string;
  readonly n: number;
  /** Exits between START and STOP, by type. */
  readonly exits: Readonly<Record<string, number>>;
  /** Instructions that the hypervisor executed, by the cost profile. */
  readonly hostInstructions: number;
  readonly guestInstructions: number;
  /** Why the guest did not reach its end, if it did not. */
  readonly failure?: string;
  /** It repeats a fault for ever, as some do under the real KVM: an outcome, not a failure of the image. */
  readonly endlessFault?: true;
}

/** An image of micro guests, read and checked. */
export interface MicroguestImage {
  /** The guests of its table, in order. */
  readonly names: readonly string[];
  /** Runs one of them in a machine of its own. */
  run(name: string, signal: AbortSignal): Promise<MicroguestResult>;
}

/** The machines that the command drives. Wrong input throws one of the errors of `user-errors.ts`. */
export interface Machines {
  readonly strategies: readonly StrategyRow[];
  readonly runGuest: RunGuest;
  /** Names of the cost profiles, one for each generation of KVM. */
  readonly costProfiles: readonly string[];
  openMicroguests(image: InputFile, wish: HypervisorWish): MicroguestImage;
}
