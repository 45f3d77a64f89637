import test from 'ava';
import { compareEngines } from './engine-comparison.js';

const SEEDS = 16;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`a random program with all that can happen to it runs alike in both engines (seed ${seed})`, (t) => compareEngines(t, seed));
}
