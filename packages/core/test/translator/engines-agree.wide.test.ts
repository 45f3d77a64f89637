import test from 'ava';
import { compareEngines } from './engine-comparison.js';

/** Seeds beyond those of the quick test. */
const [FIRST, LAST] = [1001, 1500];
const SEEDS_A_TEST = 100;

for (let first = FIRST; first <= LAST; first += SEEDS_A_TEST) {
  test.serial(`random programs ${first} to ${first + SEEDS_A_TEST - 1} run alike in both engines`, (t) => {
    for (let seed = first; seed < first + SEEDS_A_TEST; seed++) compareEngines(t, seed);
  });
}
