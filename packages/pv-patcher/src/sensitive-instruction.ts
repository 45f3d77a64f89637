import { decode, type Instruction, sprByNumber } from '@exitlab/core';

/** An instruction that leaves a guest kernel in problem state: privileged, or a move of a privileged SPR. */
export interface SensitiveInstruction {
  readonly instruction: Instruction;
  /** `mfmsr`, `mfspr SRR0`: the mnemonic, and the register where it moves one. */
  readonly name: string;
  /** RT or RS, where there is one. */
  readonly register: number;
}

const MOVES = new Set(['mfspr', 'mtspr']);

/** SPR numbers have their two five-bit halves exchanged (Power ISA, mfspr). */
const sprField = (word: number): number => ((word >>> 16) & 0x1f) | ((word >>> 6) & 0x3e0);

/** Recognises a sensitive instruction word; words with reserved bits set are none that a compiler or assembler writes. */
export function sensitiveInstruction(word: number): SensitiveInstruction | undefined {
  const instruction = decode(word);
  if (instruction === undefined || (word & instruction.encoding.reserved) !== 0) return undefined;
  const register = (word >>> 21) & 0x1f;
  const { mnemonic } = instruction.row;
  if (!MOVES.has(mnemonic)) return instruction.row.privileged === true ? { instruction, name: instruction.mnemonic, register } : undefined;
  const spr = sprByNumber(sprField(word));
  const privilege = mnemonic === 'mfspr' ? spr?.read : spr?.write;
  return spr !== undefined && privilege === 'supervisor' ? { instruction, name: `${mnemonic} ${spr.name}`, register } : undefined;
}
