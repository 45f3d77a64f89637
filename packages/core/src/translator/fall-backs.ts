import type { Instruction } from '../isa/instruction-set.js';
import { fieldValue } from '../isa/instruction-set.js';

/** Whether a load of several registers also loads its base: an invalid form, which may not be started again half way. */
function loadsItsBase(instruction: Instruction, word: number): boolean {
  const field = (letter: string, name: 'RT' | 'RA') => fieldValue(name, instruction.encoding.fields.get(letter)!, word);
  return field('a', 'RA') !== 0 && (instruction.mnemonic !== 'lmw' || field('a', 'RA') >= field('t', 'RT'));
}

/** Instructions that translated code leaves to the interpreter, and why. */
const FALL_BACKS: Readonly<Record<string, { reason: string; applies?: (instruction: Instruction, word: number) => boolean }>> = {
  lswx: { reason: 'XER says at run time which registers it loads' },
  stswx: { reason: 'XER says at run time which registers it stores' },
  lmw: { reason: 'the base is among the registers loaded', applies: loadsItsBase },
  lswi: { reason: 'the base may be among the registers loaded', applies: loadsItsBase },
};

/** Their mnemonics, in the order in which they are counted at State.fallBackCounts. */
export const FALL_BACK_MNEMONICS: readonly string[] = Object.keys(FALL_BACKS);

/** Whether an instruction is left to the interpreter. */
export function fallsBack(instruction: Instruction, word: number): boolean {
  const row = FALL_BACKS[instruction.mnemonic];
  return row !== undefined && (row.applies?.(instruction, word) ?? true);
}
