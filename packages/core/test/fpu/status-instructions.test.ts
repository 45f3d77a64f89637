import test from 'ava';
import fc from 'fast-check';
import { ENABLED_EXCEPTION, FpOperation, Fpscr } from '../../src/fpu/index.js';
import { statusAndControl } from './operands.js';
import { withSummaries } from './reference.js';
import { RegisterFile } from './register-file.js';

/** FX is bit 0 and so on, as the book numbers them. */
const mask = (...bits: number[]) => bits.reduce((sum, n) => sum + 2 ** (31 - n), 0);
const stickyBits = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 21, 22, 23];

function execute(mnemonic: keyof typeof FpOperation, fra: number, frb: number, fpscr: number, frbBits = 0n) {
  const file = new RegisterFile();
  file.fpscr[0] = fpscr;
  file.fprs[2] = frbBits;
  const result = file.unit.execute(FpOperation[mnemonic], 1, fra, frb, 0);
  return { fpscr: file.fpscr[0]!, result, target: file.fprs[1]! };
}

test('mffs gives FPSCR in the low word of the target', (t) => {
  t.is(execute('mffs', 0, 0, 0xb2064000).target, 0xb2064000n);
});

test('mtfsb1 of an exception bit sets FX and the summaries; of FX only itself; of FEX, VX and bit 20 nothing', (t) => {
  for (const n of stickyBits) t.is(execute('mtfsb1', n, 0, 0).fpscr, withSummaries(mask(0, n)), `bit ${n}`);
  t.is(execute('mtfsb1', 0, 0, 0).fpscr, mask(0));
  for (const n of [1, 2, 20]) t.is(execute('mtfsb1', n, 0, 0).fpscr, 0, `bit ${n}`);
});

test('mtfsb1 of an exception bit that is already set leaves FX clear', (t) => {
  for (const n of stickyBits) {
    const before = withSummaries(mask(n));
    t.is(execute('mtfsb1', n, 0, before).fpscr, before, `bit ${n}`);
  }
});

test('mtfsb0 clears its bit, and with the last cause the summaries', (t) => {
  const before = withSummaries(mask(0, 7, 24));
  t.is(before, mask(0, 1, 2, 7, 24));
  t.is(execute('mtfsb0', 7, 0, before).fpscr, mask(0, 24));
  for (const n of [1, 2]) t.is(execute('mtfsb0', n, 0, before).fpscr, before, `bit ${n}`);
});

test('an enable set over a sticky exception reports an enabled exception, as the reverse does', (t) => {
  for (const [exception, enable] of [
    [7, 24],
    [3, 25],
    [4, 26],
    [5, 27],
    [6, 28],
  ] as const) {
    t.is(execute('mtfsb1', enable, 0, withSummaries(mask(exception))).result, ENABLED_EXCEPTION);
    t.is(execute('mtfsb1', exception, 0, mask(enable)).result, ENABLED_EXCEPTION);
    t.is(execute('mtfsb1', exception, 0, 0).result, 0);
  }
});

test('mtfsfi replaces one field; in field 0 only FX and OX, and OX does not imply FX', (t) => {
  t.is(execute('mtfsfi', 7, 3, 0).fpscr, 3);
  t.is(execute('mtfsfi', 7, 0, 0xff).fpscr, 0xf0);
  t.is(execute('mtfsfi', 0, 0xf, 0).fpscr, mask(0, 3));
  t.is(execute('mtfsfi', 0, 1, 0).fpscr, mask(3));
  t.is(execute('mtfsfi', 0, 0, mask(0, 2, 3, 7)).fpscr, mask(2, 7));
});

test('mtfsf replaces the fields its mask selects, and the summaries follow', (t) => {
  fc.assert(
    fc.property(statusAndControl, fc.integer({ min: 0, max: 255 }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (before, flm, value) => {
      let expected = 0;
      for (let n = 0; n < 32; n++) {
        const selected = Math.floor(flm / 2 ** (7 - Math.floor(n / 4))) % 2 === 1 && n !== 20;
        const from = selected ? Number(value % 2n ** 32n) : before;
        expected += (Math.floor(from / 2 ** (31 - n)) % 2) * 2 ** (31 - n);
      }
      return execute('mtfsf', flm, 2, before, value).fpscr === withSummaries(expected);
    }),
  );
  t.pass();
});

test('mcrfs gives the field and clears the exceptions in it, which the summaries follow', (t) => {
  const before = withSummaries(0x9ff80700 + 0x00065000 + 0xf8);
  const after = [
    { field: 0xf, clears: mask(0, 3) },
    { field: 0xf, clears: mask(4, 5, 6, 7) },
    { field: 0xf, clears: mask(8, 9, 10, 11) },
    { field: 0xe, clears: mask(12) },
    { field: 0x5, clears: 0 },
    { field: 0x7, clears: mask(21, 22, 23) },
    { field: 0xf, clears: 0 },
    { field: 0x8, clears: 0 },
  ];
  for (const [n, { field, clears }] of after.entries()) {
    const outcome = execute('mcrfs', n, 0, before);
    t.is(outcome.result & 0xf, field, `field ${n}`);
    t.is(outcome.fpscr, withSummaries(before - clears), `field ${n}`);
  }
});

test('the bits of the register lie where the book numbers them', (t) => {
  t.is(Fpscr.FX >>> 0, 0x8000_0000);
  t.is(Fpscr.FR | Fpscr.FI, 0x0006_0000);
  t.is(Fpscr.FPRF, 0x0001_f000);
  t.is(Fpscr.VE | Fpscr.OE | Fpscr.UE | Fpscr.ZE | Fpscr.XE, 0xf8);
});
