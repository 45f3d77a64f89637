import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { disassemble } from '../../src/isa/disassembler.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';
import { RandomWords } from '../random-words.js';
import { type DisassembledWord, disassembleSection, disassembleWords, objdumpVersion } from './objdump.js';
import { OBJDUMP_EXCEPTIONS } from './objdump-exceptions.js';

/** The version whose text the comparison is made with: others word some forms differently. */
const BINUTILS = /\b2\.40$/;
const VMLINUX =
  process.env.EXITLAB_VMLINUX ?? fileURLToPath(new URL('../../../../../.cache/linux-guest/linux-6.12/vmlinux', import.meta.url));

/** Disagreements that no exception explains, and how often each exception was needed. */
function compare(words: readonly DisassembledWord[]): { unexplained: string[]; excepted: Map<string, number> } {
  const unexplained: string[] = [];
  const excepted = new Map<string, number>();
  for (const { address, word, text } of words) {
    const ours = disassemble(word, address);
    if (ours === text) continue;
    const exception = OBJDUMP_EXCEPTIONS.find(({ applies }) => applies(word, text));
    if (exception) excepted.set(exception.reason, (excepted.get(exception.reason) ?? 0) + 1);
    else unexplained.push(`${word.toString(16).padStart(8, '0')} at ${address.toString(16)}: ours "${ours}", objdump's "${text}"`);
  }
  return { unexplained, excepted };
}

test('objdump is of the version that the comparison is pinned to', (t) => {
  t.log(objdumpVersion());
  t.regex(objdumpVersion(), BINUTILS);
});

test('every word of the text of the Linux image reads as in objdump', (t) => {
  t.true(existsSync(VMLINUX), 'the Linux guest is built first (or EXITLAB_VMLINUX names a vmlinux)');
  for (const section of ['.text', '.init.text']) {
    const words = disassembleSection(VMLINUX, section);
    const { unexplained, excepted } = compare(words);
    t.log(`${section}: ${words.length} words; exceptions: ${JSON.stringify(Object.fromEntries(excepted))}`);
    t.true(words.length > 10_000);
    t.deepEqual(unexplained.slice(0, 20), []);
  }
});

test('every instruction with random operands reads as in objdump', (t) => {
  const random = new RandomWords(440);
  const words = INSTRUCTION_SET.flatMap(({ mask, value, encoding }) =>
    Array.from({ length: 300 }, () => ((random.next() & ~(mask | encoding.reserved)) | value) >>> 0),
  );
  const { unexplained, excepted } = compare(disassembleWords(words));
  t.log(`${words.length} words; exceptions: ${JSON.stringify(Object.fromEntries(excepted))}`);
  t.deepEqual(unexplained.slice(0, 20), []);
});

test('random words, most of them no instruction, are .long where objdump has .long', (t) => {
  const random = new RandomWords(441);
  const words = Array.from({ length: 200_000 }, () => random.next());
  // What another processor has is legal to objdump with its names, and no instruction here: only the other direction is a claim of ours.
  const claimed = disassembleWords(words).filter(({ word, address }) => !disassemble(word, address).startsWith('.long'));
  const { unexplained } = compare(claimed);
  t.true(claimed.length > 10_000);
  t.deepEqual(unexplained.slice(0, 20), []);
});
