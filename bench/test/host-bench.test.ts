import { type HostFigure, parseHostBench, resultText } from '@exitlab/results';
import test from 'ava';
import { HostBenchUsageError, readHostBenchCommand } from '../src/host/host-bench-command.js';
import { geometricMeans, measureInterleaved, quotients } from '../src/host/host-measurements.js';
import { figure } from '../src/host/host-section.js';
import { hostTables } from '../src/host/host-table.js';
import { HOST_TARGETS, verdict } from '../src/host/host-targets.js';
import { interpretedThoughWarm, translatedOnceSettled } from '../src/host/linux-section.js';
import { ProcessFailure, timeFirstOutput, timeProcess } from '../src/host/timed-process.js';

const higher = { better: 'higher', bar: 6, aim: 10 } as const;
const lower = { better: 'lower', bar: 0.3, aim: 0.15 } as const;
const exactly = (median: number) => ({ median, low: median, high: median });

test('a verdict says which of bar and aim a median reaches, in the direction that is better', (t) => {
  t.is(verdict(higher, exactly(10)), 'meets the aim');
  t.is(verdict(higher, exactly(6)), 'meets the bar');
  t.is(verdict(higher, exactly(5.9)), 'misses the bar');
  t.is(verdict(lower, exactly(0.15)), 'meets the aim');
  t.is(verdict(lower, exactly(0.2)), 'meets the bar');
  t.is(verdict(lower, exactly(0.31)), 'misses the bar');
  t.is(verdict({ better: 'lower', bar: 5 }, exactly(-1)), 'meets the bar', 'without an aim there is only the bar');
});

test('a verdict that the interval of the median does not bear out says so', (t) => {
  t.is(verdict(higher, { median: 10.5, low: 9, high: 12 }), 'meets the aim, within the spread');
  t.is(verdict(lower, { median: 0.16, low: 0.16, high: 0.4 }), 'meets the bar, within the spread');
  t.is(verdict(higher, { median: 11, low: 10, high: 12 }), 'meets the aim');
});

test('no aim is easier than its bar', (t) => {
  for (const [name, target] of Object.entries(HOST_TARGETS)) {
    if (!('aim' in target)) continue;
    t.true(target.better === 'higher' ? target.aim > target.bar : target.aim < target.bar, name);
  }
});

test('the table shows what is asked for first, with verdict, and says what was lost in noise', (t) => {
  const figures: HostFigure[] = [
    { section: 'a', what: 'beside', unit: 's', samples: [2] },
    { section: 'a', what: 'asked for', unit: '×', samples: [7, 8, 9], target: higher },
    { section: 'b', what: 'lost', unit: '×', samples: [], target: higher },
  ];
  t.is(
    hostTables(figures),
    [
      '| what      | median        | spread                      | bar    | aim    | verdict       |',
      '|-----------|---------------|-----------------------------|--------|--------|---------------|',
      '| asked for | 8.00 ×        | 7.00 to 9.00, MAD 1.00, n 3 | 6.00 × | 10.0 × | meets the bar |',
      '| lost      | lost in noise |                             | 6.00 × | 10.0 × | lost in noise |',
      '',
      '| what   | median | spread |',
      '|--------|--------|--------|',
      '| beside | 2.00 s |        |',
    ].join('\n'),
  );
});

test('samples that say nothing are left out of a figure', (t) => {
  t.deepEqual(figure('x', 's', [1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, 2]).samples, [1, 2]);
  t.deepEqual(figure('x', 's', undefined).samples, []);
});

test('quotients are of samples of one index, and a mean is of all series at one index', (t) => {
  t.deepEqual(quotients([6, 8, 9], [2, 4]), [3, 2]);
  t.deepEqual(
    geometricMeans([
      [2, 1],
      [8, 1, 5],
    ]),
    [4, 1],
  );
  t.deepEqual(geometricMeans([]), []);
  t.deepEqual(
    figure(
      'x',
      '×',
      geometricMeans([
        [2, -1],
        [8, 1],
      ]),
    ).samples,
    [4],
    'a lost sample loses the mean of its index',
  );
});

/** A clock that each reading moves on by a second. */
function ticking(): () => number {
  let seconds = 0;
  return () => seconds++;
}

const repetition = { repetitions: 3, deadlineSeconds: 1e9, progress: () => {}, omit: () => {} };

test('samples are interleaved', async (t) => {
  const order: string[] = [];
  const measured = ['a', 'b'].map((key) => ({ key, sample: () => order.push(key) }));
  const samples = await measureInterleaved(measured, { ...repetition, secondsNow: ticking() });
  t.is(order.join(''), 'ababab');
  t.deepEqual(samples.get('a'), [1, 3, 5]);
});

test('no repetition begins that would end behind the deadline, but the first always does', async (t) => {
  const once = await measureInterleaved([{ key: 'a', sample: () => 1 }], { ...repetition, deadlineSeconds: 0, secondsNow: ticking() });
  t.deepEqual(once.get('a'), [1]);
  const twice = await measureInterleaved([{ key: 'a', sample: () => 1 }], { ...repetition, deadlineSeconds: 2, secondsNow: ticking() });
  t.deepEqual(twice.get('a'), [1, 1]);
});

test('what fails is left out with a sentence, and the others go on', async (t) => {
  const omissions: string[] = [];
  const failing = {
    key: 'a',
    sample: () => timeProcess({ file: process.execPath, args: ['-e', 'console.error("no"); process.exit(3)'] }, () => 0),
  };
  const samples = await measureInterleaved([failing, { key: 'b', sample: () => 1 }], {
    ...repetition,
    secondsNow: ticking(),
    omit: (sentence) => omissions.push(sentence),
  });
  t.is(samples.get('a'), undefined);
  t.deepEqual(samples.get('b'), [1, 1, 1]);
  t.is(omissions.length, 1);
  t.regex(omissions[0]!, /^Left out: .* ended with status 3: no$/);
});

test('the first output of a process ends its measurement, and a process without any is a failure', async (t) => {
  const now = ticking();
  const seconds = await timeFirstOutput({ file: process.execPath, args: ['-e', 'console.log(1); console.log(2)'] }, now);
  t.is(seconds, 1, 'the clock is read at the start and at the first output');
  await t.throwsAsync(timeFirstOutput({ file: process.execPath, args: ['-e', ''] }, now), { instanceOf: ProcessFailure });
  await t.throwsAsync(timeFirstOutput({ file: '/nowhere/qemu', args: [] }, now), { instanceOf: ProcessFailure });
});

test('the command line chooses sections in the order of the table, and quick means less of everything', (t) => {
  const command = readHostBenchCommand(['--only', 'start, compute', '--json', 'x.json'])!;
  t.deepEqual(
    command.sections.map(({ name }) => name),
    ['compute', 'start'],
  );
  t.is(command.jsonFile, 'x.json');
  const [full, quick] = [readHostBenchCommand([])!, readHostBenchCommand(['--quick'])!];
  t.true(quick.repetitions < full.repetitions && quick.budgetSeconds < full.budgetSeconds && quick.caseSeconds < full.caseSeconds);
  t.is(readHostBenchCommand(['--quick', '--repetitions', '7'])!.repetitions, 7);
  t.is(readHostBenchCommand(['--help']), undefined);
});

for (const args of [
  ['--wrong'],
  ['operand'],
  ['--only', 'comput'],
  ['--only', ''],
  ['--repetitions', '0'],
  ['--repetitions', '1.5'],
  ['--repetitions', 'many'],
  ['--budget', '-1'],
  ['--case-seconds', 'Infinity'],
  ['--json'],
]) {
  test(`bench:host ${args.join(' ')} gets one sentence`, (t) => {
    const { message } = t.throws(() => readHostBenchCommand(args), { instanceOf: HostBenchUsageError });
    t.regex(message, /^[A-Z][^\n]*\.$/);
  });
}

test('a written result is read again as it was', (t) => {
  const machine = { os: 'linux', architecture: 'x64', cpuModel: 'a', cpuCount: 2, memoryBytes: 1, nodeVersion: 'v20' };
  const result = {
    schema: 'exitlab/host-bench@1' as const,
    toolVersion: '0.1.0',
    repetitions: 2,
    figures: [{ section: 'start', what: 'x', unit: 's', samples: [0.1, 0.2], target: HOST_TARGETS.processStart }],
    omissions: ['Left out: y.'],
    host: { date: '2026-01-01T00:00:00.000Z', machine, loadAverage: 0.5, wallSeconds: 3 },
  };
  t.deepEqual(parseHostBench(resultText(result), 'x.json'), result);
  t.throws(() => parseHostBench(resultText({ ...result, figures: [{ ...result.figures[0]!, unit: 1 as unknown as string }] }), 'x.json'), {
    message: /damaged at "figures\.0\.unit"/,
  });
});

test('what the interpreter retires of translated code is a share of what is not cold', (t) => {
  const statistics = {
    retiredInstructions: 1100,
    'interpretedInstructions.cold': 100,
    'interpretedInstructions.nearEvent': 1,
    'interpretedInstructions.fallBack': 2,
    'interpretedInstructions.access': 0,
  };
  t.is(interpretedThoughWarm(statistics), 0.3);
  t.true(Number.isNaN(interpretedThoughWarm({})));
});

test('what runs in translated code once nothing new is translated is a share of those windows', (t) => {
  const statistics = {
    'settledInstructions.instructions': 2000,
    'settledInstructions.cold': 10,
    'settledInstructions.nearEvent': 4,
    'settledInstructions.fallBack': 5,
    'settledInstructions.access': 1,
  };
  t.is(translatedOnceSettled(statistics), 99);
  t.true(Number.isNaN(translatedOnceSettled({})));
});
