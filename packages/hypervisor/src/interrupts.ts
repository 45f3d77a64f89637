import { Esr, Ivor, Msr } from './registers.js';
import { SharedField } from './shared-page.js';
import type { Vcpu } from './vcpu.js';
import type { Work } from './work.js';

/**
 * Guest interrupts by priority: KVM's BOOKE_IRQPRIO numbers (arch/powerpc/kvm/booke.h, Linux 3.4), those of the 440. The lowest
 * number is delivered first, and one a pass.
 */
export interface InterruptRow {
  readonly name: string;
  readonly priority: number;
  readonly ivor: number;
  /** MSR bit that must be set, or 0 if nothing holds the interrupt back. */
  readonly enable: number;
  /** Whether it stays pending after delivery, until its cause is cleared. */
  readonly level: boolean;
  /** MSR bits that survive delivery. */
  readonly keeps: number;
  readonly setsEsr: boolean;
  readonly setsDear: boolean;
  /** The pair that takes pc and MSR. KVM uses SRR0/1 for all, which no guest could return from: it emulates no rfci. */
  readonly saves: 'srr' | 'csrr' | 'mcsrr';
}

const BASE = Msr.CE | Msr.ME | Msr.DE;

function row(priority: number, name: string, ivor: number, rest: Partial<InterruptRow> = {}): InterruptRow {
  return { priority, name, ivor, enable: 0, level: false, keeps: BASE, setsEsr: false, setsDear: false, saves: 'srr', ...rest };
}

export const INTERRUPT_TABLE: readonly InterruptRow[] = [
  row(0, 'DATA_STORAGE', Ivor.DATA_STORAGE, { setsEsr: true, setsDear: true }),
  row(1, 'INST_STORAGE', Ivor.INST_STORAGE, { setsEsr: true }),
  row(2, 'ALIGNMENT', Ivor.ALIGNMENT, { setsEsr: true, setsDear: true }),
  row(3, 'PROGRAM', Ivor.PROGRAM, { setsEsr: true }),
  row(4, 'FP_UNAVAIL', Ivor.FP_UNAVAIL),
  row(8, 'SYSCALL', Ivor.SYSCALL),
  row(9, 'AP_UNAVAIL', Ivor.AP_UNAVAIL),
  row(10, 'DTLB_MISS', Ivor.DTLB_MISS, { setsEsr: true, setsDear: true }),
  row(11, 'ITLB_MISS', Ivor.ITLB_MISS),
  row(12, 'MACHINE_CHECK', Ivor.MACHINE_CHECK, { enable: Msr.ME, keeps: 0, saves: 'mcsrr' }),
  row(13, 'DEBUG', Ivor.DEBUG, { enable: Msr.DE, keeps: Msr.ME, saves: 'csrr' }),
  row(14, 'CRITICAL', Ivor.CRITICAL, { enable: Msr.CE, keeps: Msr.ME, saves: 'csrr', level: true }),
  row(15, 'WATCHDOG', Ivor.WATCHDOG, { enable: Msr.CE, keeps: Msr.ME, saves: 'csrr', level: true }),
  row(16, 'EXTERNAL', Ivor.EXTERNAL, { enable: Msr.EE }),
  row(17, 'FIT', Ivor.FIT, { enable: Msr.EE, level: true }),
  row(18, 'DECREMENTER', Ivor.DECREMENTER, { enable: Msr.EE, level: true }),
  row(20, 'EXTERNAL_LEVEL', Ivor.EXTERNAL, { enable: Msr.EE, level: true }),
];

/** The interrupts that MSR[EE] holds back, as a mask of priorities. */
const EE_PRIORITIES = INTERRUPT_TABLE.filter(({ enable }) => enable === Msr.EE).reduce((mask, { priority }) => mask | (1 << priority), 0);

/** Whether MSR[EE] holds back all that is pending, so that nothing is delivered of it until the guest sets that bit. */
export function areHeldByExternalEnable({ pending, msr }: Vcpu): boolean {
  return (pending & ~EE_PRIORITIES) === 0 && (msr & Msr.EE) === 0;
}

/** Priorities by name. */
export const Priority = Object.fromEntries(INTERRUPT_TABLE.map((entry) => [entry.name, entry.priority])) as Readonly<
  Record<string, number>
> & {
  readonly [K in
    | 'DATA_STORAGE'
    | 'INST_STORAGE'
    | 'ALIGNMENT'
    | 'PROGRAM'
    | 'FP_UNAVAIL'
    | 'SYSCALL'
    | 'AP_UNAVAIL'
    | 'DTLB_MISS'
    | 'ITLB_MISS']: number;
} & { readonly [K in 'MACHINE_CHECK' | 'DEBUG' | 'CRITICAL' | 'WATCHDOG' | 'EXTERNAL' | 'FIT' | 'DECREMENTER' | 'EXTERNAL_LEVEL']: number };

export function queueInterrupt(vcpu: Vcpu, priority: number): void {
  vcpu.pending |= 1 << priority;
}

export function dequeueInterrupt(vcpu: Vcpu, priority: number): void {
  vcpu.pending &= ~(1 << priority);
}

/** A program interrupt with the given syndrome, by default an illegal instruction. */
export function queueProgram(vcpu: Vcpu, esr: number = Esr.PIL): void {
  vcpu.queuedEsr = esr;
  queueInterrupt(vcpu, Priority.PROGRAM);
}

/**
 * Whether the guest is in a stretch of its code that interrupts must not enter. The patcher says where those are; guests that patch
 * themselves mark them by their stack pointer in a field of the page. KVM tests that field on all guests, so a kernel with r1 = 0 takes
 * no external interrupt there either.
 */
function inCriticalSection(vcpu: Vcpu): boolean {
  if (vcpu.userMode) return false;
  if (vcpu.patchedCode !== undefined) return vcpu.patchedCode.isUninterrupted(vcpu.pc);
  return vcpu.shared.get(SharedField.critical) === vcpu.processor.gpr(1);
}

function isEnabled(vcpu: Vcpu, interrupt: InterruptRow): boolean {
  return interrupt.enable === 0 || (vcpu.msr & interrupt.enable) !== 0;
}

/**
 * What a critical section holds back: in KVM 3.4 the interrupts of MSR[EE]. Where the guest can mean it, critical ones too, since their
 * handlers would use the same scratch words.
 */
function isHeldBack(vcpu: Vcpu, interrupt: InterruptRow): boolean {
  const holdable = vcpu.shared.pa === undefined ? Msr.EE : Msr.EE | Msr.CE | Msr.DE;
  return (interrupt.enable & holdable) !== 0 && inCriticalSection(vcpu);
}

function deliver(vcpu: Vcpu, interrupt: InterruptRow): void {
  vcpu.leaveTrampoline(false);
  vcpu.deliveries[interrupt.priority]!++;
  const shared = vcpu.shared;
  const msr = vcpu.msr;
  switch (interrupt.saves) {
    case 'srr':
      shared.set(SharedField.srr0, vcpu.pc);
      shared.set(SharedField.srr1, msr);
      break;
    case 'csrr':
      vcpu.csrr0 = vcpu.pc;
      vcpu.csrr1 = msr;
      break;
    case 'mcsrr':
      vcpu.mcsrr0 = vcpu.pc;
      vcpu.mcsrr1 = msr;
      break;
  }
  vcpu.pc = (vcpu.ivpr | (vcpu.ivor[interrupt.ivor] as number)) >>> 0;
  if (interrupt.setsEsr) shared.set(SharedField.esr, vcpu.queuedEsr);
  if (interrupt.setsDear) shared.set(SharedField.dear, vcpu.queuedDear);
  vcpu.setMsr(msr & interrupt.keeps);
  if (!interrupt.level) dequeueInterrupt(vcpu, interrupt.priority);
}

/** Delivers the pending interrupt of the lowest number that the guest allows, if any (kvmppc_core_check_exceptions). */
export function deliverInterrupts(vcpu: Vcpu, work: Work): void {
  vcpu.heldInCriticalSection = false;
  if (vcpu.pending !== 0) {
    for (const interrupt of INTERRUPT_TABLE) {
      if ((vcpu.pending & (1 << interrupt.priority)) === 0) continue;
      const held = isHeldBack(vcpu, interrupt);
      if (isEnabled(vcpu, interrupt) && !held) {
        deliver(vcpu, interrupt);
        work.delivered |= 1 << interrupt.priority;
        break;
      }
      // Without a page of their own guests cannot mean it: then it is KVM's quirk for r1 = 0, and lasts until the next exit.
      if (held && isEnabled(vcpu, interrupt) && vcpu.shared.pa !== undefined) vcpu.heldInCriticalSection = true;
      work.deferred |= 1 << interrupt.priority;
    }
  }
  vcpu.shared.set(SharedField.intPending, vcpu.pending === 0 ? 0 : 1);
  vcpu.shared.set(SharedField.pendingEnables, (vcpu.pending & EE_PRIORITIES) === 0 ? 0 : Msr.EE);
}
