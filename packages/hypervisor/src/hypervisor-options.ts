import type { DcrBus, DeviceBus } from '@exitlab/core';
import type { CostProfile } from './cost-profiles/cost-profile.js';
import type { Failure } from './exit-handler.js';
import type { ExitTrace } from './exit-log.js';
import type { ExitRecorder } from './exit-recording.js';
import type { ExitType } from './exit-types.js';
import type { ByteChannels } from './hypercalls.js';
import type { PatchedGuest } from './patched-code.js';
import type { Policy } from './policy.js';
import type { Work } from './work.js';

/** The guest's devices, which the machine monitor owns, as user space owns them under KVM. */
export interface GuestDevices {
  readonly bus: DeviceBus;
  readonly dcr: DcrBus;
  /** A console by hypercall. */
  readonly byteChannels?: ByteChannels;
  /**
   * Asked when the guest is idle: how many core cycles from now the guest may sleep. `timerCycles` is the time to its next timer, or
   * undefined if none runs. Returns a number up to that, after which the devices have been brought up to date; undefined leaves
   * `Hypervisor.run`, so that the monitor can wait for the outside world. Without it the guest sleeps to its next timer.
   */
  idle?(timerCycles: number | undefined): number | undefined;
}

export interface HypervisorOptions {
  readonly policy?: Policy;
  readonly costProfile?: CostProfile;
  /** Set where the guest was patched from outside. */
  readonly patchedGuest?: PatchedGuest;
  /** Guest RAM from physical address 0, in bytes; by default all memory that the shared page leaves. */
  readonly ramBytes?: number;
  /** Guest RAM from this address on is not yet backed: the first mapping of a page there costs a host page fault. None by default. */
  readonly untouchedRamFrom?: number;
  /** Count exits by guest pc, for the patcher's profile. */
  readonly countSites?: boolean;
  /**
   * Exit timing, as in a kernel with CONFIG_KVM_EXIT_TIMING: how long exits of each type took, of what parts, and the time in the guest.
   * On by default. Without it exits are only counted, and the durations in the statistics are 0; the guest sees the same time.
   */
  readonly exitTiming?: boolean;
  /** Takes every exit of the run, in order. */
  readonly trace?: ExitTrace;
  /** Records every exit of the run, in order, and costs less host time than `trace`. */
  readonly recorder?: ExitRecorder;
  /** Faults at one place without progress that end a run. */
  readonly endlessFaultLimit?: number;
  /** Frequency of the host scheduler's tick, 0 for none. Each tick that finds the guest running is a DEC exit. */
  readonly hostTickHz?: number;
  /** Pages that the host's user space touches at each exit to it; they share the shadow TLB's rotation. 0 by default. */
  readonly hostProcessPages?: number;
  /**
   * Whether the most frequent exits are handled without leaving generated code, where the engine can do that. On by default; the guest
   * and all figures are the same without, and a test says so.
   */
  readonly exitRoutines?: boolean;
  /** Called at each exit when its time has passed. Every exit then takes the long way. */
  readonly onExit?: (exit: BookedExit) => void;
}

/** An exit that has been handled: the guest's state is what it goes on with. */
export interface BookedExit {
  readonly type: ExitType;
  /** Where the guest was. */
  readonly pc: number;
  /** What the exit cost, idle time apart. */
  readonly cycles: number;
  /** Only lent. */
  readonly work: Work;
}

/** Why `Hypervisor.run` came back. */
export type RunOutcome =
  | { readonly kind: 'limit' }
  | { readonly kind: 'stopped' }
  /** Idle, and nothing inside the machine will ever wake it. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'failure'; readonly failure: Failure };
