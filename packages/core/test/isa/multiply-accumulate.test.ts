import test from 'ava';
import fc from 'fast-check';
import { encode } from '../../src/isa/assembler.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';
import { Processor440 } from '../../src/processor/processor-440.js';

/**
 * The halfword multiply-accumulate set against its definition in integers (PPC440x5 UM, chapter 9). QEMU is no judge here: its overflow
 * and write-back are wrong (see ../differential/known-differences.ts).
 */
const MNEMONICS = [...new Set(INSTRUCTION_SET.filter(({ row }) => /^n?mac/.test(row.mnemonic)).map(({ row }) => row.mnemonic))];

interface Result {
  target: number;
  overflow: boolean;
}

function defined(mnemonic: string, rt: number, ra: number, rb: number): Result {
  const [, negative, halves, saturating, unsigned] = /^(n?)mac(hh|ch|lh)w(s?)(u?)$/.exec(mnemonic) ?? [];
  const read = (value: number, bits: number) => (unsigned ? BigInt.asUintN(bits, BigInt(value)) : BigInt.asIntN(bits, BigInt(value)));
  const high = (value: number) => read(value >>> 16, 16);
  const low = (value: number) => read(value, 16);
  const left = halves === 'hh' ? high(ra) : low(ra);
  const right = halves === 'lh' ? low(rb) : high(rb);
  const product = left * right;
  const exact = read(rt, 32) + (negative ? -product : product);
  const [least, greatest] = unsigned ? [0n, 2n ** 32n - 1n] : [-(2n ** 31n), 2n ** 31n - 1n];
  const overflow = exact < least || exact > greatest;
  const limited = exact < least ? least : exact > greatest ? greatest : exact;
  return { target: Number(BigInt.asUintN(32, saturating ? limited : exact)), overflow };
}

function createProcessor(): Processor440 {
  const nothing = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: 1 << 20, coreHz: 1, timebaseHz: 1, devices: nothing, dcrs: nothing });
  processor.writeTlb(0, 0, 0x290);
  processor.writeTlb(0, 1, 0);
  processor.writeTlb(0, 2, 0x7);
  return processor;
}

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 0xffffffff, 0x80000000, 0x7fffffff, 0x80008000, 0x7fff7fff, 0xffff0001),
);

for (const mnemonic of MNEMONICS) {
  test(`${mnemonic} accumulates as defined, with overflow and CR0`, (t) => {
    const processor = createProcessor();
    processor.memory.write32(0x1000, encode(`${mnemonic}o.`, { RT: 3, RA: 4, RB: 5 }));
    processor.memory.write32(0x1004, encode(mnemonic, { RT: 6, RA: 4, RB: 5 }));
    fc.assert(
      fc.property(word, word, word, (rt, ra, rb) => {
        processor.xer = 0;
        [rt, ra, rb, rt].forEach((value, index) => void processor.setGpr(3 + index, value));
        processor.pc = 0x1000;
        processor.run(2);
        const { target, overflow } = defined(mnemonic, rt, ra, rb);
        const order = target === 0 ? 2 : target >>> 31 ? 8 : 4;
        return (
          processor.gpr(3) === target &&
          processor.gpr(6) === target &&
          processor.xer === (overflow ? 0xc0000000 : 0) &&
          processor.cr >>> 28 === (order | (overflow ? 1 : 0))
        );
      }),
      { numRuns: 500 },
    );
    t.pass();
  });
}

test('all forms are covered', (t) => {
  t.is(MNEMONICS.length, 18);
});
