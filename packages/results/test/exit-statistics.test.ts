import test from 'ava';
import fc from 'fast-check';
import { addExit, type ExitStatistics, meanCycles, mergeExits, noExits, standardDeviationCycles } from '../src/index.js';

const durations = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 60 });
const statisticsOf = (cycles: readonly number[]): ExitStatistics => cycles.reduce<ExitStatistics>(addExit, noExits());

test('mean and standard deviation from the sums are those of the samples', (t) => {
  fc.assert(
    fc.property(durations, (cycles) => {
      fc.pre(cycles.length > 0);
      const mean = cycles.reduce((sum, c) => sum + c, 0) / cycles.length;
      const deviation = Math.sqrt(cycles.reduce((sum, c) => sum + (c - mean) ** 2, 0) / cycles.length);
      const statistics = statisticsOf(cycles);
      t.true(Math.abs(meanCycles(statistics) - mean) < 1e-6);
      t.true(Math.abs(standardDeviationCycles(statistics) - deviation) < 1e-6 * (1 + mean));
    }),
    { numRuns: 100 },
  );
});

test('merging two sets of exits is the same as adding them all to one', (t) => {
  fc.assert(
    fc.property(durations, durations, (a, b) => {
      t.deepEqual(mergeExits(statisticsOf(a), statisticsOf(b)), statisticsOf([...a, ...b]));
    }),
    { numRuns: 100 },
  );
});

test('no exits have a mean and a deviation of 0, not of a division by 0', (t) => {
  t.is(meanCycles(noExits()), 0);
  t.is(standardDeviationCycles(noExits()), 0);
});

test('equal durations have a deviation of 0 in spite of rounding', (t) => {
  t.is(standardDeviationCycles(statisticsOf(Array.from({ length: 1000 }, () => 333_333))), 0);
});

test('a type of ours keeps its reason when exits are added and merged', (t) => {
  const reason = 'KVM has no case for it';
  t.is(addExit(noExits(reason), 5).ours, reason);
  t.is(mergeExits(noExits(reason), addExit(noExits(), 5)).ours, reason);
  t.is(mergeExits(addExit(noExits(), 5), addExit(noExits(reason), 5)).ours, reason);
});
