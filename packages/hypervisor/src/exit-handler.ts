import { decode } from '@exitlab/core';
import { type DeviceAccess, decodeDeviceInstruction } from './emulation/device-access.js';
import { nextWordOfEntry } from './emulation/entry-in-the-making.js';
import { entryOfReturn, hiddenByOwnMapping, isGuestRam, isJoined, writtenEntry } from './emulation/guest-tlb-instructions.js';
import { fieldRt, fieldSpr } from './emulation/instruction-word.js';
import { CPR0_CONFIG_DATA, findPrivileged, isFilledSprAccess, programSyndrome } from './emulation/privileged.js';
import type { EmulationContext } from './emulation/sprs.js';
import { EXIT_TYPES, ExitType } from './exit-types.js';
import { HYPERCALL_R0, HYPERCALL_WORD, performHypercall } from './hypercalls.js';
import { Priority, queueInterrupt, queueProgram } from './interrupts.js';
import type { PatchedCode } from './patched-code.js';
import { Esr, Ivor, Mcsr, Msr } from './registers.js';
import { TlbField } from './tlb-words.js';
import type { Vcpu } from './vcpu.js';
import { Work } from './work.js';

/** Why the guest left, as the hardware tells it. */
export interface Exit {
  /** IVOR number of the interrupt. */
  vector: number;
  /** SRR0 (or its counterpart): the guest's pc. */
  pc: number;
  dear: number;
  esr: number;
}

/** The guest cannot go on; what happened, and to whom. */
export interface Failure {
  readonly reason: 'unemulated-instruction' | 'unexpected-interrupt' | 'endless-fault' | 'patched-memory-used';
  readonly pc: number;
  readonly message: string;
}

/** What follows from an exit: a closed set. Only the two that touch devices leave the hypervisor. */
export type ExitOutcome =
  | { readonly kind: 'resume-guest' }
  /** As resume-guest, with all registers restored, since an emulated instruction may have changed any. */
  | { readonly kind: 'resume-guest-nv' }
  /** The guest sleeps until an interrupt is pending. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'emulate-mmio'; readonly access: DeviceAccess }
  | { readonly kind: 'emulate-dcr'; readonly dcrn: number; readonly register: number; readonly isWrite: boolean }
  /** A clock register that KVM reads for the guest without leaving the kernel. */
  | { readonly kind: 'read-clock-register'; readonly register: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'fail'; readonly failure: Failure };

/** The exit's type and outcome together. */
export interface HandledExit {
  readonly type: ExitType;
  readonly outcome: ExitOutcome;
}

const RESUME: ExitOutcome = { kind: 'resume-guest' };
const RESUME_NV: ExitOutcome = { kind: 'resume-guest-nv' };
const IDLE: ExitOutcome = { kind: 'idle' };
const RESET: ExitOutcome = { kind: 'reset' };

/** Exits that only resume the guest, by type. */
const RESUMED: readonly HandledExit[] = EXIT_TYPES.map((_, type) => ({ type, outcome: RESUME }));
const RESUMED_NV: readonly HandledExit[] = EXIT_TYPES.map((_, type) => ({ type, outcome: RESUME_NV }));
const resumed = (type: ExitType): HandledExit => RESUMED[type] as HandledExit;
const resumedNv = (type: ExitType): HandledExit => RESUMED_NV[type] as HandledExit;

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

function fail(type: ExitType, reason: Failure['reason'], pc: number, message: string): HandledExit {
  return { type, outcome: { kind: 'fail', failure: { reason, pc, message } } };
}

/** The instruction at the guest's pc, through the mapping that has just served its fetch. */
function fetchInstruction(vcpu: Vcpu): number {
  return vcpu.processor.interruptedInstruction() ?? readGuestWord(vcpu, vcpu.pc);
}

function readGuestWord(vcpu: Vcpu, ea: number): number {
  const pa = guestCodeAddress(vcpu, ea);
  return pa === undefined ? 0 : vcpu.processor.memory.read32(pa);
}

/** Where in guest RAM the guest's code at `ea` is. */
function guestCodeAddress(vcpu: Vcpu, ea: number): number | undefined {
  const pid = vcpu.shadowTlb.hardwarePid(vcpu);
  const pa = vcpu.processor.translate(ea, 'execute', 1, pid, true);
  if (pa !== undefined) return pa;
  // The mapping has gone between fetch and exit; the guest's own TLB still knows the page, or the word is read as illegal.
  const index = vcpu.guestTlb.search(ea, vcpu.pid, vcpu.instructionSpace, vcpu.work);
  if (index < 0) return undefined;
  const guestPa = vcpu.guestPhysical(index, ea);
  return isGuestRam(vcpu, guestPa) ? guestPa : undefined;
}

function reflect(vcpu: Vcpu, priority: number, type: ExitType): HandledExit {
  queueInterrupt(vcpu, priority);
  return resumed(type);
}

function reflectStorage(vcpu: Vcpu, exit: Exit, priority: number, type: ExitType): HandledExit {
  vcpu.queuedDear = exit.dear;
  vcpu.queuedEsr = exit.esr;
  return reflect(vcpu, priority, type);
}

/** An exception that KVM 3.4 has no case for: ours to reflect, or the end (a BUG in the host). */
function reflectUnknownToKvm(vcpu: Vcpu, exit: Exit, priority: number, type: ExitType, name: string): HandledExit {
  if (vcpu.policy.unsupported === 'as-kvm') {
    return fail(type, 'unexpected-interrupt', exit.pc, `KVM has no case for the guest's ${name} interrupt at ${hex(exit.pc)}.`);
  }
  return reflectStorage(vcpu, exit, priority, type);
}

/**
 * Patches the site that has just trapped, and what belongs to it, if that was put off until now. Words that the guest has changed
 * meanwhile stay as they are.
 */
function patchTrappedSite(vcpu: Vcpu, patchedCode: PatchedCode): void {
  const { memory } = vcpu.processor;
  const pa = guestCodeAddress(vcpu, vcpu.pc);
  if (pa === undefined) return;
  const edits = patchedCode.takeEdits(pa);
  if (edits.some(({ pa: each, before }) => memory.read32(each) !== before)) return;
  for (const edit of edits) {
    const { after } = edit;
    memory.writeBytes(edit.pa, Uint8Array.of(after >>> 24, after >>> 16, after >>> 8, after));
  }
}

/**
 * The end of a guest whose `tlbwe` has just mapped memory of its own where what patching added lies. An entry is written in three words,
 * and may look so between them: while nothing can use it, its rest is waited for.
 */
function hiddenMapping(vcpu: Vcpu, patchedCode: PatchedCode, pc: number, word: number): HandledExit | undefined {
  const index = writtenEntry(vcpu, word);
  const isInUse = hiddenByOwnMapping(vcpu, index) !== undefined && !patchedCode.isBetweenJoined((pc + 4) >>> 0);
  const nextWord = isInUse ? nextWordOfEntry(pc, (ea) => readGuestWord(vcpu, ea)) : pc;
  if (nextWord !== undefined) {
    patchedCode.awaitRestOfEntry(pc, nextWord);
    return undefined;
  }
  return hiddenBy(vcpu, index, pc);
}

/** The end of a guest whose entry `index`, written at `pc`, would be hidden, if it would. */
function hiddenBy(vcpu: Vcpu, index: number, pc: number): HandledExit | undefined {
  const hidden = hiddenByOwnMapping(vcpu, index);
  if (hidden === undefined) return undefined;
  const ea = hex(vcpu.guestTlb.entry(index).word0 & TlbField.EPN);
  const message = `The guest maps memory of its own at ${ea}, where ${hidden} would hide it; run it under trap.`;
  return fail(ExitType.EMUL_TLBWE, 'patched-memory-used', pc, message);
}

/** The end of a guest that stores to its trampolines, which it was told to leave alone. */
function storeToTrampolines(vcpu: Vcpu, exit: Exit): HandledExit | undefined {
  const area = vcpu.patchedCode?.area;
  if (area === undefined || (exit.esr & Esr.ST) === 0) return undefined;
  const index = vcpu.guestTlb.search(exit.dear, vcpu.pid, vcpu.dataSpace, new Work());
  const pa = index < 0 ? -1 : vcpu.guestPhysical(index, exit.dear);
  if (pa < area.pa || pa >= area.pa + area.sizeBytes || !permits(vcpu, index, true)) return undefined;
  const message = `The guest stores at ${hex(exit.pc)} to ${hex(exit.dear)}, where its trampolines are; run it under trap.`;
  return fail(ExitType.DSI, 'patched-memory-used', exit.pc, message);
}

function handleProgram(context: EmulationContext, exit: Exit): HandledExit {
  const { vcpu } = context;
  if (vcpu.userMode) {
    queueProgram(vcpu, exit.esr);
    return resumed(ExitType.USR_PR_INST);
  }
  const asKvm = vcpu.policy.unsupported === 'as-kvm';
  // A trampoline traps where the hypervisor must look: then the instruction that it stands for is carried out instead.
  const left = (exit.esr & Esr.PTR) === 0 ? undefined : vcpu.leaveTrampoline(true);
  if (left !== undefined) {
    exit.pc = vcpu.pc;
    exit.esr = Esr.PPR;
  }
  const word = left?.trampoline.original ?? fetchInstruction(vcpu);
  if ((exit.esr & Esr.PTR) !== 0 && decode(word)?.row.mnemonic === 'twi') {
    vcpu.work.instruction = 'twi';
    vcpu.work.restoresAllGprs = true;
    queueProgram(vcpu, exit.esr);
    return resumedNv(ExitType.EMULINST);
  }
  const instruction = (exit.esr & (Esr.PTR | Esr.FP)) === 0 ? findPrivileged(word) : undefined;
  const filled = instruction !== undefined && (instruction.filled || isFilledSprAccess(instruction, word));
  if (instruction !== undefined && !(asKvm && filled)) {
    vcpu.work.instruction = instruction.mnemonic;
    const { patchedCode } = vcpu;
    if (patchedCode?.isWaiting === true && left === undefined) patchTrappedSite(vcpu, patchedCode);
    const result = instruction.emulate(context, word);
    const type = isFilledSprAccess(instruction, word) ? ExitType.X_EMUL_SPR : instruction.exitType;
    switch (result) {
      case 'done': {
        const isChecked = patchedCode !== undefined && instruction.mnemonic === 'tlbwe';
        const hidden = isChecked ? hiddenMapping(vcpu, patchedCode, exit.pc, word) : undefined;
        if (hidden !== undefined) return hidden;
        vcpu.pc = (vcpu.pc + 4) >>> 0;
        vcpu.work.restoresAllGprs = true;
        return resumedNv(type);
      }
      case 'jumped': {
        const hidden =
          instruction.mnemonic === 'rfi' && isJoined(vcpu, word) ? hiddenBy(vcpu, entryOfReturn(vcpu, word), exit.pc) : undefined;
        if (hidden !== undefined) return hidden;
        vcpu.work.restoresAllGprs = true;
        return resumedNv(type);
      }
      case 'reset':
        return { type, outcome: RESET };
      case 'dcr':
        return handleDcr(vcpu, word);
      case 'illegal':
        break;
    }
  }
  if (asKvm) {
    const message = `KVM does not emulate the instruction ${hex(word)} at ${hex(exit.pc)}.`;
    return fail(ExitType.EMULINST, 'unemulated-instruction', exit.pc, message);
  }
  queueProgram(vcpu, programSyndrome(exit.esr));
  return resumed(ExitType.X_PROGRAM);
}

function handleDcr(vcpu: Vcpu, word: number): HandledExit {
  const dcrn = fieldSpr(word);
  const isWrite = decode(word)?.row.mnemonic === 'mtdcr';
  vcpu.pc = (vcpu.pc + 4) >>> 0;
  if (dcrn === CPR0_CONFIG_DATA && !isWrite) {
    vcpu.work.restoresAllGprs = true;
    return { type: ExitType.EMULINST, outcome: { kind: 'read-clock-register', register: fieldRt(word) } };
  }
  vcpu.work.heavyExits++;
  return { type: ExitType.DCR, outcome: { kind: 'emulate-dcr', dcrn, register: fieldRt(word), isWrite } };
}

/** First use of floating point by a guest that has it enabled: give it, if the policy does; else the guest's interrupt. */
function handleFloatingPoint(vcpu: Vcpu): HandledExit {
  if (vcpu.policy.floatingPoint === 'lazy' && (vcpu.msr & Msr.FP) !== 0) {
    vcpu.floatingPointGiven = true;
    return resumed(ExitType.X_FP_GRANT);
  }
  return reflect(vcpu, Priority.FP_UNAVAIL, ExitType.FP_UNAVAIL);
}

function handleSystemCall({ vcpu, byteChannels }: EmulationContext): HandledExit {
  if (!isHypercall(vcpu)) return reflect(vcpu, Priority.SYSCALL, ExitType.SYSCALL);
  vcpu.work.instruction = 'hypercall';
  const effect = performHypercall(vcpu, byteChannels);
  return { type: ExitType.SYSCALL, outcome: effect === 'idle' ? IDLE : RESUME };
}

/** Only the guest kernel makes hypercalls: by the value of r0 or, where the interface is announced, by the instruction itself. */
function isHypercall(vcpu: Vcpu): boolean {
  if (vcpu.userMode) return false;
  if (vcpu.processor.gpr(0) === HYPERCALL_R0) return true;
  return vcpu.policy.magicPage === 'offered' && readGuestWord(vcpu, (vcpu.pc - 4) >>> 0) === HYPERCALL_WORD;
}

/** Whether the guest's own entry lets its present mode make the access. KVM does not ask for device pages; a real 440 does. */
function permits(vcpu: Vcpu, guestIndex: number, isWrite: boolean): boolean {
  const permissions = vcpu.guestTlb.entry(guestIndex).word2;
  const [read, write] = vcpu.userMode ? [TlbField.UR, TlbField.UW] : [TlbField.SR, TlbField.SW];
  return (permissions & (isWrite ? write : read)) !== 0;
}

/** Whether the guest's own TLB lets it fetch from its pc: then an instruction storage interrupt is the shadow TLB's doing. */
export function guestPermitsFetch(vcpu: Vcpu): boolean {
  const index = vcpu.guestTlb.search(vcpu.pc, vcpu.pid, vcpu.instructionSpace, new Work());
  if (index < 0) return false;
  return (vcpu.guestTlb.entry(index).word2 & (vcpu.userMode ? TlbField.UX : TlbField.SX)) !== 0;
}

function handleDeviceAccess(vcpu: Vcpu, exit: Exit, guestIndex: number): HandledExit {
  if (!permits(vcpu, guestIndex, (exit.esr & Esr.ST) !== 0)) {
    return reflectStorage(vcpu, exit, Priority.DATA_STORAGE, ExitType.DSI);
  }
  const word = fetchInstruction(vcpu);
  const instruction = decodeDeviceInstruction(word);
  const asKvm = vcpu.policy.unsupported === 'as-kvm';
  const known = instruction.kind === 'access' && !(asKvm && instruction.filled);
  if (known) {
    vcpu.pc = (vcpu.pc + 4) >>> 0;
    vcpu.work.instruction = instruction.mnemonic;
    vcpu.work.heavyExits++;
    const type = instruction.filled ? ExitType.X_MMIO : ExitType.MMIO;
    return { type, outcome: { kind: 'emulate-mmio', access: instruction.access } };
  }
  if (!asKvm && instruction.kind === 'cache-hint') {
    vcpu.pc = (vcpu.pc + 4) >>> 0;
    return resumed(ExitType.X_MMIO);
  }
  if (!asKvm && instruction.kind === 'unaligned') return reflectStorage(vcpu, exit, Priority.ALIGNMENT, ExitType.X_ALIGNMENT);
  const message = `The instruction ${hex(word)} at ${hex(exit.pc)} accesses a device and is not emulated.`;
  return fail(ExitType.MMIO, 'unemulated-instruction', exit.pc, message);
}

function handleDataMiss(vcpu: Vcpu, exit: Exit): HandledExit {
  if (vcpu.shadowTlb.mapMissedMagicPage(exit.dear, vcpu, vcpu.work)) return resumed(ExitType.DTLBVIRT);
  const guestIndex = vcpu.guestTlb.search(exit.dear, vcpu.pid, vcpu.dataSpace, vcpu.work);
  if (guestIndex < 0) return reflectStorage(vcpu, exit, Priority.DTLB_MISS, ExitType.DTLBREAL);
  const pa = vcpu.guestPhysical(guestIndex, exit.dear);
  if (!isGuestRam(vcpu, pa)) return handleDeviceAccess(vcpu, exit, guestIndex);
  vcpu.shadowTlb.map(exit.dear, pa, vcpu.guestTlb.entry(guestIndex), guestIndex, vcpu, vcpu.work);
  return resumed(ExitType.DTLBVIRT);
}

function handleInstructionMiss(vcpu: Vcpu, exit: Exit): HandledExit {
  if (vcpu.shadowTlb.mapMissedMagicPage(exit.pc, vcpu, vcpu.work)) return resumed(ExitType.ITLBVIRT);
  const guestIndex = vcpu.guestTlb.search(exit.pc, vcpu.pid, vcpu.instructionSpace, vcpu.work);
  if (guestIndex < 0) {
    const trampolinePa = vcpu.userMode ? undefined : vcpu.patchedCode?.areaPa(exit.pc);
    if (trampolinePa === undefined) return reflect(vcpu, Priority.ITLB_MISS, ExitType.ITLBREAL);
    vcpu.shadowTlb.mapTrampolines(exit.pc, trampolinePa, vcpu, vcpu.work);
    return { type: ExitType.ITLBVIRT, outcome: RESUME };
  }
  const pa = vcpu.guestPhysical(guestIndex, exit.pc);
  if (isGuestRam(vcpu, pa)) {
    vcpu.shadowTlb.map(exit.pc, pa, vcpu.guestTlb.entry(guestIndex), guestIndex, vcpu, vcpu.work);
  } else {
    vcpu.mcsr = (vcpu.mcsr | Mcsr.MCS | Mcsr.IB) >>> 0;
    queueInterrupt(vcpu, Priority.MACHINE_CHECK);
  }
  return resumed(ExitType.ITLBVIRT);
}

/**
 * Decides an exit: a function of the exit and the guest's state. It changes that state and fills in the work record, but performs no
 * device access, delivers nothing and books nothing. Vector 10 (the host's timer) is the timers' business and does not come here.
 */
export function handleExit(context: EmulationContext, exit: Exit): HandledExit {
  const { vcpu } = context;
  switch (exit.vector) {
    case Ivor.PROGRAM:
      return handleProgram(context, exit);
    case Ivor.DTLB_MISS:
      return handleDataMiss(vcpu, exit);
    case Ivor.ITLB_MISS:
      return handleInstructionMiss(vcpu, exit);
    case Ivor.SYSCALL:
      return handleSystemCall(context);
    case Ivor.DATA_STORAGE:
      return storeToTrampolines(vcpu, exit) ?? reflectStorage(vcpu, exit, Priority.DATA_STORAGE, ExitType.DSI);
    case Ivor.INST_STORAGE:
      return reflectStorage(vcpu, exit, Priority.INST_STORAGE, ExitType.ISI);
    case Ivor.FP_UNAVAIL:
      return handleFloatingPoint(vcpu);
    case Ivor.EXTERNAL:
      return resumed(ExitType.EXTINT);
    case Ivor.ALIGNMENT:
      return reflectUnknownToKvm(vcpu, exit, Priority.ALIGNMENT, ExitType.X_ALIGNMENT, 'alignment');
    case Ivor.AP_UNAVAIL:
      return reflectUnknownToKvm(vcpu, exit, Priority.AP_UNAVAIL, ExitType.X_AP_UNAVAIL, 'auxiliary processor unavailable');
    case Ivor.DEBUG:
      return fail(ExitType.DEBUG, 'unexpected-interrupt', exit.pc, `A debug interrupt at ${hex(exit.pc)} that no one asked for.`);
    default:
      return fail(ExitType.SIGNAL, 'unexpected-interrupt', exit.pc, `Interrupt ${exit.vector} at ${hex(exit.pc)} is not the guest's.`);
  }
}
