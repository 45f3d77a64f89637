import { computesOnly, decode } from '@exitlab/core';
import { fieldRa } from './instruction-word.js';

/** How far apart two `tlbwe` of one entry may be, in instructions. */
const LONGEST = 24;
/** The smallest page: nothing in one of them can miss once its first instruction is fetched. */
const PAGE_BYTES = 1024;

/**
 * Where the next word of a TLB entry is written, after the `tlbwe` at `pc` has written one: the address of the next `tlbwe` that names the
 * entry by the same register, with nothing before it but computing in registers. Then nothing can use the entry in between; undefined
 * where something might. `wordAt` reads the guest's code.
 */
export function nextWordOfEntry(pc: number, wordAt: (ea: number) => number): number | undefined {
  const entryRegister = fieldRa(wordAt(pc));
  for (let ea = pc + 4; ea < pc + 4 * LONGEST && Math.floor(ea / PAGE_BYTES) === Math.floor(pc / PAGE_BYTES); ea += 4) {
    const word = wordAt(ea);
    if (decode(word)?.row.mnemonic === 'tlbwe') return fieldRa(word) === entryRegister ? ea : undefined;
    if (!computesOnly(word, `r${entryRegister}`)) return undefined;
  }
  return undefined;
}
