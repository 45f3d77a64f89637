import type { Processor } from '@exitlab/core';
import { GuestTlb } from './guest-tlb.js';
import { HostArea, HostCell } from './host-area.js';
import type { PatchedCode, TrampolinePosition } from './patched-code.js';
import type { Policy } from './policy.js';
import { Msr, Spr } from './registers.js';
import type { ShadowTlb } from './shadow-tlb.js';
import { SharedField, type SharedPage } from './shared-page.js';
import { physicalAddress } from './tlb-words.js';
import type { Work } from './work.js';

/** MSR bits that the hardware has while the guest runs, whatever the guest asked for (KVM's `shadow_msr`). */
export const SHADOW_MSR = Msr.CE | Msr.EE | Msr.PR | Msr.ME | Msr.DE | Msr.IS | Msr.DS;
export const FLOATING_POINT_MSR = Msr.FP | Msr.FE0 | Msr.FE1;

export const USER_READABLE_SPRGS = [
  { sprn: Spr.SPRG4, field: SharedField.sprg4 },
  { sprn: Spr.SPRG5, field: SharedField.sprg5 },
  { sprn: Spr.SPRG6, field: SharedField.sprg6 },
  { sprn: Spr.SPRG7, field: SharedField.sprg7 },
] as const;

const userReadableCell = (sprn: number): number => HostCell.userReadableSprgs + 4 * (sprn - Spr.SPRG4);

/** Where trampolines keep the registers that they work with, in the order in which they save them. */
const SCRATCH_FIELDS = [SharedField.trampolineScratch, SharedField.secondScratch];

/** IVPR and IVORs before the guest sets its own: values that are easy to recognise (kvm_arch_vcpu_setup). */
const INITIAL_IVPR = 0x55550000;
const INITIAL_IVOR = 0x7700;

/**
 * What the guest believes of its supervisor state. User-level registers stay in the processor; fields of {@link SharedField} live in
 * the shared page.
 */
export class Vcpu {
  readonly processor: Processor;
  readonly policy: Policy;
  readonly shared: SharedPage;
  readonly shadowTlb: ShadowTlb;
  readonly guestTlb: GuestTlb;
  /** Where the exit routine finds what it needs of this. */
  readonly area: HostArea;

  /** Guest RAM lies from physical address 0 up to this. */
  readonly ramBytes: number;

  /** Address at which the guest goes on; kept apart from the processor's pc, which an interrupt has changed. */
  pc = 0;
  readonly ivor: Uint32Array;
  csrr0 = 0;
  csrr1 = 0;
  mcsrr0 = 0;
  mcsrr1 = 0;
  mcsr = 0;
  dbsr = 0;
  dbcr0 = 0;
  cpr0Address = 0;
  /** SPRs that only hold what was written to them, by number. */
  readonly storedSprs = new Map<number, number>();

  /** Interrupts delivered so far, by priority; without those that exit routines deliver, which stand back where exits are observed. */
  readonly deliveries = new Uint32Array(32);
  /** Pending interrupts, a bit mask by priority, and what they will report. */
  pending = 0;
  queuedEsr = 0;
  queuedDear = 0;

  /** The code that patching from outside has added or changed, if it has. */
  patchedCode: PatchedCode | undefined;

  /** Whether an interrupt is pending that only the guest's critical section holds back. */
  heldInCriticalSection = false;

  /** Whether the guest's floating-point registers are in the hardware. */
  floatingPointGiven = false;
  /** Address of the reservation that an emulated `lwarx` on a device made, or -1. */
  deviceReservation = -1;

  /** The work record of the exit being handled. */
  readonly work: Work;

  constructor(processor: Processor, policy: Policy, ramBytes: number, shared: SharedPage, shadowTlb: ShadowTlb, work: Work) {
    this.processor = processor;
    this.area = new HostArea(processor.hostMemory);
    this.policy = policy;
    this.guestTlb = new GuestTlb(this.area, policy.guestTlbSearch);
    this.ramBytes = ramBytes;
    this.shared = shared;
    this.ivpr = INITIAL_IVPR;
    this.ivor = this.area.wordsAt(HostCell.ivor, 16);
    this.ivor.forEach((_, index, ivor) => {
      ivor[index] = INITIAL_IVOR | (index * 4);
    });
    this.shadowTlb = shadowTlb;
    this.work = work;
    this.storedSprs.set(Spr.CCR1, processor.readSpr(Spr.CCR1) ?? 0);
  }

  get ivpr(): number {
    return this.area.get(HostCell.ivpr);
  }
  set ivpr(value: number) {
    this.area.set(HostCell.ivpr, value);
  }

  get pid(): number {
    return this.area.get(HostCell.pid);
  }

  /** The guest's MSR. */
  get msr(): number {
    return this.shared.get(SharedField.msr);
  }

  get mmucr(): number {
    return this.shared.get(SharedField.mmucr);
  }

  set mmucr(value: number) {
    this.shared.set(SharedField.mmucr, value >>> 0);
  }

  get userMode(): boolean {
    return (this.msr & Msr.PR) !== 0;
  }

  /** Address space of the guest's fetches and of its data accesses. */
  get instructionSpace(): 0 | 1 {
    return (this.msr & Msr.IS) === 0 ? 0 : 1;
  }

  get dataSpace(): 0 | 1 {
    return (this.msr & Msr.DS) === 0 ? 0 : 1;
  }

  /** Changes the guest's MSR with what hangs on it (kvmppc_set_msr). WE takes effect before the guest is entered again. */
  setMsr(value: number): void {
    const before = this.msr;
    this.shared.set(SharedField.msr, value >>> 0);
    if (this.policy.hardwarePids === 'flush' && ((before ^ value) & Msr.PR) !== 0) this.shadowTlb.releaseAll(this.work);
  }

  /** Sets MSR[EE] as it stands in `value`, and nothing else (`wrtee`). */
  setExternalEnable(value: number): void {
    this.shared.set(SharedField.msr, ((this.msr & ~Msr.EE) | (value & Msr.EE)) >>> 0);
  }

  /** Guest-physical address of `ea` by guest TLB entry `index`. */
  guestPhysical(index: number, ea: number): number {
    return physicalAddress(this.guestTlb.entry(index), ea);
  }

  /**
   * Gives the hardware what the guest kernel wrote to SPRG4 to SPRG7 in the shared page: user code reads them there, under numbers
   * that do not trap. KVM for Book E does so at each entry.
   */
  refreshUserReadableSprgs(): void {
    for (const { sprn, field } of USER_READABLE_SPRGS) {
      const value = this.shared.get(field);
      if (this.area.get(userReadableCell(sprn)) !== value) this.writeUserReadableSprg(sprn, value);
    }
  }

  /** Gives the hardware one of SPRG4 to SPRG7. */
  writeUserReadableSprg(sprn: number, value: number): void {
    this.area.set(userReadableCell(sprn), value);
    this.processor.writeSpr(sprn, value);
  }

  /**
   * Takes the guest out of a trampoline before an interrupt can show it there: back to the instruction that the trampoline stands for
   * or, once its effect is done, to the one after. `startingOver` chooses the former in any case, to carry it out by emulation.
   */
  leaveTrampoline(startingOver: boolean): TrampolinePosition | undefined {
    const position = this.userMode ? undefined : this.patchedCode?.trampolineAt(this.pc);
    if (position === undefined) return undefined;
    const { trampoline, index, siteEa } = position;
    trampoline.temporaries.forEach((register, saved) => {
      if (index > saved) this.processor.setGpr(register, this.shared.get(SCRATCH_FIELDS[saved] as SharedField));
    });
    this.pc = startingOver || index <= trampoline.commit ? siteEa : (siteEa + 4) >>> 0;
    return position;
  }

  setPid(value: number): void {
    const pid = value & 0xff;
    if (pid === this.pid) return;
    this.area.set(HostCell.pid, pid);
    this.shared.set(SharedField.pid, pid);
    if (this.policy.hardwarePids !== 'two') return;
    this.work.pidChanged = true;
    this.shadowTlb.releaseProcess(this.work);
  }

  /** MSR with which the processor runs the guest now. */
  get hardwareMsr(): number {
    return this.floatingPointGiven ? SHADOW_MSR | (this.msr & FLOATING_POINT_MSR) : SHADOW_MSR;
  }
}
