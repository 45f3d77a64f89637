import test from 'ava';
import { LINUX_3_4, PolicyError, withPolicyValues } from '../src/index.js';
import { comparePolicies } from './policy-independence.js';

test('a guest that reads no time ends with the same memory and registers under every policy', (t) => comparePolicies(t, 30));

test('policies are named in text, one value each', (t) => {
  const { shadowSlots, replacement, hostPageBytes, name } = withPolicyValues(LINUX_3_4, {
    shadowSlots: '32',
    replacement: 'clock',
    hostPageBytes: '16M',
  });
  t.deepEqual(
    { shadowSlots, replacement, hostPageBytes, name },
    {
      shadowSlots: 32,
      replacement: 'clock',
      hostPageBytes: 16 * 2 ** 20,
      name: 'linux-3.4 shadowSlots=32 replacement=clock hostPageBytes=16M',
    },
  );
  t.is(withPolicyValues(LINUX_3_4, {}), LINUX_3_4);
});

for (const { texts, message } of [
  { texts: { slots: '8' }, message: /There is no policy "slots": use one of shadowSlots,/ },
  { texts: { replacement: 'mru' }, message: /replacement takes fifo, random, lru, clock, nru, pin, not "mru"/ },
  { texts: { hostPageBytes: '32K' }, message: /host page size must be 4K, 16K/ },
  { texts: { shadowSlots: '64' }, message: /from 2 to 63, not 64/ },
]) {
  test(`${Object.entries(texts).join()} is refused in one sentence`, (t) => {
    t.throws(() => withPolicyValues(LINUX_3_4, texts as unknown as Record<string, string>), { instanceOf: PolicyError, message });
  });
}
