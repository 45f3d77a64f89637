import test from 'ava';
import fc from 'fast-check';
import type { FpMnemonic } from '../../src/fpu/index.js';
import { operandTriple, statusAndControl } from './operands.js';
import { bitsOfDouble, powerOfTwo, type Rational, single, times } from './rational.js';
import { RegisterFile } from './register-file.js';

const SIGN = 1n << 63n;
const isNan = (bits: bigint) => (bits & ~SIGN) > 0x7ff0000000000000n;
const isNegative = (bits: bigint) => bits > SIGN;

const moves: { mnemonic: FpMnemonic; target: (a: bigint, b: bigint, c: bigint) => bigint }[] = [
  { mnemonic: 'fmr', target: (_, b) => b },
  { mnemonic: 'fneg', target: (_, b) => b ^ SIGN },
  { mnemonic: 'fabs', target: (_, b) => b & ~SIGN },
  { mnemonic: 'fnabs', target: (_, b) => b | SIGN },
  { mnemonic: 'fsel', target: (a, b, c) => (isNan(a) || isNegative(a) ? b : c) },
];
for (const { mnemonic, target } of moves) {
  test(`${mnemonic} moves bits, signaling NaNs too, and leaves FPSCR alone`, (t) => {
    const file = new RegisterFile();
    fc.assert(
      fc.property(operandTriple, statusAndControl, ([a, b, c], before) => {
        const after = file.run(mnemonic, a, b, c, before);
        return after.target === target(a, b, c) && after.fpscr === before && after.result === 0;
      }),
      { numRuns: 1000 },
    );
    t.pass();
  });
}

const singles = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: 0, max: 0x7fffff }),
  fc.constantFrom(0, 0x80000000, 1, 0x7fffff, 0x807fffff, 0x800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0xffbfffff),
);

/** The value of a finite single. */
function valueOfSingle(word: number): Rational {
  const exponent = Math.floor(word / 2 ** 23) % 256;
  const fraction = word % 2 ** 23;
  const digits = BigInt(exponent === 0 ? fraction : fraction + 2 ** 23);
  return times({ numerator: digits, denominator: 1n }, powerOfTwo(Math.max(exponent - 127, single.emin) - 23));
}

test('lfs keeps the value of every finite single, and sign, quietness and payload of every NaN', (t) => {
  const file = new RegisterFile();
  fc.assert(
    fc.property(singles, (word) => {
      file.unit.loadSingle(5, word);
      const negative = word >= 2 ** 31;
      if (Math.floor(word / 2 ** 23) % 256 === 255) {
        const expected = (negative ? SIGN : 0n) + 0x7ff0000000000000n + BigInt(word % 2 ** 23) * 2n ** 29n;
        return file.fprs[5] === expected;
      }
      return file.fprs[5] === bitsOfDouble(valueOfSingle(word), negative);
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('stfs stores what lfs loaded', (t) => {
  const file = new RegisterFile();
  fc.assert(
    fc.property(singles, (word) => {
      file.unit.loadSingle(5, word);
      return file.unit.storeSingle(5) === word;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('stfs of what is no single drops digits without rounding', (t) => {
  const file = new RegisterFile();
  for (const [double, word] of [
    [0x3ff0_0000_1fff_ffffn, 0x3f80_0000],
    [0x3ff7_ffff_ffff_ffffn, 0x3fbf_ffff],
    [0x380f_ffff_ffff_ffffn, 0x007f_ffff],
    [0xb6a0_0000_0000_0001n, 0x8000_0001],
    [0xb69f_ffff_ffff_ffffn, 0x8000_0000],
    [0x0000_0000_0000_0001n, 0x0000_0000],
  ] as const) {
    file.fprs[5] = double;
    t.is(file.unit.storeSingle(5), word, double.toString(16));
  }
});

test('stfiwx stores the low word', (t) => {
  const file = new RegisterFile();
  file.fprs[5] = 0x0123_4567_89ab_cdefn;
  t.is(file.unit.lowWord(5), 0x89ab_cdef);
});
