import test from 'ava';
import fc from 'fast-check';
import { AssemblyError, assemble, encode } from '../../src/isa/assembler.js';
import { disassemble, mnemonicOf } from '../../src/isa/disassembler.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';

/** Words as GNU as 2.40 makes them with -m440. */
const WORDS: readonly (readonly [string, number])[] = [
  ['addi r3,r4,-1', 0x3864ffff],
  ['addi 3,4,-1', 0x3864ffff],
  ['li r3,-1', 0x3860ffff],
  ['lwz r5,-16(r1)', 0x80a1fff0],
  ['mr. r4,r3', 0x7c641b79],
  ['sub r3,r5,r4', 0x7c642850],
  ['slwi r4,r3,5', 0x54642834],
  ['clrrwi r4,r3,11', 0x54640028],
  ['cmpwi cr7,r3,-16', 0x2f83fff0],
  ['cmplwi r3,65520', 0x2803fff0],
  ['mfspr r3,SRR0', 0x7c7a02a6],
  ['mfsrr0 r3', 0x7c7a02a6],
  ['mtsprg 4,r3', 0x7c7443a6],
  ['mfsprg r3,4', 0x7c6442a6],
  ['crclr 4*cr1+eq', 0x4cc63182],
  ['trap', 0x7fe00008],
  ['nop', 0x60000000],
  ['iseleq r3,r4,r5', 0x7c64289e],
  ['tlbwe r3,r4,2', 0x7c6417a4],
  ['sync', 0x7c0004ac],
  ['lswi r3,r4,32', 0x7c6404aa],
  ['blr', 0x4e800020],
];

for (const [text, word] of WORDS) {
  test(`"${text}" assembles as in GNU as`, (t) => {
    t.is(assemble(text).toString(16), word.toString(16));
  });
}

test('a branch names its target, and its prediction sets the y bit by the direction', (t) => {
  t.is(assemble('b 0xf30', 0xf28), 0x48000008);
  t.is(assemble('beq- 0x108', 0x100), 0x41820008);
  t.is(assemble('beq+ 0x108', 0x100), 0x41a20008);
  t.is(assemble('beq+ 0xf8', 0x100), 0x4182fff8);
  t.is(assemble('ba 0xfffffff8', 0x100), 0x4bfffffa);
  t.is(assemble('bne cr7,0x108', 0x100), 0x409e0008);
});

test('encode takes fields by name and leaves the others 0', (t) => {
  t.is(encode('lwz', { RT: 5, D: -16, RA: 1 }), 0x80a1fff0);
  t.is(encode('b', { LI: -4 }), 0x4bfffffc);
  t.is(encode('mtspr', { SPR: 272, RS: 3 }), 0x7c7043a6);
});

for (const text of ['frobnicate r1', 'addi r3,r4', 'addi r3,r4,40000', 'b 0x3', 'lwz r3,r4,5', 'addi r32,r0,1', 'mfspr r3,NOSUCH', '']) {
  test(`"${text}" is refused with a sentence`, (t) => {
    const error = t.throws(() => assemble(text), { instanceOf: AssemblyError });
    t.regex(error!.message, /\.$/);
  });
}

/** Any word that sets no reserved bits of some instruction. */
const legalWord = fc
  .tuple(fc.constantFrom(...INSTRUCTION_SET), fc.integer({ min: 0, max: 0xffffffff }))
  .map(([{ mask, value, encoding }, bits]) => ((bits & ~(mask | encoding.reserved)) | value) >>> 0);

test('what the disassembler prints assembles to the same word, for every legal word', (t) => {
  fc.assert(
    fc.property(legalWord, fc.integer({ min: 0, max: 0x3fffffff }), (word, quarter) => {
      const pc = quarter * 4;
      return assemble(disassemble(word, pc), pc) === word;
    }),
    { numRuns: 20_000 },
  );
  t.pass();
});

test('a word that is no instruction, or sets reserved bits, is .long', (t) => {
  t.is(disassemble(0, 0), '.long 0x0');
  t.is(disassemble(0x7c2004ac, 0), '.long 0x7c2004ac');
  t.is(mnemonicOf(0), undefined);
  t.is(mnemonicOf(0x7c2004ac), 'msync');
});
