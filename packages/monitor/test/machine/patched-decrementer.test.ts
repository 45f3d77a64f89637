import test from 'ava';
import fc from 'fast-check';
import { PATCH_TIMES } from '../../src/machine/kernel-patching.js';
import { BODY_OFFSET, finalState, guest, LOAD, type PrivilegedRun } from './privileged-guest.js';

/** A read of DEC with the timebase before and after it, low words. */
interface Reading {
  readonly before: number;
  readonly value: number;
  readonly after: number;
}

const BODY = LOAD + BODY_OFFSET;
const READING_BYTES = 12;
const MOST_READINGS = 20;
const TCR_ARE = 0x0040;

/** Waits about so many ticks, reads DEC, and keeps the reading in the guest's data. */
const wait = (ticks: number) => (ticks < 2 ? [] : [`li r9,${ticks >> 1}`, 'mtctr r9', 'bdnz .']);
const read = (index: number) => [
  'mfspr r10,268',
  'mfspr r11,22',
  'mfspr r12,268',
  ...[10, 11, 12].map((register, word) => `stw r${register},${index * READING_BYTES + word * 4}(r28)`),
];
const start = (value: number, reload: number) => [
  `lis r3,${reload === 0 ? 0 : TCR_ARE}`,
  'mtspr 340,r3',
  `li r3,${reload}`,
  'mtspr 54,r3',
  `lis r3,${value >>> 16}`,
  `ori r3,r3,${value & 0xffff}`,
  'mtspr 22,r3',
];

/** Branches to themselves are assembled for the places at which `guest` puts them. */
function placed(lines: readonly string[], firstAddress: number): string[] {
  return lines.map((line, index) => line.replace('bdnz .', `bdnz ${firstAddress + index * 4}`));
}

function readings(body: readonly string[], count: number, run: PrivilegedRun) {
  const { state, exitsOf } = finalState(guest(placed(body, BODY)), run);
  const view = new DataView(Uint8Array.from(state.data).buffer);
  const all = Array.from({ length: count }, (_, index): Reading => {
    const word = (n: number) => view.getUint32(index * READING_BYTES + n * 4);
    return { before: word(0), value: word(1), after: word(2) };
  });
  return { end: state.end, readings: all, readExits: exitsOf('EMUL_MFSPR') };
}

/** Whether DEC can read as `reading` at `tick` if it was started from `value`, runs out at `end`, and starts again from `reload` or not. */
function isRight(reading: number, tick: number, { value, end, reload }: { value: number; end: number; reload: number }): boolean {
  if (tick <= end) return reading === Math.min(value, end - tick);
  if (reload === 0) return reading === 0;
  const since = (tick - end) % reload;
  return reading === reload - since || (since === 0 && reading === 0);
}

/** Whether one course of DEC explains all readings: whether there is an end with which each is right at some tick of its own. */
function isOneCourse(all: readonly Reading[], value: number, reload: number): boolean {
  const running = all.find((each) => each.value > 0 && (each.value !== value || reload === value));
  if (running === undefined) return all.every((each) => each.value === 0 || each.value === value);
  for (let now = running.before; now <= running.after; now++) {
    for (let end = now + running.value; end >= all[0]!.before - reload; end -= reload) {
      const explains = all.every((each) => {
        for (let tick = each.before; tick <= each.after; tick++) if (isRight(each.value, tick, { value, end, reload })) return true;
        return false;
      });
      if (explains) return true;
      if (reload === 0) break;
    }
  }
  return false;
}

const course = fc.record({
  value: fc.constantFrom(0, 1, 300, 3_000, 20_000, 1_000_000),
  reload: fc.constantFrom(0, 700, 5_000),
  waits: fc.array(fc.constantFrom(0, 10, 200, 1_500, 9_000), { minLength: 3, maxLength: MOST_READINGS }),
});

test('reads of DEC agree with one course of it, computed or emulated, stopped, running, past its end and reloaded', (t) => {
  fc.assert(
    fc.property(course, fc.constantFrom(undefined, ...PATCH_TIMES), ({ value, reload, waits }, patchTime) => {
      const body = [...start(value, reload), ...waits.flatMap((ticks, index) => [...wait(ticks), ...read(index)])];
      const run: PrivilegedRun = patchTime === undefined ? { strategy: 'trap' } : { strategy: 'patched', patchTime };
      const { end, readings: all } = readings(body, waits.length, run);
      t.is(end, 'reset');
      t.true(isOneCourse(all, value, value === 0 ? 0 : reload), JSON.stringify({ value, reload, waits, patchTime, all }));
    }),
    { numRuns: 30, seed: 22 },
  );
});

test('a patched read of DEC makes no exit while it is stopped, runs or is past its end', (t) => {
  const waits = [0, 10, 200, 9_000, 10];
  const body = [...read(0), ...start(3_000, 0), ...waits.flatMap((ticks, index) => [...wait(ticks), ...read(index + 1)])];
  const run = readings(body, waits.length + 1, { strategy: 'patched', patchTime: 'load' });
  t.is(run.readExits, 0);
  t.deepEqual([run.readings[0]!.value, run.readings.at(-1)!.value], [0, 0]);
  t.true(run.readings.slice(1, 4).every(({ value }) => value > 0 && value <= 3_000));
  t.is(readings(body, waits.length + 1, { strategy: 'trap' }).readExits, waits.length + 1);
});

test('a DEC that reloads faster than an exit takes slows the guest down, but never stops it', (t) => {
  const body = [...start(5, 5), ...Array.from({ length: 20 }, () => 'nop')];
  t.is(finalState(guest(body), { strategy: 'trap' }).state.end, 'reset');
});

/** A decrementer handler that counts in r20 and clears DIS, at the start of the body and where an IVOR can point. */
const COUNTER = ['mtspr 272,r30', 'addi r20,r20,1', 'lis r30,0x0800', 'mtspr 336,r30', 'mfspr r30,272', 'rfi'];
const COUNTER_OFFSET = 0x10;
const withCounter = (body: readonly string[]) => {
  const start = BODY + COUNTER_OFFSET + 4 * COUNTER.length;
  const setUp = [`li r3,${BODY_OFFSET + COUNTER_OFFSET}`, 'mtspr 410,r3', 'lis r3,0x0400', 'mtspr 340,r3', 'li r20,0'];
  return [`b ${start}`, 'nop', 'nop', 'nop', ...COUNTER, ...setUp, ...body];
};

test('each time that DEC runs out is one interrupt, whatever comes while its bit of TSR is being cleared', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }),
      fc.constantFrom(undefined, ...PATCH_TIMES),
      (values, interruptEvery, patchTime) => {
        const body = values.flatMap((value) => [`li r3,${value}`, 'mtspr 22,r3', 'wrteei 1', ...wait(6_000), 'wrteei 0']);
        const run: PrivilegedRun = patchTime === undefined ? { strategy: 'trap' } : { strategy: 'patched', patchTime };
        const { state } = finalState(guest(placed(withCounter(body), BODY)), { ...run, interruptEvery });
        t.deepEqual([state.end, state.gprs[20]], ['reset', values.length]);
      },
    ),
    { numRuns: 30, seed: 336 },
  );
});

test('DIS reads as set where DEC has run out since it was cleared, and else as clear', (t) => {
  const period = 5_000;
  const DIS = 0x08000000;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6_000 }), { minLength: 2, maxLength: 5 }),
      fc.constantFrom(undefined, ...PATCH_TIMES),
      (waits, patchTime) => {
        const readDis = (index: number, ticks: number) => [
          ...['mfspr r10,268', 'mtspr 336,r19', 'mfspr r11,268', ...wait(ticks), 'mfspr r12,268', 'mfspr r13,336', 'mfspr r14,268'],
          ...[10, 11, 12, 13, 14].map((register, word) => `stw r${register},${index * 20 + word * 4}(r28)`),
        ];
        const body = ['lis r19,0x0800', ...start(period, period), ...waits.flatMap((ticks, index) => readDis(index, ticks))];
        const run: PrivilegedRun = patchTime === undefined ? { strategy: 'trap' } : { strategy: 'patched', patchTime };
        const { state, exitsOf } = finalState(guest(placed(body, BODY)), run);
        t.is(state.end, 'reset');
        if (patchTime === 'load') t.is(exitsOf('EMUL_MTSPR'), 7, 'of the vectors and of TCR, DECAR and DEC, but none of TSR');
        const view = new DataView(Uint8Array.from(state.data).buffer);
        const all = waits.map((_, index) => Array.from({ length: 5 }, (_, word) => view.getUint32(index * 20 + word * 4)));
        /** Whether DEC runs out in (from, to] if it does at `phase`, once in each period. */
        const runsOut = (phase: number, from: number, to: number) =>
          Math.floor((to - phase) / period) > Math.floor((from - phase) / period);
        const isExplained = Array.from({ length: period }, (_, phase) => phase).some((phase) =>
          all.every(([before, cleared, last, tsr, after]) =>
            (tsr! & DIS) !== 0 ? runsOut(phase, before!, after!) : !runsOut(phase, cleared!, last! - 2),
          ),
        );
        t.true(isExplained, JSON.stringify({ waits, patchTime, all }));
      },
    ),
    { numRuns: 30, seed: 337 },
  );
});
