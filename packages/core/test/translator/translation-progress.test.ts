import test from 'ava';
import { type ProgressCounts, TranslationProgress } from '../../src/translator/translation-progress.js';

const MEGA = 1 << 20;
const counts = (megas: number, cold: number, modules: number): ProgressCounts => ({
  ...{ retired: megas * MEGA, modules, cold },
  ...{ nearEvent: 0, fallBack: 0, access: 0 },
});

/** Looks at what has been counted after each of some windows. */
function progressOf(borders: readonly ProgressCounts[]): { progress: TranslationProgress; retired: number } {
  let present = borders[0]!;
  const progress = new TranslationProgress(() => present);
  for (const border of borders) {
    present = border;
    progress.observe(border.retired);
  }
  return { progress, retired: present.retired };
}

test('only windows in which no module was made are settled', (t) => {
  const { progress, retired } = progressOf([counts(1, 1000, 1), counts(2, 1010, 1), counts(3, 1500, 2), counts(4, 1501, 2)]);
  t.deepEqual(progress.settled(retired), { instructions: 2 * MEGA, cold: 11, nearEvent: 0, fallBack: 0, access: 0 });
});

test('the tenths of a run add up to all that the interpreter retired, the early ones first', (t) => {
  const { progress, retired } = progressOf([counts(1, 1000, 1), counts(2, 1100, 1), counts(5, 1100, 1)]);
  t.deepEqual(progress.interpretedByTenth(retired), [500, 500, 50, 50, 0, 0, 0, 0, 0, 0]);
});

test('a long run keeps a bounded number of windows and loses no instruction', (t) => {
  const borders = Array.from({ length: 10_000 }, (_, index) => counts(index + 1, 3 * (index + 1), 1));
  const { progress, retired } = progressOf(borders);
  const tenths = progress.interpretedByTenth(retired);
  t.is(
    tenths.reduce((sum, tenth) => sum + tenth, 0),
    30_000,
  );
  t.true(progress.settled(retired).instructions > 0.99 * retired - 8 * MEGA);
});
