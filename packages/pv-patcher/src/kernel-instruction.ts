import { decode, type Instruction, sprByNumber } from '@exitlab/core';

/** An instruction of a kernel that patching is about. */
export interface KernelInstruction {
  readonly instruction: Instruction;
  /** `mfmsr`, `mfspr SRR0`, `wrteei 0`: the mnemonic, and the register or bit where it names one. */
  readonly name: string;
  /** RT or RS, where there is one. */
  readonly register: number;
  /** It leaves a guest kernel in problem state: privileged, or a move of a privileged SPR. */
  readonly traps: boolean;
}

/** SPR numbers have their two five-bit halves exchanged (Power ISA, mfspr). */
const sprField = (word: number): number => ((word >>> 16) & 0x1f) | ((word >>> 6) & 0x3e0);

/** The names under which user code, too, reads SPRG4 to SPRG7. */
const USER_READABLE_SPRG = /^SPRG\dR$/;

/**
 * Recognises a word that patching is about: one that traps, or a read of a user-readable SPRG, which does not. Words with reserved bits
 * set are none that a compiler or assembler writes.
 */
export function kernelInstruction(word: number): KernelInstruction | undefined {
  const instruction = decode(word);
  if (instruction === undefined || (word & instruction.encoding.reserved) !== 0) return undefined;
  const register = (word >>> 21) & 0x1f;
  const { mnemonic, privileged } = instruction.row;
  if (mnemonic === 'mfspr' || mnemonic === 'mtspr') {
    const spr = sprByNumber(sprField(word));
    if (spr === undefined) return undefined;
    const traps = (mnemonic === 'mfspr' ? spr.read : spr.write) === 'supervisor';
    if (!traps && !(mnemonic === 'mfspr' && USER_READABLE_SPRG.test(spr.name))) return undefined;
    return { instruction, name: `${mnemonic} ${spr.name}`, register, traps };
  }
  if (privileged !== true) return undefined;
  const name = mnemonic === 'wrteei' ? `wrteei ${(word >>> 15) & 1}` : instruction.mnemonic;
  return { instruction, name, register, traps: true };
}
