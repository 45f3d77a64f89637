import { createRequire } from 'node:module';
import test from 'ava';
import { disassemble } from '../../src/isa/disassembler.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';
import { RandomWords } from '../random-words.js';

/** What we use of capstone-js, which has no types of its own. */
interface Capstone {
  ARCH_PPC: number;
  MODE_32: number;
  MODE_BIG_ENDIAN: number;
  Capstone: new (architecture: number, mode: number) => CapstoneDecoder;
}
interface CapstoneDecoder {
  disasm(bytes: readonly number[], address: number): { mnemonic: string; op_str: string }[];
  close(): void;
}
const loadCapstone = createRequire(import.meta.url)('@alexaltea/capstone-js') as () => Promise<Capstone>;

const WORDS_AN_INSTRUCTION = 50;
const PC = 0x1000;

/** Both write numbers in their own way: all become decimal, CR bits as objdump has them, addresses 32 bits wide. */
function normalised(text: string): string {
  return text
    .replace(/\bcr([0-7])(lt|gt|eq|un)\b/g, (_, field: string, bit: string) => {
      const name = bit === 'un' ? 'so' : bit;
      return field === '0' ? name : `4*cr${field}+${name}`;
    })
    .replace(/-?0x[0-9a-f]+/g, (number) => {
      const magnitude = BigInt(number.replace('-', ''));
      return String(number.startsWith('-') ? -magnitude : BigInt.asUintN(32, magnitude));
    })
    .replaceAll(', ', ',')
    .trim();
}

/** The same mnemonic with its operands in another order or dress. */
const OTHER_OPERANDS = /^(dcbtst|dcbt|icbt|dccci|iccci|mtfsfi\.?|dcbf|sync|tlbsx\.?|lswi|stswi|mfsprg|mtsprg)$/;

/** An update form with RA = 0 is invalid; the 440 updates r0, and Capstone writes 0. */
const isInvalidUpdate = (mnemonic: string, word: number) => /^(l|st).*ux?$/.test(mnemonic) && ((word >>> 16) & 31) === 0;

test('where Capstone prints the same mnemonic, it prints the same operands', async (t) => {
  const capstone = await loadCapstone();
  const decoder = new capstone.Capstone(capstone.ARCH_PPC, capstone.MODE_32 | capstone.MODE_BIG_ENDIAN);
  const random = new RandomWords(5);
  const differences: string[] = [];
  const compared = new Set<string>();
  for (const { mask, value, encoding } of INSTRUCTION_SET) {
    for (let n = 0; n < WORDS_AN_INSTRUCTION; n++) {
      const word = ((random.next() & ~(mask | encoding.reserved)) | value) >>> 0;
      const bytes = [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff);
      const [theirs] = attempt(() => decoder.disasm(bytes, PC));
      const ours = disassemble(word, PC);
      const [mnemonic = ''] = ours.split(' ');
      if (theirs?.mnemonic !== mnemonic || OTHER_OPERANDS.test(mnemonic) || isInvalidUpdate(mnemonic, word)) continue;
      compared.add(mnemonic);
      const text = normalised(`${theirs.mnemonic} ${theirs.op_str}`);
      if (normalised(ours) !== text) differences.push(`${word.toString(16)}: ours "${ours}", Capstone's "${text}"`);
    }
  }
  decoder.close();
  t.deepEqual(differences.slice(0, 20), []);
  t.log(`${compared.size} mnemonics compared`);
  t.true(compared.size > 150);
});

/** Capstone throws where it knows no instruction. */
function attempt<T>(decode: () => T[]): T[] {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Error || typeof error === 'string' || typeof error === 'number') return [];
    throw error;
  }
}
