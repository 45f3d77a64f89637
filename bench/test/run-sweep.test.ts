import { parseSweep, resultText, virtualMisses } from '@exitlab/results';
import { syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { type GuestRunSpec, gridPoints, hypervisorChoice, runSweep } from '../src/index.js';

const RUN: GuestRunSpec = {
  name: 'kernel',
  strategy: 'trap',
  kernel: { path: 'kernel.elf', bytes: new Uint8Array() },
  memoryBytes: 1 << 20,
  unsupported: 'fill',
  policy: { mapping: 'lazy' },
};
const AXES = [
  { name: 'costProfile', values: ['2.6.27', 'linux-3.4'] },
  { name: 'shadowSlots', values: ['8', '63'] },
];

function sweep(seen: GuestRunSpec[], signal = new AbortController().signal) {
  return runSweep(
    { run: RUN, axes: AXES },
    {
      toolVersion: '0.1.0',
      runGuest: async (spec) => {
        seen.push(spec);
        return syntheticRun({ guest: spec.name, strategy: spec.strategy, weight: 0.01, phases: ['boot'] });
      },
      secondsNow: () => 0,
      dateNow: () => new Date(0),
      signal,
      onPoint: () => {},
    },
  );
}

test('a grid has every combination, the last axis varying fastest', (t) => {
  t.deepEqual(
    gridPoints(AXES).map(({ costProfile, shadowSlots }) => `${costProfile} ${shadowSlots}`),
    ['2.6.27 8', '2.6.27 63', 'linux-3.4 8', 'linux-3.4 63'],
  );
});

test('a sweep runs the guest once at each point, with the policies of the point over those of all', async (t) => {
  const seen: GuestRunSpec[] = [];
  const result = await sweep(seen);
  t.true(result.complete);
  t.deepEqual(
    seen.map(({ costProfile, policy }) => ({ costProfile, policy })),
    gridPoints(AXES).map(({ costProfile, shadowSlots }) => ({ costProfile, policy: { mapping: 'lazy', shadowSlots } })),
  );
  const [point] = result.points;
  t.is(virtualMisses(point!), (point!.exits.DTLBVIRT ?? 0) + (point!.exits.ITLBVIRT ?? 0));
  t.true(virtualMisses(point!) > 0);
  t.truthy(point!.boot);
});

test('a sweep reads back as it was written', async (t) => {
  const result = await sweep([]);
  t.deepEqual(parseSweep(resultText(result), 'sweep.json'), result);
  t.throws(() => parseSweep(resultText(syntheticRun()), 'run.json'), { message: /^run\.json has the format "exitlab\/run@1"/ });
});

test('a sweep that is ended before its first point has nothing to report', async (t) => {
  await t.throwsAsync(sweep([], AbortSignal.abort()), { name: 'SweepError' });
});

test('a generation brings its costs and its policy, and single policies come over both', (t) => {
  const old = hypervisorChoice({ unsupported: 'fill', costProfile: '2.6.27', policy: {} });
  t.is(old.costProfile.name, '2.6.27');
  t.is(old.policy.hardwarePids, 'flush');
  t.is(hypervisorChoice({ unsupported: 'fill', costProfile: '2.6.27', policy: { hardwarePids: 'two' } }).policy.hardwarePids, 'two');
  t.is(hypervisorChoice({ unsupported: 'fill', policy: {} }).costProfile.name, 'linux-3.4');
});
