import type { Instruction } from '../src/isa/instruction-set.js';
import type { RandomWords } from './random-words.js';

/** An instruction with random fields, of which some are given by their letters. */
export function drawInstruction(random: RandomWords, instruction: Instruction, given: Readonly<Record<string, number>> = {}): number {
  const { mask, value, encoding } = instruction;
  let word = ((random.next() & ~(mask | encoding.reserved)) | value) >>> 0;
  for (const [letter, field] of Object.entries(given)) {
    const bits = encoding.fields.get(letter);
    if (bits) word = ((word & ~((2 ** bits.width - 1) << bits.shift)) | ((field & (2 ** bits.width - 1)) << bits.shift)) >>> 0;
  }
  return word;
}

/** The two instructions that give a register a value. */
export function loadConstant(register: number, value: number): string[] {
  return [`lis r${register},${(value & 0xffff0000) >> 16}`, `ori r${register},r${register},${value & 0xffff}`];
}
