import { decode, sprByNumber } from '@exitlab/core';
import { ExitType } from '../exit-types.js';
import { Dbcr0, Esr, Spr } from '../registers.js';
import { SharedField } from '../shared-page.js';
import type { Vcpu } from '../vcpu.js';
import { emulateTlbre, emulateTlbsx, emulateTlbwe, isJoined, writeEntryOfReturn } from './guest-tlb-instructions.js';
import { fieldRt, fieldSpr } from './instruction-word.js';
import { type EmulationContext, SPR_TABLE } from './sprs.js';

/**
 * How an emulation ended.
 * - `done`: the guest goes on at the next instruction; `jumped`: where the instruction set the pc.
 * - `dcr`: the machine monitor must do the device control register access.
 * - `reset`: the guest asked for one.
 * - `illegal`: the instruction is none of the 440's; the guest takes a program interrupt.
 */
export type EmulationResult = 'done' | 'jumped' | 'dcr' | 'reset' | 'illegal';

/** One privileged instruction: the type its exits count under, and what it does. */
export interface PrivilegedInstruction {
  /** As in core's instruction table, which has its encoding. */
  readonly mnemonic: string;
  readonly exitType: ExitType;
  /** Whether KVM 3.4 knows it. */
  readonly filled: boolean;
  readonly emulate: (context: EmulationContext, word: number) => EmulationResult;
}

const CPR0_CONFIG_ADDRESS = 0x00c;
const CPR0_CONFIG_DATA = 0x00d;

function writeEe(vcpu: Vcpu, value: number): EmulationResult {
  vcpu.setExternalEnable(value);
  return 'done';
}

/** `rfi`. */
export function returnFromInterrupt({ vcpu }: EmulationContext): EmulationResult {
  return returnTo(vcpu, vcpu.shared.get(SharedField.srr0), vcpu.shared.get(SharedField.srr1));
}

function returnTo(vcpu: Vcpu, pc: number, msr: number): EmulationResult {
  vcpu.pc = (pc & ~3) >>> 0;
  vcpu.setMsr(msr);
  return 'jumped';
}

function emulateMfspr(context: EmulationContext, word: number): EmulationResult {
  const row = SPR_TABLE.get(fieldSpr(word));
  if (row?.read === undefined) return 'illegal';
  context.vcpu.work.sprn = row.sprn;
  context.vcpu.processor.setGpr(fieldRt(word), row.read(context) >>> 0);
  return 'done';
}

function emulateMtspr(context: EmulationContext, word: number): EmulationResult {
  const { vcpu } = context;
  const row = SPR_TABLE.get(fieldSpr(word));
  if (row?.write === undefined) return 'illegal';
  vcpu.work.sprn = row.sprn;
  const writable = sprByNumber(row.sprn)?.mask ?? 0xffffffff;
  row.write(context, (vcpu.processor.gpr(fieldRt(word)) & writable) >>> 0);
  // KVM only stores DBCR0, so that a guest which resets itself spins; here the reset is seen.
  const resets = row.sprn === Spr.DBCR0 && (vcpu.dbcr0 & Dbcr0.RST) !== 0 && vcpu.policy.unsupported === 'fill';
  return resets ? 'reset' : 'done';
}

/** Only the clock registers' address is kept in the kernel, since a guest computes its timebase frequency from them. */
function emulateMfdcr({ vcpu }: EmulationContext, word: number): EmulationResult {
  if (fieldSpr(word) !== CPR0_CONFIG_ADDRESS) return 'dcr';
  vcpu.processor.setGpr(fieldRt(word), vcpu.cpr0Address);
  return 'done';
}

function emulateMtdcr({ vcpu }: EmulationContext, word: number): EmulationResult {
  if (fieldSpr(word) !== CPR0_CONFIG_ADDRESS) return 'dcr';
  vcpu.cpr0Address = vcpu.processor.gpr(fieldRt(word));
  return 'done';
}

function kvm(mnemonic: string, exitType: ExitType, emulate: PrivilegedInstruction['emulate']): PrivilegedInstruction {
  return { mnemonic, exitType, filled: false, emulate };
}

function ours(mnemonic: string, exitType: ExitType, emulate: PrivilegedInstruction['emulate']): PrivilegedInstruction {
  return { mnemonic, exitType, filled: true, emulate };
}

const nothing = (): EmulationResult => 'done';

/** Linux 3.4: arch/powerpc/kvm/{emulate,booke_emulate,44x_emulate}.c; then what those leave out. */
export const PRIVILEGED_INSTRUCTIONS: readonly PrivilegedInstruction[] = [
  kvm('mfmsr', ExitType.EMUL_MFMSR, ({ vcpu }, word) => {
    vcpu.processor.setGpr(fieldRt(word), vcpu.msr);
    return 'done';
  }),
  kvm('mtmsr', ExitType.EMUL_MTMSR, ({ vcpu }, word) => {
    vcpu.setMsr(vcpu.processor.gpr(fieldRt(word)));
    return 'done';
  }),
  kvm('wrtee', ExitType.EMUL_WRTEE, ({ vcpu }, word) => writeEe(vcpu, vcpu.processor.gpr(fieldRt(word)))),
  kvm('wrteei', ExitType.EMUL_WRTEE, ({ vcpu }, word) => writeEe(vcpu, word)),
  kvm('mfspr', ExitType.EMUL_MFSPR, emulateMfspr),
  kvm('mtspr', ExitType.EMUL_MTSPR, emulateMtspr),
  kvm('rfi', ExitType.EMUL_RFI, (context, word) => {
    if (isJoined(context.vcpu, word)) writeEntryOfReturn(context.vcpu, word);
    return returnFromInterrupt(context);
  }),
  kvm('tlbwe', ExitType.EMUL_TLBWE, ({ vcpu }, word) => (emulateTlbwe(vcpu, word) ? 'done' : 'illegal')),
  kvm('tlbsx', ExitType.EMUL_TLBSX, ({ vcpu }, word) => {
    emulateTlbsx(vcpu, word);
    return 'done';
  }),
  kvm('mfdcr', ExitType.EMULINST, emulateMfdcr),
  kvm('mtdcr', ExitType.EMULINST, emulateMtdcr),
  kvm('iccci', ExitType.EMULINST, nothing),
  kvm('dcbi', ExitType.EMULINST, nothing),
  kvm('tlbsync', ExitType.EMULINST, nothing),
  ours('rfci', ExitType.X_EMUL_RFCI, ({ vcpu }) => returnTo(vcpu, vcpu.csrr0, vcpu.csrr1)),
  ours('rfmci', ExitType.X_EMUL_RFCI, ({ vcpu }) => returnTo(vcpu, vcpu.mcsrr0, vcpu.mcsrr1)),
  ours('tlbre', ExitType.X_EMUL_TLBRE, ({ vcpu }, word) => (emulateTlbre(vcpu, word) ? 'done' : 'illegal')),
  ours('dccci', ExitType.X_EMUL_CACHE, nothing),
  ours('dcread', ExitType.X_EMUL_CACHE, ({ vcpu }, word) => {
    vcpu.processor.setGpr(fieldRt(word), 0);
    return 'done';
  }),
  ours('icread', ExitType.X_EMUL_CACHE, nothing),
];

const BY_MNEMONIC: ReadonlyMap<string, PrivilegedInstruction> = new Map(
  PRIVILEGED_INSTRUCTIONS.map((instruction) => [instruction.mnemonic, instruction]),
);

/** The privileged instruction that `word` encodes, if it is one. */
export function findPrivileged(word: number): PrivilegedInstruction | undefined {
  const mnemonic = decode(word)?.row.mnemonic;
  return mnemonic === undefined ? undefined : BY_MNEMONIC.get(mnemonic);
}

/** The type that an access to an SPR counts under: KVM's own, or ours where KVM refuses it. */
export function isFilledSprAccess(instruction: PrivilegedInstruction, word: number): boolean {
  const access = instruction.mnemonic === 'mfspr' ? 'read' : instruction.mnemonic === 'mtspr' ? 'write' : undefined;
  if (access === undefined) return false;
  const filled = SPR_TABLE.get(fieldSpr(word))?.filled;
  return filled === 'both' || filled === access;
}

/** ESR of a reflected program interrupt: what trapped for want of privilege is illegal to a guest that has it. */
export function programSyndrome(esr: number): number {
  return (esr & Esr.PPR) === 0 ? esr : Esr.PIL;
}

export { CPR0_CONFIG_ADDRESS, CPR0_CONFIG_DATA };
