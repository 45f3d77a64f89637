import test from 'ava';
import fc from 'fast-check';
import { ENABLED_EXCEPTION } from '../../src/fpu/index.js';
import { operandBits, operandTriple, statusAndControl } from './operands.js';
import { compare, magnitude, negated, over, plus, powerOfTwo, times, valueOfDouble } from './rational.js';
import { arithmeticMnemonics, referenceEffect } from './reference.js';
import { RegisterFile } from './register-file.js';

const hex = (bits: bigint | undefined) => (bits === undefined ? 'not written' : bits.toString(16).padStart(16, '0'));
const runs = 2000;

for (const mnemonic of arithmeticMnemonics) {
  test(`${mnemonic} gives the target, FPSCR and CR field that exact rational arithmetic gives`, (t) => {
    const file = new RegisterFile();
    fc.assert(
      fc.property(operandTriple, statusAndControl, ([a, b, c], before) => {
        const expected = referenceEffect(mnemonic, a, b, c, before);
        const actual = file.run(mnemonic, a, b, c, before);
        const name = `${mnemonic} ${hex(a)} ${hex(b)} ${hex(c)} fpscr ${before.toString(16)}`;
        const show = (target: bigint | undefined, fpscr: number) => `${name}: ${hex(target)} fpscr ${fpscr.toString(16)}`;
        const wanted = show(expected.target, expected.fpscr);
        const got = show(actual.target, actual.fpscr);
        if (got !== wanted) throw new Error(`want ${wanted}\n got ${got}`);
        if ((actual.result & 0xf) !== expected.crField) throw new Error(`${name}: CR field ${actual.result & 0xf}`);
        const enabled = (expected.fpscr & 0x4000_0000) !== 0;
        if (((actual.result & ENABLED_EXCEPTION) !== 0) !== enabled) throw new Error(`${name}: enabled exception is not ${enabled}`);
      }),
      { numRuns: runs, includeErrorInReport: true },
    );
    t.pass();
  });
}

for (const { mnemonic, parts, power } of [
  { mnemonic: 'fres', parts: 256n, power: 1 },
  { mnemonic: 'frsqrte', parts: 32n, power: 2 },
] as const) {
  test(`${mnemonic} is within one part in ${parts} of the true value`, (t) => {
    const file = new RegisterFile();
    const inRange = operandBits.map((bits) => (bits & 0x000f_ffff_ffff_ffffn) | (BigInt(950 + Number(bits % 140n)) << 52n));
    fc.assert(
      fc.property(inRange, (b) => {
        const estimate = valueOfDouble(file.run(mnemonic, 0n, b, 0n, 0).target!);
        // For a root the error of the square is twice its own, near enough; asking as much of the square asks more.
        const shouldBeOne = times(valueOfDouble(b), power === 2 ? times(estimate, estimate) : estimate);
        const error = magnitude(plus(shouldBeOne, negated(powerOfTwo(0))));
        return compare(error, over(powerOfTwo(0), { numerator: parts, denominator: 1n })) <= 0;
      }),
      { numRuns: runs, includeErrorInReport: true },
    );
    t.pass();
  });
}
