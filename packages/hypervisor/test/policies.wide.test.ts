import test from 'ava';
import { comparePolicies } from './policy-independence.js';

test('many guests that read no time end with the same memory and registers under every policy', (t) => {
  t.timeout(900_000);
  comparePolicies(t, 120);
});
