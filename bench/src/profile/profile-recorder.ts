import { type BookedExit, EXIT_TYPES, mappingDropCycles, Priority, SharedField } from '@exitlab/hypervisor';
import type { GuestWatch, Machine } from '@exitlab/monitor';
import type { Profile, ProfilePhase, SiteExits } from '@exitlab/results';
import { PageWindowRecorder } from './page-window-recorder.js';

/** EE, and RI, which the 440 does not have: bits of the MSR that patched code changes by itself. */
const PATCHABLE_MSR = 0x8002;
/** After so many exits a timer interrupt has not returned: the kernel has gone on to another process. */
const LONGEST_INTERRUPT_EXITS = 2000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object ? Mutable<T[K]> : T[K] };

/** A timer interrupt that is followed to its return. */
interface FollowedInterrupt {
  readonly phase: Mutable<ProfilePhase>;
  readonly interruptedPc: number;
  readonly startCycles: number;
  missCycles: number;
  /** The exits within it. */
  readonly exits: { readonly site: Mutable<SiteExits>; readonly cycles: number }[];
}

/** Makes a profile of a run: watches each exit, and looks at the TLB from time to time as a logic analyser would. */
export class ProfileRecorder implements GuestWatch {
  readonly #machine: () => Machine;
  readonly #phaseName: () => string;
  readonly #phases: Mutable<ProfilePhase>[] = [];
  readonly #windows: PageWindowRecorder;
  #lastCycles = 0;
  #lastMsr = 0;
  #timerInterrupts = 0;
  #followed: FollowedInterrupt | undefined;

  constructor(machine: () => Machine, phaseName: () => string) {
    this.#machine = machine;
    this.#phaseName = phaseName;
    this.#windows = new PageWindowRecorder(
      () => machine().processor,
      () => machine().hypervisor!.policy.shadowSlots,
      () => machine().hypervisor!.requestStop(),
    );
  }

  get instructionsToLook(): number {
    return this.#windows.instructionsToLook;
  }

  look(): void {
    this.#windows.look();
  }

  /** To be told of every exit. */
  readonly observe = (exit: BookedExit): void => {
    const { processor, hypervisor } = this.#machine();
    const { vcpu } = hypervisor!;
    const type = EXIT_TYPES[exit.type]!.name;
    const phase = this.#phase(this.#phaseName());
    const { cycles } = processor.clock;
    phase.count++;
    phase.cycles += cycles - this.#lastCycles;
    const followed = this.#followed;
    if (isVirtualMiss(type)) {
      add(phase.virtualMisses, exit.cycles);
      if (followed !== undefined) followed.missCycles += exit.cycles;
    } else {
      const site = this.#addSite(phase, exit, type, vcpu.msr);
      if (exit.work.instruction === 'tlbwe') {
        site.dropCycles = (site.dropCycles ?? 0) + mappingDropCycles(hypervisor!.costProfile, exit.type, exit.work);
      }
    }
    this.#followTimerInterrupts(phase, exit, cycles);
    this.#lastCycles = cycles;
    this.#lastMsr = vcpu.msr;
    const missed = this.#windows.observe(exit.pc, isVirtualMiss(type), this.#phases.indexOf(phase), followed !== undefined);
    if (missed !== undefined) add(phase.windowMisses[missed.kernel ? 'kernel' : 'user'], exit.cycles);
  };

  /** The profile of all that was observed. */
  profile(): Profile {
    const { places, pages, windows } = this.#windows.recorded();
    // What came after the last exit.
    const last = this.#phases.at(-1);
    if (last !== undefined) last.cycles += this.#machine().processor.clock.cycles - this.#lastCycles;
    this.#lastCycles = this.#machine().processor.clock.cycles;
    return { phases: this.#phases, places, pages, windows };
  }

  #phase(name: string): Mutable<ProfilePhase> {
    const last = this.#phases.at(-1);
    if (last?.name === name) return last;
    let phase = this.#phases.find((each) => each.name === name);
    if (phase === undefined) {
      phase = {
        name,
        count: 0,
        cycles: 0,
        sites: {},
        virtualMisses: { count: 0, cycles: 0 },
        windowMisses: { kernel: { count: 0, cycles: 0 }, user: { count: 0, cycles: 0 } },
        timerInterrupts: { count: 0, followed: 0, cycles: 0, missCycles: 0 },
      };
      this.#phases.push(phase);
    }
    return phase;
  }

  #addSite(phase: Mutable<ProfilePhase>, { pc, cycles, work }: BookedExit, type: string, msr: number): Mutable<SiteExits> {
    const key = `0x${pc.toString(16).padStart(8, '0')}`;
    phase.sites[key] ??= {};
    phase.sites[key][type] ??= { count: 0, cycles: 0, kept: { count: 0, cycles: 0 }, inTimer: { count: 0, cycles: 0 } };
    const site: Mutable<SiteExits> = phase.sites[key][type];
    add(site, cycles);
    this.#followed?.exits.push({ site, cycles });
    if (work.delivered !== 0 || ((msr ^ this.#lastMsr) & ~PATCHABLE_MSR) !== 0) add(site.kept, cycles);
    return site;
  }

  /**
   * A timer interrupt is delivered at an exit or, where the timer ran out while the hypervisor was at work, after one; either way the
   * next exit is the first to see it, with SRR0 as the delivery left it.
   */
  #followTimerInterrupts(phase: Mutable<ProfilePhase>, { work }: BookedExit, cycles: number): void {
    const { vcpu } = this.#machine().hypervisor!;
    const delivered = vcpu.deliveries[Priority.DECREMENTER]!;
    const followed = this.#followed;
    if (delivered !== this.#timerInterrupts) {
      phase.timerInterrupts.count += delivered - this.#timerInterrupts;
      this.#timerInterrupts = delivered;
      const atThisExit = (work.delivered & (1 << Priority.DECREMENTER)) !== 0;
      const overwritten = !atThisExit && work.delivered !== 0;
      this.#followed = overwritten
        ? undefined
        : {
            phase,
            interruptedPc: vcpu.shared.get(SharedField.srr0),
            startCycles: atThisExit ? cycles : this.#lastCycles,
            missCycles: 0,
            exits: [],
          };
      return;
    }
    if (followed === undefined) return;
    if (work.instruction === 'rfi' && vcpu.pc === followed.interruptedPc) {
      followed.phase.timerInterrupts.followed++;
      followed.phase.timerInterrupts.cycles += cycles - followed.startCycles;
      followed.phase.timerInterrupts.missCycles += followed.missCycles;
      for (const { site, cycles: exitCycles } of followed.exits) add(site.inTimer, exitCycles);
      this.#followed = undefined;
    } else if (followed.exits.length > LONGEST_INTERRUPT_EXITS) this.#followed = undefined;
  }
}

const isVirtualMiss = (type: string): boolean => type === 'DTLBVIRT' || type === 'ITLBVIRT';

function add(sum: { count: number; cycles: number }, cycles: number): void {
  sum.count++;
  sum.cycles += cycles;
}
