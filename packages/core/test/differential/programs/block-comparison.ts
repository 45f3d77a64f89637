import { disassemble } from '../../../src/isa/disassembler.js';
import { VECTORS } from '../../../src/isa/vectors.js';
import { Block, END_SPRS, LOG_ENTRY_WORDS, Logged, MOST_LOGGED } from './layout.js';
import { OTHER_WORDS } from './unjudged.js';

const ENTRY_BYTES = 4 * LOG_ENTRY_WORDS;
const NAMES = new Map<number, string>(Object.entries(Logged).map(([name, word]) => [word, name]));
const END_NAMES = ['interrupts', 'rounds', ...END_SPRS.map((sprn) => `SPR ${sprn}`)];

function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function loggedName(word: number): string {
  return word >= Logged.gprs ? `r${word - Logged.gprs}` : (NAMES.get(word) ?? `word ${word}`);
}

function loggedWord(block: Buffer, entry: number, word: number): number {
  return block.readUInt32BE(Block.log + ENTRY_BYTES * entry + 4 * word);
}

/** What the 440 would have logged where QEMU has logged this. */
function corrected(theirs: Buffer, ours: Buffer, entry: number, word: number, used?: Set<string>): number {
  const vector = loggedWord(ours, entry, Logged.vector);
  const rows = OTHER_WORDS.filter((row) => row.word === word && (row.vector ?? vector) === vector);
  const ourWord = (index: number) => loggedWord(ours, entry, index);
  return rows.reduce(
    (value, row) => {
      const correct = row.corrected(value, ourWord) >>> 0;
      if (correct !== value) used?.add(row.reason);
      return correct;
    },
    loggedWord(theirs, entry, word),
  );
}

/** Interrupts that a program has taken. */
export function interruptsOf(block: Buffer): number[] {
  const count = block.readUInt32BE(Block.endState);
  return Array.from({ length: count }, (_, entry) => loggedWord(block, entry, Logged.vector));
}

function describeInterrupt(block: Buffer, entry: number): string {
  const vector = loggedWord(block, entry, Logged.vector);
  const at = `${hexadecimal(loggedWord(block, entry, Logged.srr0))}, MSR ${hexadecimal(loggedWord(block, entry, Logged.srr1))}`;
  return `${VECTORS[vector]?.name ?? `vector ${vector}`} at ${at}`;
}

/** Instructions of the program up to an address, as they are in memory at the end. */
function codeBefore(block: Buffer, address: number): string {
  const offset = address & (Block.codeCopy - Block.code - 4);
  const first = Math.max(0, offset - 16);
  const lines = Array.from({ length: (offset - first) / 4 + 1 }, (_, n) =>
    disassemble(block.readUInt32BE(Block.code + first + 4 * n), first + 4 * n),
  );
  return lines.join('; ');
}

/**
 * The first difference between what two machines have left of a block, if any: registers at some interrupt, else memory, the TLB or
 * SPRs at the end.
 * @param used gets the reasons for which a word of QEMU's has been corrected
 */
export function firstDifference(theirs: Buffer, ours: Buffer, used?: Set<string>): string | undefined {
  const values = (one: number, other: number) => (one === other ? undefined : `QEMU ${hexadecimal(one)}, ours ${hexadecimal(other)}`);
  const valuesAt = (offset: number) => values(theirs.readUInt32BE(offset), ours.readUInt32BE(offset));
  for (let entry = 0; entry < MOST_LOGGED; entry++) {
    const differing: string[] = [];
    for (let word = 0; word < LOG_ENTRY_WORDS; word++) {
      const difference = values(corrected(theirs, ours, entry, word, used), loggedWord(ours, entry, word));
      if (difference) differing.push(`${loggedName(word)}: ${difference}`);
    }
    if (differing.length > 0) {
      const since = entry > 0 ? ` after ${describeInterrupt(ours, entry - 1)}` : '';
      const place = `interrupt ${entry} (${describeInterrupt(ours, entry)})${since}`;
      return `${place}: ${differing.slice(0, 8).join('; ')}. Code: ${codeBefore(ours, loggedWord(ours, entry, Logged.srr0))}`;
    }
  }
  for (const [index, name] of END_NAMES.entries()) {
    const difference = valuesAt(Block.endState + 4 * index);
    if (difference) return `${name} at the end: ${difference}`;
  }
  for (let offset = Block.data; offset < Block.log; offset += 4) {
    const difference = valuesAt(offset);
    if (difference) return `${offset < Block.code ? 'data' : 'code'} at offset ${hexadecimal(offset)} of the block: ${difference}`;
  }
  for (let offset = Block.endTlb; offset < Block.end; offset += 4) {
    const difference = valuesAt(offset);
    const index = (offset - Block.endTlb) / 4;
    if (difference) return `TLB entry ${index >> 2}, ${(index & 3) === 3 ? 'MMUCR' : `word ${index & 3}`}: ${difference}`;
  }
  return undefined;
}
