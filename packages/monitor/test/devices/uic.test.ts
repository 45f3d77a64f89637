import test from 'ava';
import { Uic } from '../../src/devices/uic.js';

const Register = { sr: 0, srs: 1, er: 2, cr: 3, pr: 4, tr: 5, msr: 6, vr: 7, vcr: 8 } as const;
const LINE_0 = 0x8000_0000;
const LINE_3 = 0x1000_0000;
const LINE_31 = 0x0000_0001;

const makeUic = () => {
  const uic = new Uic();
  const core = { external: false, critical: false };
  uic.connect({
    setExternal: (asserted) => {
      core.external = asserted;
    },
    setCritical: (asserted) => {
      core.critical = asserted;
    },
  });
  return { uic, core };
};

test('line 0 is the most significant bit', (t) => {
  const { uic } = makeUic();
  uic.line(0)(true);
  t.is(uic.readDcr(Register.sr), LINE_0);
  uic.line(31)(true);
  t.is(uic.readDcr(Register.sr), (LINE_0 | LINE_31) >>> 0);
});

test('an asserted line reaches the core only if it is enabled, and MSR shows only enabled lines', (t) => {
  const { uic, core } = makeUic();
  uic.line(3)(true);
  t.false(core.external);
  t.is(uic.readDcr(Register.msr), 0);
  uic.writeDcr(Register.er, LINE_3);
  t.true(core.external);
  t.is(uic.readDcr(Register.msr), LINE_3);
});

test('CR sends a line to the critical input instead', (t) => {
  const { uic, core } = makeUic();
  uic.writeDcr(Register.er, LINE_3);
  uic.writeDcr(Register.cr, LINE_3);
  uic.line(3)(true);
  t.deepEqual(core, { external: false, critical: true });
});

test('the status of a level-sensitive line cannot be cleared while it is asserted, and falls with it', (t) => {
  const { uic, core } = makeUic();
  uic.writeDcr(Register.er, LINE_3);
  uic.line(3)(true);
  uic.writeDcr(Register.sr, LINE_3);
  t.true(core.external);
  uic.line(3)(false);
  t.false(core.external);
  t.is(uic.readDcr(Register.sr), 0);
});

test('an edge-sensitive line stays latched after it falls, until software clears it', (t) => {
  const { uic, core } = makeUic();
  uic.writeDcr(Register.tr, LINE_3);
  uic.writeDcr(Register.er, LINE_3);
  uic.line(3)(true);
  uic.line(3)(false);
  t.true(core.external);
  uic.writeDcr(Register.sr, LINE_3);
  t.false(core.external);
});

test('an edge-sensitive line that stays high interrupts once', (t) => {
  const { uic, core } = makeUic();
  uic.writeDcr(Register.tr, LINE_3);
  uic.writeDcr(Register.er, LINE_3);
  uic.line(3)(true);
  uic.writeDcr(Register.sr, LINE_3);
  uic.line(3)(true);
  t.false(core.external);
});

test('software can set a status bit', (t) => {
  const { uic, core } = makeUic();
  uic.writeDcr(Register.er, LINE_3);
  uic.writeDcr(Register.srs, LINE_3);
  t.true(core.external);
});

test('an output that was asserted before the core is wired is seen by the core', (t) => {
  const uic = new Uic();
  uic.writeDcr(Register.er, LINE_3);
  uic.line(3)(true);
  const levels: boolean[] = [];
  uic.connect({ setExternal: (asserted) => levels.push(asserted), setCritical: () => {} });
  t.deepEqual(levels, [true]);
});

for (const { vcr, lines, vector } of [
  { vcr: 0x0000_1000, lines: [3], vector: 0x1000 + 28 * 512 },
  { vcr: 0x0000_1000, lines: [3, 31], vector: 0x1000 },
  { vcr: 0x0000_1001, lines: [3], vector: 0x1000 + 3 * 512 },
  { vcr: 0x0000_1001, lines: [0, 3], vector: 0x1000 },
  { vcr: 0x0000_1001, lines: [], vector: 0 },
]) {
  test(`with VCR ${vcr.toString(16)} and critical lines ${lines.join(' and ') || 'none'}, VR is ${vector.toString(16)}`, (t) => {
    const { uic } = makeUic();
    uic.writeDcr(Register.er, 0xffff_ffff);
    uic.writeDcr(Register.cr, 0xffff_ffff);
    uic.writeDcr(Register.vcr, vcr);
    for (const line of lines) uic.line(line)(true);
    t.is(uic.readDcr(Register.vr), vector);
  });
}
