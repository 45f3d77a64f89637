/** What patching saves, for every guest that comes with the project. */
import { readFileSync } from 'node:fs';
import { bundledGuests } from '@exitlab/bench';
import test from 'ava';
import { errorOf, heldPredictions, predictorFor } from './held-predictions.js';

const TOLERANCE = 0.02;

for (const guest of bundledGuests()) {
  test.serial(`the time of ${guest.name} with the best, half and all of its patches is predicted within 2 %`, async (t) => {
    t.timeout(600_000);
    const { predictor } = await predictorFor(guest, readFileSync(guest.kernel));
    for (const held of await heldPredictions(guest, predictor)) {
      t.log(`${guest.name}, ${held.patches} patches: off by ${(errorOf(held) * 100).toFixed(2)} %`);
      t.true(Math.abs(errorOf(held)) <= TOLERANCE, JSON.stringify(held));
    }
  });
}
