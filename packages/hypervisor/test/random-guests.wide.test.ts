import test from 'ava';
import { compareGuests } from './guest-comparison.js';

/** Seeds beyond those of the quick test. */
const [FIRST, LAST] = [1001, 1200];
const SEEDS_A_TEST = 50;

for (let first = FIRST; first <= LAST; first += SEEDS_A_TEST) {
  test.serial(`random privileged guests ${first} to ${first + SEEDS_A_TEST - 1} run alike in every way`, (t) => {
    let handled = 0;
    for (let seed = first; seed < first + SEEDS_A_TEST; seed++) handled += compareGuests(t, seed);
    t.true(handled > 0, 'the routines have been at work');
  });
}
