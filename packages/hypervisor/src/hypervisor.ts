import { type InterruptInputs, type Processor, StopReason } from '@exitlab/core';
import type { CostProfile } from './cost-profiles/cost-profile.js';
import { LINUX_3_4_COSTS } from './cost-profiles/linux-3.4.js';
import { EmulationTable } from './emulation/inline-emulation.js';
import type { EmulationContext } from './emulation/sprs.js';
import { DETECTOR_FIELDS, EndlessFaultDetector, type ObservedExit } from './endless-fault.js';
import { ExitBook, type HypervisorStatistics } from './exit-book.js';
import { type Exit, guestPermitsFetch, handleExit } from './exit-handler.js';
import { installExitRoutines } from './exit-routines/exit-routines.js';
import { EXIT_TYPES, ExitType } from './exit-types.js';
import { type FixedExit, FixedExits } from './fixed-exits.js';
import { GuestSleep } from './guest-sleep.js';
import { HostArea, HostCell } from './host-area.js';
import type { GuestDevices, HypervisorOptions, RunOutcome } from './hypervisor-options.js';
import { areHeldByExternalEnable, deliverInterrupts, dequeueInterrupt, Priority, queueInterrupt } from './interrupts.js';
import { PatchedCode } from './patched-code.js';
import { checkPolicy, LINUX_3_4, type Policy } from './policy.js';
import { Esr, Ivor, Msr, Spr } from './registers.js';
import { ShadowTlb } from './shadow-tlb.js';
import { GuestSharedPage, MAGIC_PAGE_BYTES, PrivateSharedPage, type SharedPage } from './shared-page.js';
import { Timers } from './timers.js';
import { UserSpace } from './user-space.js';
import { FLOATING_POINT_MSR, Vcpu } from './vcpu.js';
import { countInterrupts, Work } from './work.js';

/** By type, whether a missing or forbidden translation makes such exits. */
const IS_FAULT = EXIT_TYPES.map((_, type) =>
  [ExitType.ITLBREAL, ExitType.ITLBVIRT, ExitType.DTLBREAL, ExitType.DTLBVIRT, ExitType.ISI, ExitType.DSI].includes(type),
);

/** No PID of the hardware. */
const NO_PID = 0xffffffff;

/** Timer interrupts that the host takes in a row before the guest goes on. */
const MOST_SERVED_IN_HOST = 8;

/** A bit for each interrupt that saves the pc elsewhere than in SRR0. */
const CRITICAL_VECTORS = (1 << Ivor.CRITICAL) | (1 << Ivor.WATCHDOG) | (1 << Ivor.DEBUG);

/** A virtual 440 over a real one: what /dev/kvm is to its machine monitor. */
export class Hypervisor implements InterruptInputs {
  readonly processor: Processor;
  readonly policy: Policy;
  readonly costProfile: CostProfile;
  readonly vcpu: Vcpu;
  readonly #timers: Timers;
  readonly #shadowTlb: ShadowTlb;
  readonly #book: ExitBook;
  readonly #sleep: GuestSleep;
  readonly #context: EmulationContext;
  readonly #work = new Work();
  readonly #area: HostArea;
  readonly #exit: Exit = { vector: 0, pc: 0, dear: 0, esr: 0 };
  readonly #detector: EndlessFaultDetector;
  readonly #observed: { -readonly [Field in keyof ObservedExit]: ObservedExit[Field] } = {
    pc: 0,
    address: 0,
    typeName: '',
    isFault: false,
    permittedByGuest: false,
    userMode: false,
    guestInstructions: 0,
  };
  readonly #userSpace: UserSpace;
  readonly #fixedExits: FixedExits;
  /** Whether exit routines go on while MSR[EE] holds interrupts back. Where the guest can set that bit without an exit they do not. */
  readonly #routinesDefer: boolean;
  /** Guest execution since the last exit, which run may have left in between. */
  #guestCycles = 0;
  #stopRequested = false;
  /** Whether the guest was stopped between two instructions, rather than by an exit of its own. */
  #interrupted = false;

  constructor(processor: Processor, devices: GuestDevices, options: HypervisorOptions = {}) {
    this.processor = processor;
    this.policy = checkPolicy(options.policy ?? LINUX_3_4);
    this.costProfile = options.costProfile ?? LINUX_3_4_COSTS;
    const memoryBytes = processor.memory.sizeBytes;
    const hasPage = this.policy.magicPage !== 'none';
    const ramBytes = options.ramBytes ?? (hasPage ? memoryBytes - MAGIC_PAGE_BYTES : memoryBytes);
    const area = new HostArea(processor.hostMemory);
    this.#area = area;
    area.words.fill(0);
    area.set(HostCell.hardwarePid, NO_PID);
    const shared: SharedPage = hasPage ? new GuestSharedPage(processor.memory, ramBytes) : new PrivateSharedPage(area.sharedPageWords());
    const hostTickTicks = options.hostTickHz ? Math.round(processor.clock.timebaseHz / options.hostTickHz) : 0;
    this.#timers = new Timers(processor, hostTickTicks);
    const patchedCode = options.patchedGuest && new PatchedCode(options.patchedGuest);
    this.#shadowTlb = new ShadowTlb(processor, this.policy, {
      ramBytes,
      trampolines: patchedCode?.area,
      ...(options.untouchedRamFrom !== undefined && { untouchedFrom: options.untouchedRamFrom }),
    });
    this.vcpu = new Vcpu(processor, this.policy, ramBytes, shared, this.#shadowTlb, this.#work);
    this.vcpu.patchedCode = patchedCode;
    if (shared.pa !== undefined && this.policy.magicPage === 'silent') this.#shadowTlb.mapMagicPage(shared.pa);
    this.#book = new ExitBook(processor.clock, area, this.costProfile, options);
    this.#sleep = new GuestSleep(this.vcpu, this.#timers, devices, this.#book, () => this.#takeStopRequest());
    this.#fixedExits = new FixedExits(this.policy, this.#book.accounting, new EmulationTable(area, shared), patchedCode !== undefined);
    const endlessFaultLimit = options.endlessFaultLimit ?? 10_000;
    this.#detector = new EndlessFaultDetector(endlessFaultLimit, area.doublesAt(HostCell.faultDetector, DETECTOR_FIELDS));
    this.#routinesDefer = shared.pa === undefined && patchedCode === undefined;
    this.#userSpace = new UserSpace(this.vcpu, devices, this.#work, options.hostProcessPages ?? 0);
    const ticksPerCycle = processor.clock.timebaseHz / processor.clock.coreHz;
    this.#context = {
      vcpu: this.vcpu,
      timers: this.#timers,
      byteChannels: devices.byteChannels,
      timerStartDelayTicks: Math.round(this.costProfile.timerStartDelay * ticksPerCycle),
    };
    processor.interruptTarget = 'host';
    if (options.exitRoutines === false) return;
    const hardwarePid = (userMode: boolean) => this.#shadowTlb.hardwarePid({ userMode, pid: 0 });
    // Under other policies no routine changes the guest's mode.
    const [kernelPid, userPid] = this.policy.hardwarePids === 'two' ? [hardwarePid(false), hardwarePid(true)] : [0, 0];
    installExitRoutines(processor, {
      ...{ area, shared, kernelPid, userPid, endlessFaultLimit },
      isTimed: options.exitTiming ?? true,
      policy: this.policy,
      accounting: this.#book.accounting,
      limits: this.#shadowTlb.limits,
      isLogged: this.#book.isLogged,
      recordLayout: options.recorder?.layout,
      hasPatchedCode: options.patchedGuest !== undefined,
      defers: this.#routinesDefer,
    });
  }

  /** Instructions of the guest that have completed, by the processor or by emulation. */
  get guestInstructions(): number {
    return this.processor.clock.retiredInstructions + this.processor.hostInstructions + this.#area.emulatedInstructions;
  }

  /** Exit timing since the start or the last {@link clearStatistics}. */
  statistics(): HypervisorStatistics {
    return this.#book.snapshot();
  }

  /** Forgets the exit timing, from the end of the present exit on; `then` is called at that moment. */
  clearStatistics(then: () => void = () => {}): void {
    this.#book.clearAfterNext(then);
  }

  /** Tells that the host's user space does more than an ordinary exit asks for, and needs `pages` pages for it. */
  runHostProcess(pages: number): void {
    this.#shadowTlb.runHostProcess(pages);
  }

  /** Makes the current or next {@link run} return `stopped`. */
  requestStop(): void {
    this.#stopRequested = true;
    this.processor.requestStop();
  }

  /** Level of the guest's external interrupt (KVM_INTERRUPT_SET_LEVEL and KVM_INTERRUPT_UNSET). */
  setExternal(asserted: boolean): void {
    this.#work.injections++;
    if (asserted) {
      queueInterrupt(this.vcpu, Priority.EXTERNAL_LEVEL);
    } else {
      dequeueInterrupt(this.vcpu, Priority.EXTERNAL_LEVEL);
      dequeueInterrupt(this.vcpu, Priority.EXTERNAL);
    }
  }

  /** One external interrupt, forgotten when it is delivered (KVM_INTERRUPT_SET). */
  pulseExternal(): void {
    this.#work.injections++;
    queueInterrupt(this.vcpu, Priority.EXTERNAL);
  }

  /** Level of the guest's critical interrupt, which KVM cannot inject. */
  setCritical(asserted: boolean): void {
    if (asserted) queueInterrupt(this.vcpu, Priority.CRITICAL);
    else dequeueInterrupt(this.vcpu, Priority.CRITICAL);
  }

  /** Writes a guest TLB entry, as the machine monitor does before the guest starts. */
  setGuestTlbEntry(index: number, word0: number, word1: number, word2: number, tid = 0): void {
    const mmucr = this.vcpu.mmucr;
    this.vcpu.mmucr = tid;
    this.vcpu.guestTlb.write(index, 1, word1);
    this.vcpu.guestTlb.write(index, 2, word2);
    this.vcpu.guestTlb.write(index, 0, word0, tid);
    this.vcpu.mmucr = mmucr;
  }

  /** Starts the guest at `pc` with the given MSR; user-level registers are the processor's. */
  start(pc: number, msr = 0): void {
    this.vcpu.pc = pc;
    this.vcpu.setMsr(msr);
  }

  /** Runs the guest until at most `maxInstructions` more of its instructions have completed, or something else ends it. */
  run(maxInstructions: number): RunOutcome {
    const outcome = this.#run(maxInstructions);
    this.#book.handOver();
    return outcome;
  }

  #run(maxInstructions: number): RunOutcome {
    const end = this.guestInstructions + maxInstructions;
    const processor = this.processor;
    this.#work.reset(Ivor.EXTERNAL, this.vcpu.userMode);
    const ended = this.#prepareFromOutside();
    if (ended !== undefined) return ended;
    while (true) {
      if (this.#takeStopRequest()) return { kind: 'stopped' };
      const remaining = end - this.guestInstructions;
      if (remaining <= 0) return { kind: 'limit' };
      this.#enter();
      const reason = processor.run(remaining);
      this.#guestCycles = processor.clock.cycles - this.#area.enteredAtCycles;
      switch (reason) {
        case StopReason.interrupt: {
          this.#bookTimeInGuest();
          const outcome = this.#takeExit();
          if (outcome !== undefined) return outcome;
          break;
        }
        case StopReason.limit:
        case StopReason.stopped:
          this.vcpu.pc = processor.pc;
          this.#interrupted = true;
          break;
        case StopReason.reset:
          return { kind: 'reset' };
        case StopReason.wait:
          throw new Error('The processor sleeps although the hypervisor never sets MSR[WE].');
      }
    }
  }

  #enter(): void {
    const { processor, vcpu } = this;
    const area = this.#area;
    this.#timers.program(vcpu.heldInCriticalSection);
    processor.pc = vcpu.pc;
    processor.msr = vcpu.hardwareMsr;
    const hardwarePid = this.#shadowTlb.hardwarePid(vcpu);
    if (hardwarePid !== area.get(HostCell.hardwarePid)) {
      area.set(HostCell.hardwarePid, hardwarePid);
      processor.writeSpr(Spr.PID, hardwarePid);
    }
    if (vcpu.shared.pa !== undefined) {
      vcpu.refreshUserReadableSprgs();
      this.#timers.publish(vcpu.shared);
    }
    area.set(HostCell.blocked, this.#mustSeeEveryExit ? 1 : 0);
    area.set(HostCell.deferrals, countInterrupts(vcpu.pending));
    area.set(HostCell.ownMsrBits, vcpu.floatingPointGiven ? FLOATING_POINT_MSR : 0);
    area.enteredAtCycles = processor.clock.cycles - this.#guestCycles;
  }

  /** Whether exits that the exit routine could handle have something else to be done at them. */
  get #mustSeeEveryExit(): boolean {
    const { vcpu } = this;
    return (
      (vcpu.pending !== 0 && !(this.#routinesDefer && areHeldByExternalEnable(vcpu))) ||
      vcpu.heldInCriticalSection ||
      this.#book.mustSeeEveryExit ||
      vcpu.patchedCode?.isWaiting === true ||
      vcpu.patchedCode?.isAwaitingEntry === true ||
      // The routine's stores to the page do not look for code in it.
      this.#shadowTlb.sharedPageIsExecutable
    );
  }

  /** On a call of run: what the monitor has raised meanwhile is delivered first; a sleeping guest goes on sleeping or wakes. */
  #prepareFromOutside(): RunOutcome | undefined {
    if (this.#sleep.isAsleep) return this.#goOnSleeping();
    if (this.vcpu.patchedCode !== undefined) this.#timers.clearDeferred(this.vcpu);
    deliverInterrupts(this.vcpu, this.#work);
    if (this.#work.delivered !== 0 && this.#interrupted) {
      this.#bookTimeInGuest();
      this.#book.book(ExitType.SIGNAL, this.vcpu.pc, 0, this.#work);
    }
    this.#interrupted = false;
    return undefined;
  }

  /** KVM's TIMEINGUEST counts entries into the guest, and a slice of {@link run} that ends without an exit is none. */
  #bookTimeInGuest(): void {
    this.#book.accounting.bookTimeInGuest(this.#guestCycles);
    this.#guestCycles = 0;
  }

  #takeExit(): RunOutcome | undefined {
    const { processor, vcpu } = this;
    const exit = this.#exit;
    exit.vector = processor.lastVector;
    exit.pc = processor.readSpr((CRITICAL_VECTORS & (1 << exit.vector)) !== 0 ? Spr.CSRR0 : Spr.SRR0) ?? 0;
    exit.dear = processor.readSpr(Spr.DEAR) ?? 0;
    exit.esr = processor.readSpr(Spr.ESR) ?? 0;
    vcpu.pc = exit.pc;
    if (vcpu.patchedCode !== undefined) this.#timers.clearDeferred(vcpu);
    const userMode = vcpu.userMode;
    if (exit.vector === Ivor.PROGRAM && !userMode && (exit.esr & (Esr.PTR | Esr.FP)) === 0) {
      // The exit routines learn of the instruction whatever is pending.
      const fixed = this.#fixedExit();
      if (fixed !== undefined && vcpu.pending === 0) return this.#takeFixedExit(fixed, exit.pc);
    }
    this.#work.reset(exit.vector, userMode);
    if (exit.vector === Ivor.DECREMENTER) return this.#takeTimerExit(exit.pc);

    const permittedByGuest = exit.vector === Ivor.INST_STORAGE && guestPermitsFetch(vcpu);
    const { type, outcome } = handleExit(this.#context, exit);
    // What the processor has not retired, and has been carried out here; sc retires there.
    if (this.#work.instruction !== '' && exit.vector !== Ivor.SYSCALL) this.#area.emulatedInstructions++;
    processor.clearReservation();
    deliverInterrupts(vcpu, this.#work);
    const asleep = (vcpu.msr & Msr.WE) !== 0 || outcome.kind === 'idle';
    const ended = this.#userSpace.complete(outcome, exit);
    if (ended?.kind === 'failure') {
      this.#book.book(type, exit.pc, 0, this.#work);
      return ended;
    }
    if (asleep) {
      return this.#fallAsleep(exit.pc, outcome.kind === 'idle' ? type : ExitType.EMUL_WAIT);
    }
    this.#book.book(type, exit.pc, 0, this.#work);
    if (ended !== undefined) return ended;
    this.#serveTimersInHost();
    const observed = this.#observed;
    observed.pc = exit.pc;
    observed.address = exit.vector === Ivor.DTLB_MISS || exit.vector === Ivor.DATA_STORAGE ? exit.dear : exit.pc;
    observed.typeName = EXIT_TYPES[type]?.name as string;
    observed.isFault = IS_FAULT[type] === true;
    observed.permittedByGuest = permittedByGuest;
    observed.userMode = userMode;
    observed.guestInstructions = this.guestInstructions;
    const failure = this.#detector.observe(observed);
    return failure === undefined ? undefined : { kind: 'failure', failure };
  }

  /** The short way for the instruction that has led here, if there is one. */
  #fixedExit(): FixedExit | undefined {
    if (this.#book.mustSeeEveryExit || this.vcpu.patchedCode?.isWaiting === true) return undefined;
    const word = this.processor.interruptedInstruction();
    return word === undefined ? undefined : this.#fixedExits.find(word);
  }

  /** An exit that always takes the same work, with no interrupt pending: nothing of it need be noted or priced anew. */
  #takeFixedExit({ work, entry }: FixedExit, pc: number): RunOutcome | undefined {
    const { processor, vcpu } = this;
    work.emulate(this.#context);
    if (!work.jumps) vcpu.pc = (pc + 4) >>> 0;
    this.#area.emulatedInstructions++;
    processor.clearReservation();
    deliverInterrupts(vcpu, this.#work);
    if ((vcpu.msr & Msr.WE) !== 0) {
      Object.assign(this.#work, entry.work);
      return this.#fallAsleep(pc, ExitType.EMUL_WAIT);
    }
    this.#book.bookAnother(entry, pc);
    this.#serveTimersInHost();
    this.#detector.observeProgress(this.guestInstructions, work.jumps);
    return undefined;
  }

  #fallAsleep(pc: number, type: ExitType): RunOutcome | undefined {
    this.#sleep.begin(pc, type);
    this.#work.waits++;
    return this.#goOnSleeping();
  }

  #takeTimerExit(pc: number): RunOutcome | undefined {
    const { vcpu } = this;
    this.#timers.acknowledge();
    const expiries = this.#timers.expire(vcpu);
    this.processor.clearReservation();
    deliverInterrupts(vcpu, this.#work);
    const type =
      expiries.decrementer || expiries.hostTick || expiries.retry ? ExitType.DEC : expiries.watchdog ? ExitType.X_WATCHDOG : ExitType.X_FIT;
    this.#book.book(type, pc, 0, this.#work);
    if (expiries.watchdogReset) return { kind: 'reset' };
    this.#serveTimersInHost();
    return undefined;
  }

  /**
   * Timers that ran out while the hypervisor was at work: the host is interrupted, not the guest, so that no exit is counted. One that
   * comes round faster than it is served must not keep the guest from running: then the next is an exit of the guest.
   */
  #serveTimersInHost(): void {
    const { vcpu } = this;
    for (let served = 0; this.#timers.expired && served < MOST_SERVED_IN_HOST; served++) {
      this.#timers.expire(vcpu);
      deliverInterrupts(vcpu, this.#work);
      this.processor.clock.advance(this.costProfile.interruptInHost);
    }
  }

  #goOnSleeping(): RunOutcome | undefined {
    const ended = this.#sleep.goOn();
    if (ended !== undefined) return ended;
    deliverInterrupts(this.vcpu, this.#work);
    this.#sleep.end(this.#work);
    this.#serveTimersInHost();
    return undefined;
  }

  #takeStopRequest(): boolean {
    const wasRequested = this.#stopRequested;
    this.#stopRequested = false;
    return wasRequested;
  }
}

/** Takes over a processor that a board has set up for native entry: registers stay, its TLB becomes the guest's. */
export function adoptNativeEntry(processor: Processor, devices: GuestDevices, options: HypervisorOptions = {}): Hypervisor {
  const entries = Array.from({ length: 64 }, (_, index) => processor.readTlb(index));
  const { pc, msr } = processor;
  const hypervisor = new Hypervisor(processor, devices, options);
  entries.forEach((entry, index) => {
    hypervisor.setGuestTlbEntry(index, entry.word0, entry.word1, entry.word2, entry.tid);
  });
  hypervisor.start(pc, msr);
  return hypervisor;
}
