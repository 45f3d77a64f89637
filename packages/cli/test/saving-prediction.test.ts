/** What a patch saves, predicted from a profile of the unpatched guest and measured on the patched one. */
import { readFileSync } from 'node:fs';
import { type BenchGuest, bundledGuests, runGuest } from '@exitlab/bench';
import { patchKernel, planKernelPatches } from '@exitlab/monitor';
import { SavingPredictor } from '@exitlab/pv-patcher';
import { measuredRun, type RunResult } from '@exitlab/results';
import test from 'ava';

/** How far a predicted modelled time may be from the measured one. */
const TOLERANCE = 0.02;
/** Guests whose time is made of different things: system calls, privileged instructions, timers, devices, a small kernel. */
const GUESTS = ['irq', 'privileged', 'syscall', 'switch', 'tick', 'sleep'];
/** It goes round as many pages as there are slots without an exit, until one slot is pinned: then it misses half as often again. */
const ROUND_TRIP = 'list';

const POLICY = { shadowSlots: 63, hostPageBytes: 4096, sharedPagePinned: true, trampolinesPinned: true };
const surroundings = { toolVersion: 'test', secondsNow: () => 0, dateNow: () => new Date(0) };
const io = { console: () => {}, signal: new AbortController().signal };

function run(
  { name, kernel, memoryBytes }: BenchGuest,
  strategy: string,
  bytes: Uint8Array,
  more: { profile?: boolean; patchTime?: 'static' } = {},
): Promise<RunResult> {
  const spec = { name, strategy, kernel: { path: kernel, bytes }, memoryBytes, unsupported: 'fill', policy: {}, ...more } as const;
  return runGuest(spec, io, surroundings);
}

async function predictorFor(guest: BenchGuest, bytes: Uint8Array) {
  const { profile, modelledTime } = await run(guest, 'trap', bytes, { profile: true });
  return { predictor: new SavingPredictor(planKernelPatches(bytes), profile!, POLICY), trapCycles: modelledTime.cycles };
}

const guestNamed = (name: string): BenchGuest => bundledGuests().find((guest) => guest.name === name)!;

for (const guest of [...GUESTS, ROUND_TRIP].map(guestNamed)) {
  test(`the time of ${guest.name} with the best, half and all of its patches is predicted within 2 %`, async (t) => {
    t.timeout(120_000);
    const bytes = readFileSync(guest.kernel);
    const { predictor, trapCycles } = await predictorFor(guest, bytes);
    t.is(predictor.prediction().measuredCycles, trapCycles, 'the phases of the profile make up the run');
    const { length } = predictor.ranking;
    for (const count of new Set([1, Math.ceil(length / 2), length])) {
      const only = new Set(predictor.ranking.slice(0, count).flatMap(({ patch }) => patch.sites.map(({ site }) => site.ea)));
      const measured = await run(guest, 'patched', patchKernel(bytes, 'static', only).bytes, { patchTime: 'static' });
      const predicted = predictor.predict(count).cycles;
      const error = predicted / measured.modelledTime.cycles - 1;
      t.true(Math.abs(error) <= TOLERANCE, `${count} of ${length}: predicted ${predicted}, measured ${measured.modelledTime.cycles}`);
    }
  });
}

test('a guest that goes round its pages without an exit is looked at in between, and runs as if it were not', async (t) => {
  const guest = guestNamed(ROUND_TRIP);
  const bytes = readFileSync(guest.kernel);
  const { profile, ...profiled } = measuredRun(await run(guest, 'trap', bytes, { profile: true }));
  t.deepEqual(profiled, measuredRun(await run(guest, 'trap', bytes)));
  t.true(profile!.windows.some(({ events }) => events.includes(';.,')));
});
