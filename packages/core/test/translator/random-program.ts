import { assemble } from '../../src/isa/assembler.js';
import type { RandomWords } from '../random-words.js';

/** Where a random program lives. Addresses are physical and, with the TLB entries of the test, effective too. */
export const Layout = {
  vectors: 0x0000,
  vectorBytes: 0x100,
  code: 0x10000,
  codePages: 3,
  data: 0x20000,
  dataPages: 3,
  ramBytes: 0x40000,
} as const;

const PAGE_BYTES = 4096;
export const CODE_WORDS = (Layout.codePages * PAGE_BYTES) / 4;

/** TLB entries: 0 the vectors, then the pages of code, then the pages of data. */
export function pageEntry(index: number): { ea: number; word2: number } {
  if (index < Layout.codePages) return { ea: Layout.code + index * PAGE_BYTES, word2: 0x3f };
  return { ea: Layout.data + (index - Layout.codePages) * PAGE_BYTES, word2: 0x3f };
}
const PAGE_4K_VALID = 0x210;

const D = 20;
/** Registers of the program: r0 to r25 are data, r26 is the data base, r27 the code base, r28 to r30 are scratch, r31 is the handlers'. */
const DATA_BASE = 26;
const CODE_BASE = 27;

const SIMPLE = [
  'add rA,rB,rC', 'addo rA,rB,rC', 'add. rA,rB,rC', 'addc rA,rB,rC', 'adde rA,rB,rC', 'addeo. rA,rB,rC', 'subf rA,rB,rC', 'subfc. rA,rB,rC', 'subfe rA,rB,rC',
  'addze rA,rB', 'subfme rA,rB', 'neg rA,rB', 'mullw rA,rB,rC', 'mulhwu rA,rB,rC', 'divw rA,rB,rC', 'divwu. rA,rB,rC', 'and rA,rB,rC', 'or. rA,rB,rC',
  'xor rA,rB,rC', 'nor rA,rB,rC', 'slw rA,rB,rC', 'srw. rA,rB,rC', 'sraw rA,rB,rC', 'srawi rA,rB,7', 'cntlzw rA,rB', 'extsb. rA,rB', 'extsh rA,rB',
  'addi rA,rB,1234', 'addis rA,rB,-3', 'addic rA,rB,-1', 'addic. rA,rB,5', 'subfic rA,rB,9', 'mulli rA,rB,77', 'andi. rA,rB,0xff0', 'xoris rA,rB,0x8001',
  'rlwinm rA,rB,5,3,27', 'rlwimi rA,rB,9,4,20', 'rlwnm. rA,rB,rC,0,15', 'dlmzb rA,rB,rC', 'isel rA,rB,rC,6', 'machhw rA,rB,rC', 'macchwso. rA,rB,rC',
  'cmpw cr0,rB,rC', 'cmplw cr1,rB,rC', 'cmpwi cr7,rB,-5', 'cmplwi cr6,rB,100', 'crand 2,5,30', 'crxor 6,6,6', 'cror 31,1,0', 'crnor 3,29,2', 'mcrf cr2,cr7',
  'mfcr rA', 'mtcrf 0x81,rB', 'mtcrf 0xff,rB', 'mcrxr cr3', 'mflr rA', 'mtctr rB', 'mfctr rA', 'mfxer rA', 'mtxer rB',
] as const; // biome-ignore format: a table

const MEMORY = [
  'lwz rA,OFF(r26)', 'stw rA,OFF(r26)', 'lbz rA,OFF(r26)', 'stb rA,OFF(r26)', 'lhz rA,OFF(r26)', 'lha rA,OFF(r26)', 'sth rA,OFF(r26)',
  'lwzx rA,r26,r28', 'stwx rA,r26,r28', 'lwbrx rA,r26,r28', 'sthbrx rA,r26,r28', 'stbx rA,r26,r28', 'lmw r22,OFF(r26)', 'stmw r20,OFF(r26)',
  'lswi rA,r26,7', 'stswi rA,r26,9', 'lwarx rA,r26,r28', 'stwcx. rA,r26,r28', 'dcbz r26,r28', 'dcbst r26,r28', 'lswx rA,r26,r28',
] as const; // biome-ignore format: a table

const SYSTEM = [
  'wrteei 1', 'wrteei 0', 'mfmsr rA', 'mftb rA', 'mftbu rA', 'mfdec rA', 'mftsr rA', 'isync', 'icbi r26,r28', 'sc', 'twgei r3,100', 'mfsprg rA,1', 'mtsprg 2,rB', 'mfpid rA', 'mfesr rA',
] as const; // biome-ignore format: a table

/** A random program: words for the pages of code. Branches stay in it, nearly always. */
export function randomProgram(random: RandomWords): number[] {
  const words: number[] = [];
  const register = () => `r${random.below(D)}`;
  const filled = (pattern: string): string => {
    const offset = random.oneIn(20) ? random.below(0x3000) : (random.below(0x2f80) & -4) >>> 0;
    return pattern.replaceAll(/r([ABC])\b/g, register).replace('OFF', String(offset));
  };
  const push = (...lines: string[]) => {
    for (const line of lines) words.push(assemble(line));
  };
  const target = () => {
    const far = random.oneIn(4);
    const to = far ? random.below(CODE_WORDS) : Math.max(0, Math.min(CODE_WORDS - 1, words.length + random.below(60) - 40));
    return 4 * (to - words.length);
  };
  while (words.length < CODE_WORDS) {
    const kind = random.below(100);
    if (kind < 45) push(filled(random.pick(SIMPLE)));
    else if (kind < 68) push(`li r28,${random.below(0x2f00)}`, filled(random.pick(MEMORY)));
    else if (kind < 78) push(`bc ${random.pick([4, 12])},${random.below(32)},${target()}`);
    else if (kind < 81) push(`bc ${random.pick([16, 18])},0,${target()}`);
    else if (kind < 84) push(`b ${target()}`);
    else if (kind < 87) push(`bl ${target()}`);
    else if (kind < 89) push(random.pick(['blr', 'beqlr', 'bnelr cr7']));
    else if (kind < 90) push(`addi r28,r27,${random.below(0x2f00) & -4}`, 'mtctr r28', random.pick(['bctr', 'bctrl']));
    else if (kind < 95) push(filled(random.pick(SYSTEM)));
    else if (kind < 97)
      push(`lwz r29,${4 * random.below(CODE_WORDS)}(r27)`, `stw r29,${4 * Math.min(CODE_WORDS - 1, words.length + random.below(40))}(r27)`);
    else if (kind < 98) push(...changeOfTlb(random));
    else if (kind < 99) push(`li r28,${random.below(2)}`, 'mtpid r28');
    else push('mfmsr r28', 'ori r28,r28,0x4000', 'mtsrr1 r28', `addi r28,r27,${random.below(0x2f00) & -4}`, 'mtsrr0 r28', 'rfi');
  }
  return words.slice(0, CODE_WORDS);
}

/** Invalidates a page, makes it valid again, takes away a permission or gives it back, or swaps two pages of data. */
function changeOfTlb(random: RandomWords): string[] {
  const index = random.below(Layout.codePages + Layout.dataPages);
  const { ea } = pageEntry(index);
  const entry = `li r28,${index + 1}`;
  const high = (value: number) => `lis r29,${((value >>> 16) << 16) >> 16}`;
  switch (random.below(3)) {
    case 0:
      return [entry, high(ea), `ori r29,r29,${(ea & 0xffff) | (random.oneIn(2) ? PAGE_4K_VALID : 0x10)}`, 'tlbwe r29,r28,0'];
    case 1:
      return [entry, `li r29,${random.pick([0x3f, 0x3f, 0x2d, 0x3f])}`, 'tlbwe r29,r28,2'];
    default: {
      const { ea: rpn } = index < Layout.codePages ? pageEntry(index) : pageEntry(Layout.codePages + random.below(Layout.dataPages));
      return [entry, high(rpn), `ori r29,r29,${rpn & 0xffff}`, 'tlbwe r29,r28,1'];
    }
  }
}

/** What a handler does: goes on behind the instruction, starts the program again, comes back to supervisor state, or acknowledges a timer. */
export function handlerCode(vector: number): number[] {
  const saved = ['mtsprg 0,r31'];
  const restored = ['mfsprg r31,0', 'rfi'];
  const restart = (index: number) => [`lis r31,${Layout.code >>> 16}`, `ori r31,r31,${(Layout.code & 0xffff) + 4 * index}`, 'mtsrr0 r31'];
  // A page that a fault names is made valid, readable, writable and executable again.
  const repair = Array.from({ length: Layout.codePages + Layout.dataPages }, (_, index) => index).flatMap((index) => [
    `lis r31,${pageEntry(index).ea >>> 16}`,
    `ori r31,r31,${(pageEntry(index).ea & 0xffff) | PAGE_4K_VALID}`,
    'mtsprg 3,r30',
    `li r30,${index + 1}`,
    'tlbwe r31,r30,0',
    'li r31,0x3f',
    'tlbwe r31,r30,2',
    'mfsprg r30,3',
  ]);
  const skip = ['mfsrr0 r31', 'addi r31,r31,4', 'mtsrr0 r31'];
  const body: Record<number, readonly string[]> = {
    2: skip,
    3: repair,
    4: [],
    6: skip,
    8: ['mfsrr1 r31', 'rlwinm r31,r31,0,18,16', 'mtsrr1 r31'],
    10: ['lis r31,0x0800', 'mttsr r31'],
    11: ['lis r31,0x0400', 'mttsr r31'],
    13: repair,
    14: [...restart(vector), ...repair],
  };
  return [...saved, ...(body[vector] ?? skip), ...restored].map((line) => assemble(line));
}
export { CODE_BASE, DATA_BASE };
