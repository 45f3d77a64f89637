/** What a patch saves, predicted from a profile of the unpatched guest and measured on the patched one. */
import { readFileSync } from 'node:fs';
import { type BenchGuest, bundledGuests } from '@exitlab/bench';
import { measuredRun } from '@exitlab/results';
import test from 'ava';
import { errorOf, heldPredictions, predictorFor, run } from './held-predictions.js';

/** How far a predicted modelled time may be from the measured one. */
const TOLERANCE = 0.02;
/** Guests whose time is made of different things: system calls, privileged instructions, timers, devices, a small kernel. */
const GUESTS = ['irq', 'privileged', 'syscall', 'switch', 'tick', 'sleep'];
/** It goes round as many pages as there are slots without an exit, until one slot is pinned: then it misses half as often again. */
const ROUND_TRIP = 'list';

const guestNamed = (name: string): BenchGuest => bundledGuests().find((guest) => guest.name === name)!;

for (const guest of [...GUESTS, ROUND_TRIP].map(guestNamed)) {
  test(`the time of ${guest.name} with the best, half and all of its patches is predicted within 2 %`, async (t) => {
    t.timeout(120_000);
    const { predictor, trapCycles } = await predictorFor(guest, readFileSync(guest.kernel));
    t.is(predictor.prediction().measuredCycles, trapCycles, 'the phases of the profile make up the run');
    for (const held of await heldPredictions(guest, predictor)) t.true(Math.abs(errorOf(held)) <= TOLERANCE, JSON.stringify(held));
  });
}

test('a guest that goes round its pages without an exit is looked at in between, and runs as if it were not', async (t) => {
  const guest = guestNamed(ROUND_TRIP);
  const bytes = readFileSync(guest.kernel);
  const { profile, ...profiled } = measuredRun(await run(guest, 'trap', bytes, { profile: true }));
  t.deepEqual(profiled, measuredRun(await run(guest, 'trap', bytes)));
  t.true(profile!.windows.some(({ events }) => events.includes(';.,')));
});
