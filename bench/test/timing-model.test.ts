import { measuredRun } from '@exitlab/results';
import { syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import fc from 'fast-check';
import {
  CLASS_TIMING,
  coreCycles,
  coreSeconds,
  LIKELY_TIMING,
  ONE_CYCLE_TIMING,
  sensitivity,
  TIMING_ROWS,
  type TimedWork,
  type TimingClass,
  TimingInputError,
  timedWork,
} from '../src/index.js';

const NATIVE: TimedWork = { guest: { integer: 700, load: 200, branch: 100 }, exits: 0, hypervisorInstructions: 0 };
const TRAP: TimedWork = { ...NATIVE, exits: 10, hypervisorInstructions: 3300 };

test("the oracle's convention takes one cycle an instruction, of guest and hypervisor alike, and nothing else", (t) => {
  t.is(coreCycles(NATIVE, ONE_CYCLE_TIMING), 1000);
  t.is(coreCycles(TRAP, ONE_CYCLE_TIMING), 4300);
  t.is(coreSeconds(TRAP, ONE_CYCLE_TIMING, 1e9), 4300e-9);
});

test('an exit takes refills of the small TLBs and cold lines beside its instructions', (t) => {
  const timing = {
    ...ONE_CYCLE_TIMING,
    shadowFlushes: 3,
    shadowRefills: 5,
    shadowRefill: 3,
    guestColdLines: 2,
    lineFill: 40,
    coldLines: 0.1,
  };
  t.is(coreCycles(TRAP, timing), 1000 + 10 * (3 * 5 * 3 + 2 * 40) + 3300 * (1 + 0.1 * 40));
});

test('time grows with every figure', (t) => {
  for (const [name, { low, likely, high }] of Object.entries(TIMING_ROWS)) t.true(low <= likely && likely <= high, name);
  const classes = Object.keys(CLASS_TIMING) as TimingClass[];
  fc.assert(
    fc.property(fc.constantFrom(...classes), fc.nat(1000), (name, count) => {
      const more = { ...TRAP, guest: { ...TRAP.guest, [name]: (TRAP.guest[name] ?? 0) + count } };
      t.true(coreCycles(more, LIKELY_TIMING) >= coreCycles(TRAP, LIKELY_TIMING));
    }),
  );
});

test('the sensitivity table starts with what moves the ratio most', (t) => {
  const rows = sensitivity(TRAP, NATIVE);
  t.is(rows.length, Object.keys(TIMING_ROWS).length);
  t.is(rows[0]?.name, 'lineFill');
  const spans = rows.map(({ low, high }) => Math.abs(high - low));
  t.deepEqual(
    spans,
    [...spans].sort((a, b) => b - a),
  );
});

test('a run without an instruction mix is refused in one sentence', (t) => {
  t.throws(() => timedWork(measuredRun(syntheticRun())), { instanceOf: TimingInputError, message: /make it with --instruction-mix\.$/ });
});
