import { fileURLToPath } from 'node:url';
import { parseLayouts, type RunResult, resultText } from '@exitlab/results';
import { syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { type BenchDefinition, type GuestRunSpec, runLayouts } from '../src/index.js';

const DEFINITION: BenchDefinition = {
  name: 'layouts',
  guests: [
    { name: 'linux', kernel: fileURLToPath(import.meta.url), append: 'console=ttyS0', memoryBytes: 1 << 20, verdict: 'all right' },
    { name: 'other', kernel: fileURLToPath(import.meta.url), memoryBytes: 1 << 20 },
  ],
  strategies: ['trap', 'patched:load'],
  repetitions: 1,
  timeoutSeconds: 1,
};
const NO_EXITS = { count: 0, cycles: 0 };
const PROFILED: NonNullable<RunResult['profile']>['phases'] = [
  {
    name: 'getppid',
    count: 0,
    cycles: 0,
    sites: {
      '0x00000010': { EMUL_RFI: { count: 9, cycles: 900, kept: NO_EXITS, inTimer: { count: 4, cycles: 400 } } },
      '0x00000020': { EMUL_WRTEE: { count: 2, cycles: 200, kept: NO_EXITS, inTimer: { count: 1, cycles: 100 } } },
    },
    virtualMisses: NO_EXITS,
    windowMisses: { kernel: NO_EXITS, user: NO_EXITS },
    timerInterrupts: { count: 3, followed: 3, cycles: 700, missCycles: 0 },
  },
];

function layouts(seen: GuestRunSpec[], changes: Partial<RunResult> = {}, output = 'all right') {
  return runLayouts(DEFINITION, 2, {
    toolVersion: '0.1.0',
    runGuest: async (spec, io) => {
      seen.push(spec);
      io.console(Buffer.from(output));
      const run = syntheticRun({ guest: spec.name, strategy: spec.strategy, weight: 0.01, phases: ['getppid'] });
      return { ...run, profile: { phases: PROFILED, places: [], pages: [], windows: [] }, ...changes };
    },
    secondsNow: () => 0,
    dateNow: () => new Date(0),
    signal: new AbortController().signal,
    onRun: () => {},
  });
}

test('each guest runs under each strategy in each layout, which differ in the length of the boot arguments alone', async (t) => {
  const seen: GuestRunSpec[] = [];
  const { rows } = await layouts(seen);
  t.deepEqual(
    seen.map(({ name, strategy, patchTime, append }) => [name, strategy, patchTime, append]),
    ['x', 'xx'].flatMap((padding) => [
      ['linux', 'trap', undefined, `console=ttyS0 exitlab.layout=${padding}`],
      ['linux', 'patched', 'load', `console=ttyS0 exitlab.layout=${padding}`],
      ['other', 'trap', undefined, `exitlab.layout=${padding}`],
      ['other', 'patched', 'load', `exitlab.layout=${padding}`],
    ]),
  );
  t.deepEqual(
    rows.map(({ guest, workload, strategy, samples }) => [guest, workload, strategy, samples.length]),
    ['linux', 'other'].flatMap((guest) =>
      ['trap', 'patched:load'].flatMap((strategy) => [
        [guest, guest, strategy, 2],
        [guest, 'getppid', strategy, 2],
      ]),
    ),
  );
});

test('of each workload the exits are kept, and what of them timer interrupts took', async (t) => {
  const { rows } = await layouts([]);
  const [whole, phase] = rows;
  t.deepEqual(whole?.samples[0]?.timerInterrupts, { count: 3, exits: 5 });
  t.deepEqual(phase?.samples[0]?.timerInterrupts, { count: 3, exits: 5 });
  t.true(phase!.samples[0]!.exits.SYSCALL! > 0);
});

test('a file of layouts reads back as it was written', async (t) => {
  const result = await layouts([]);
  t.deepEqual(parseLayouts(resultText(result), 'layouts.json'), result);
});

test('a guest that fails, or does not say that it was right, ends the measurement', async (t) => {
  await t.throwsAsync(layouts([], { end: { reason: 'panic', detail: 'Kernel panic.' } }), {
    name: 'LayoutsError',
    message: /Kernel panic/,
  });
  await t.throwsAsync(layouts([], {}, 'wrong'), { name: 'LayoutsError', message: /"linux" did not come to its end under "trap"/ });
});
