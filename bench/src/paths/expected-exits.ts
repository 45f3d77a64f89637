import { decode, Msr, Vector } from '@exitlab/core';
import { kernelInstruction, type PatchPlan } from '@exitlab/monitor';
import type { Step } from './guest-path.js';

/** An exit at a guest pc. */
export interface PathExit {
  readonly pc: number;
  /** As KVM calls it. */
  readonly type: string;
}

/** A step of a path at which the guest leaves for the hypervisor if nothing is patched. */
export interface PrivilegedStep extends PathExit {
  /** The word, unless it is the interrupt that begins the path. */
  readonly word?: number;
  /** As the patcher names it, `mtspr SRR0`. */
  readonly name?: string;
  /** The bits of the MSR that it changes. */
  readonly changedMsr: number;
}

/** Under which type KVM counts the emulation of an instruction (Linux 3.4, arch/powerpc/kvm/emulate.c and booke_emulate.c). */
const KVM_TYPES: Readonly<Record<string, string>> = {
  mfspr: 'EMUL_MFSPR',
  mtspr: 'EMUL_MTSPR',
  mfmsr: 'EMUL_MFMSR',
  mtmsr: 'EMUL_MTMSR',
  wrtee: 'EMUL_WRTEE',
  wrteei: 'EMUL_WRTEE',
  rfi: 'EMUL_RFI',
  tlbwe: 'EMUL_TLBWE',
  tlbsx: 'EMUL_TLBSX',
};
const OTHER_TYPE = 'EMULINST';

/** Interrupts that KVM gives to the guest, and how far behind the instruction that asked for it the saved pc is. */
const REFLECTED: Readonly<Record<number, { readonly type: string; readonly behindBytes: number }>> = {
  [Vector.systemCall]: { type: 'SYSCALL', behindBytes: 4 },
  [Vector.dataTlbError]: { type: 'DTLBREAL', behindBytes: 0 },
  [Vector.instructionTlbError]: { type: 'ITLBREAL', behindBytes: 0 },
};

/** The steps of a path that leave an unmodified guest, by the table of instructions and KVM's names for exits alone. */
export function privilegedSteps(path: readonly Step[]): PrivilegedStep[] {
  return path.flatMap((step, index): PrivilegedStep[] => {
    if (step.kind === 'interrupt') {
      const reflected = REFLECTED[step.vector];
      return reflected === undefined ? [] : [{ pc: step.pc - reflected.behindBytes, type: reflected.type, changedMsr: 0 }];
    }
    const instruction = (step.msr & Msr.PR) === 0 ? kernelInstruction(step.word) : undefined;
    if (instruction?.traps !== true) return [];
    const type = KVM_TYPES[decode(step.word)!.row.mnemonic] ?? OTHER_TYPE;
    // What follows the last step is the return to user mode.
    const after = path[index + 1]?.msr ?? step.msr ^ (instruction.name === 'rfi' ? Msr.PR : 0);
    return [{ pc: step.pc, type, word: step.word, name: instruction.name, changedMsr: step.msr ^ after }];
  });
}

/** Whether a step leaves the guest no more. */
export type TakenAway = (step: PrivilegedStep) => boolean;

/** Nothing is. */
export const nothingTakenAway: TakenAway = () => false;

/** What Linux patches in itself (Linux 6.12, arch/powerpc/kernel/kvm.c, kvm_check_ins, CONFIG_BOOKE). */
const LINUX_PATCHES = new Set([
  ...['mfspr', 'mtspr'].flatMap((move) => [
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `${move} SPRG${n}`),
    ...['SRR0', 'SRR1', 'DEAR', 'ESR'].map((spr) => `${move} ${spr}`),
  ]),
  'mfspr PIR',
  'mfmsr',
  'tlbsync',
  'mtmsr',
  'wrtee',
  'wrteei 0',
  'wrteei 1',
]);

/** Bits of the MSR that a guest patched either way changes by itself: EE, and RI, which the 440 does not have. */
const CHANGED_IN_GUEST = Msr.EE | 0x2;

export const takenAwayByLinux: TakenAway = ({ name, changedMsr }) =>
  name !== undefined && LINUX_PATCHES.has(name) && (changedMsr & ~CHANGED_IN_GUEST) === 0;

/** What a plan of the patcher takes away: all that it patches but the last of three joined `tlbwe`, and changes of the MSR beyond EE. */
export function takenAwayBy({ sites, uninterrupted }: PatchPlan): TakenAway {
  const lastJoinedPas = new Set(uninterrupted.map(({ lastPa }) => lastPa));
  const patched = new Set(
    sites.flatMap(({ ea, region, outcome }) => (outcome.kind === 'patched' && !lastJoinedPas.has(ea - region.ea + region.pa) ? [ea] : [])),
  );
  return ({ pc, changedMsr }) => patched.has(pc) && (changedMsr & ~CHANGED_IN_GUEST) === 0;
}
