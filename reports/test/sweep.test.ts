import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SWEEP_SCHEMA, type SweepPoint, type SweepResult } from '@exitlab/results';
import { syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { HISTORY, historyTable, SWEEP_QUANTITIES, sweepChart, sweepTable, writeHistoryReport, writeSweepReport } from '../src/index.js';

const run = syntheticRun({ guest: 'kernel', weight: 0.01 });

function point(values: Record<string, string>, cycles: number, reason: SweepPoint['end']['reason'] = 'reset'): SweepPoint {
  const modelledTime = { cycles, guestCycles: 1000, hypervisorCycles: cycles - 1000, idleCycles: 0 };
  const totals = { exits: { DTLBVIRT: cycles / 100, ITLBVIRT: 1 }, modelledTime, guestInstructions: 1000 };
  const costProfile = { name: values.costProfile ?? 'linux-3.4', version: '1' };
  return { values, policy: {}, costProfile, end: { reason, detail: 'The guest ended.' }, ...totals, boot: totals };
}

function sweepOf(axes: SweepResult['axes'], points: SweepPoint[]): SweepResult {
  const { toolVersion, guest, strategy, coreHz, host } = run;
  const { date, machine, wallSeconds } = host;
  return { schema: SWEEP_SCHEMA, toolVersion, guest, strategy, coreHz, axes, complete: true, points, host: { date, machine, wallSeconds } };
}

const AXES = [
  { name: 'shadowSlots', values: ['8', '32', '63'] },
  { name: 'replacement', values: ['fifo', 'lru'] },
];
const sweep = sweepOf(AXES, [
  point({ shadowSlots: '8', replacement: 'fifo' }, 9000),
  point({ shadowSlots: '32', replacement: 'fifo' }, 4000),
  point({ shadowSlots: '63', replacement: 'fifo' }, 2000),
  point({ shadowSlots: '8', replacement: 'lru' }, 5000, 'endless-fault'),
]);

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'exitlab-sweep-'));

test('a sweep is written with its charts, the fastest point first, and with what went wrong', async (t) => {
  const folder = await temporaryFolder();
  const report = await readFile(await writeSweepReport(sweep, folder, 'exitlab sweep …'), 'utf8');
  for (const { id } of SWEEP_QUANTITIES) t.regex(await readFile(join(folder, 'charts', `${id}.svg`), 'utf8'), /^<svg /);
  t.true(report.includes('Made by `exitlab sweep …`'));
  t.regex(report, /- `shadowSlots=8` `replacement=lru`: The guest ended\./);
  t.deepEqual(
    sweepTable(sweep).rows.map(([slots]) => slots),
    ['63', '32', '8'],
  );
  t.deepEqual(sweepTable(sweep).rows.at(-1)?.at(-1), '4.50 ×');
  t.is((await readFile(join(folder, 'sweep.csv'), 'utf8')).trim().split('\n').length, 1 + sweep.points.length);
});

test('points at which the guest failed are not drawn', (t) => {
  for (const quantity of SWEEP_QUANTITIES) t.is(sweepChart(sweep, quantity)?.drawnMarks, 3);
});

test('a sweep without a direction has no chart', (t) => {
  const single = sweepOf([{ name: 'shadowSlots', values: ['8'] }], [point({ shadowSlots: '8' }, 2000)]);
  t.is(sweepChart(single, SWEEP_QUANTITIES[0]!), undefined);
});

test('the history shows each step beside what was published', async (t) => {
  const profiles = ['2.6.27', '2.6.27+20754c2'];
  const history = sweepOf(
    [{ name: 'costProfile', values: profiles }],
    [point({ costProfile: '2.6.27' }, 4000), point({ costProfile: '2.6.27+20754c2' }, 3000)],
  );
  const [, step] = historyTable(history).rows;
  t.deepEqual(step?.slice(3, 4), ['-25.00 %']);
  t.is(step?.at(-1), '-15.00 %');
  const report = await readFile(await writeHistoryReport(history, await temporaryFolder(), 'exitlab history …'), 'utf8');
  t.true(report.includes(HISTORY[1]!.change));
});

test('a chart with lines draws lines, not areas', async (t) => {
  const folder = await temporaryFolder();
  await writeSweepReport(sweep, folder, 'exitlab sweep …');
  const svg = await readFile(join(folder, 'charts', 'misses.svg'), 'utf8');
  const lines = [...svg.matchAll(/aria-roledescription="line mark"[^>]*>/g)].map(([tag]) => tag);
  t.true(lines.length > 0);
  for (const tag of lines) t.regex(tag, / stroke="#/);
  for (const tag of lines) t.notRegex(tag, / fill="#/);
});
