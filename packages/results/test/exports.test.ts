import test from 'ava';
import { addExit, exitsCsv, exitTypesInOrder, KVM_TIMING_ROWS, kvmTimingText, measuredRun, noExits } from '../src/index.js';
import { syntheticMeasurement, syntheticRun } from './synthetic-results.js';

const CORE_HZ = 400_000_000;

test("the timing text has KVM's header, all of KVM's rows in KVM's order, and ours after them", (t) => {
  const lines = kvmTimingText(syntheticMeasurement('trap', 0.1), CORE_HZ).split('\n');
  t.is(lines[0], 'type\tcount\tmin\tmax\tsum\tsum_squared');
  const names = lines.slice(1, -1).map((line) => line.split('\t')[0]?.trim());
  t.deepEqual(names, [...KVM_TIMING_ROWS, 'EMUL_MCSR']);
  t.is(lines.at(-1), '');
});

test('a row of the timing text is padded as the kernel prints it, in whole microseconds', (t) => {
  const dec = [800, 1200, 1600].reduce((statistics, cycles) => addExit(statistics, cycles), noExits());
  const text = kvmTimingText({ ...syntheticMeasurement('native', 1), exits: { DEC: dec } }, CORE_HZ);
  // 2, 3 and 4 µs: sum 9, sum of squares 4 + 9 + 16.
  t.true(text.includes('\n         DEC\t         3\t         2\t         4\t                   9\t                  29\n'));
});

test("a type that never came has KVM's initial minimum", (t) => {
  const text = kvmTimingText(syntheticMeasurement('native', 1), CORE_HZ);
  t.true(text.includes('\n       DEBUG\t         0\t4294967295\t         0\t'));
});

test('exit types are put into the order of exit timing, unknown ones last by name', (t) => {
  t.deepEqual(exitTypesInOrder(['ZZZ', 'DEC', 'AAA', 'MMIO', 'EMUL_RFI']), ['MMIO', 'EMUL_RFI', 'DEC', 'AAA', 'ZZZ']);
});

test('the CSV has a row for each run, phase and type, with plain numbers', (t) => {
  const run = measuredRun(syntheticRun({ guest: 'kernel', weight: 0.01, phases: ['syscall'] }));
  const [header, ...rows] = exitsCsv([run]).trimEnd().split('\n');
  t.is(header, 'guest,strategy,phase,type,count,min_cycles,max_cycles,sum_cycles,mean_cycles,stddev_cycles,core_hz,cost_profile,ours');
  t.is(rows.length, Object.keys(run.exits).length + 1 + Object.keys(run.phases[0]?.exits ?? {}).length + 1);
  const dtlb = rows.find((row) => row.startsWith('kernel,trap,,DTLBVIRT,'))?.split(',') ?? [];
  t.is(Number(dtlb[4]), run.exits.DTLBVIRT?.count);
  t.is(Number(dtlb[7]), run.exits.DTLBVIRT?.sumCycles);
});

test('a guest whose name looks like a formula does not become one in a spreadsheet', (t) => {
  const csv = exitsCsv([measuredRun(syntheticRun({ guest: '=1+1', weight: 0.01 }))]);
  t.false(/^=/m.test(csv));
});
