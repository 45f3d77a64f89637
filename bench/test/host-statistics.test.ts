import test from 'ava';
import fc from 'fast-check';
import { seededRandom, summarizeHostTime } from '../src/index.js';

test('median and median absolute deviation of known samples', (t) => {
  const { medianSeconds, madSeconds } = summarizeHostTime([1, 1, 2, 2, 4, 6, 9]);
  t.is(medianSeconds, 2);
  t.is(madSeconds, 1);
});

test('the interval holds the median, lies within the samples, and is the same every time', (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 12 }), (samples) => {
      const summary = summarizeHostTime(samples);
      t.true(summary.lowSeconds <= summary.medianSeconds && summary.medianSeconds <= summary.highSeconds);
      t.true(summary.lowSeconds >= Math.min(...samples) && summary.highSeconds <= Math.max(...samples));
      t.deepEqual(summarizeHostTime(samples), summary);
    }),
    { numRuns: 25 },
  );
});

test('one sample is its own interval', (t) => {
  t.deepEqual(summarizeHostTime([3]), { medianSeconds: 3, madSeconds: 0, lowSeconds: 3, highSeconds: 3 });
});

test('no samples are a mistake of the caller', (t) => {
  t.throws(() => summarizeHostTime([]), { instanceOf: RangeError });
});

test('the interval covers the true median about as often as it says', (t) => {
  // 200 sets of 25 uniform samples; the percentile bootstrap of a median is known to cover a little off 95 %.
  const random = seededRandom(7);
  let covered = 0;
  for (let i = 0; i < 200; i++) {
    const { lowSeconds, highSeconds } = summarizeHostTime(Array.from({ length: 25 }, random));
    if (lowSeconds <= 0.5 && 0.5 <= highSeconds) covered++;
  }
  t.true(covered >= 176 && covered <= 200, `${covered} of 200`);
});

test('seeded random numbers are uniform and depend on the seed', (t) => {
  const draw = (seed: number): number[] => Array.from({ length: 10_000 }, seededRandom(seed));
  const numbers = draw(1);
  t.true(numbers.every((x) => x >= 0 && x < 1));
  t.true(Math.abs(numbers.reduce((sum, x) => sum + x, 0) / numbers.length - 0.5) < 0.02);
  t.notDeepEqual(draw(2), numbers);
});
