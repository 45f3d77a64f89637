import test from 'ava';
import { measureHostCases } from '../src/index.js';

test('host cases give raw samples and a summary of them, in the order given', async (t) => {
  let calls = 0;
  const results = await measureHostCases(
    [
      { name: 'first', run: () => void calls++ },
      { name: 'second', run: () => void Math.sqrt(calls) },
    ],
    0.05,
  );
  t.deepEqual(
    results.map((result) => result.name),
    ['first', 'second'],
  );
  t.true(calls > 0);
  for (const { secondsPerCall, summary } of results) {
    t.true(secondsPerCall.length > 0 && secondsPerCall.every((seconds) => seconds > 0));
    t.true(summary.lowSeconds <= summary.medianSeconds);
  }
});

test('a host case that throws is our fault and is not measured', async (t) => {
  const broken = () => {
    throw new Error('broken on purpose');
  };
  await t.throwsAsync(measureHostCases([{ name: 'broken', run: broken }], 0.05), { message: /"broken" failed/ });
});
