import test from 'ava';
import { compareGuests } from './guest-comparison.js';

const SEEDS = 6;

test('a random privileged guest whose code changes under it runs alike interpreted, translated and with exit routines', (t) => {
  let handled = 0;
  for (let seed = 1; seed <= SEEDS; seed++) handled += compareGuests(t, seed);
  t.true(handled > 500, 'the routines have been at work');
});
