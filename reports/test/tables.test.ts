import { addExit, measuredRun, noExits, totalExits } from '@exitlab/results';
import { syntheticBench, syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { comparisonTable, exitTimingTable, markdownTable, reportInput } from '../src/index.js';
import { byInstructionTables } from '../src/tables/by-instruction.js';
import { variantComparisons } from '../src/tables/variants.js';

/** A run of 1 MHz, so that a cycle is a microsecond and the figures can be checked by hand. */
function handRun() {
  const exits = {
    DEC: [10, 20, 30].reduce((s, c) => addExit(s, c), noExits()),
    MMIO: addExit(noExits(), 40),
    EMUL_MCSR: addExit(noExits('KVM refuses it'), 100),
    DSI: noExits(),
    EMUL_WAIT: addExit(noExits(), 100),
  };
  const timeInGuest = [300, 300, 100, 50, 50].reduce((s, c) => addExit(s, c), noExits());
  const modelledTime = { cycles: 1100, guestCycles: 800, hypervisorCycles: 220, idleCycles: 80 };
  return { ...syntheticRun({ guest: 'hand' }), exits, timeInGuest, modelledTime, coreHz: 1_000_000 };
}

test('the exit-timing table has the figures of exit timing, in its order, with shares that make up the whole', (t) => {
  const input = reportInput([{ file: 'hand.json', result: handRun() }], 'Test');
  t.deepEqual(exitTimingTable(input.workloads[0]!)?.rows, [
    ['MMIO', '1', '40.00', '40.00', '40.00', '0.00', '40.00', '3.64 %'],
    ['EMUL_WAIT', '1', '100.00', '100.00', '100.00', '0.00', '100.00', '9.09 %'],
    ['DEC', '3', '10.00', '30.00', '20.00', '8.16', '60.00', '5.45 %'],
    ['EMUL_MCSR *', '1', '100.00', '100.00', '100.00', '0.00', '100.00', '9.09 %'],
    ['TIMEINGUEST', '5', '50.00', '300.00', '160.00', '115.76', '800.00', '72.73 %'],
    ['(idle, in EMUL_WAIT)', '', '', '', '', '', '80.00', '7.27 %'],
    ['Total', '6', '', '', '', '', '1,100.00', '100.00 %'],
  ]);
});

test('without a hypervisor there is no exit-timing table', (t) => {
  const input = reportInput([{ file: 'n.json', result: syntheticRun({ strategy: 'native' }) }], 'Test');
  t.is(exitTimingTable(input.workloads[0]!), undefined);
});

test('the comparison has a row for each workload, with exits, times and ratios of the strategies side by side', (t) => {
  const input = reportInput([{ file: 'b.json', result: syntheticBench() }], 'Test');
  const { columns, rows } = comparisonTable(input);
  t.deepEqual(
    columns.map((column) => column.title),
    [
      'Workload',
      'Exits, trap',
      'Exits, patched',
      'Modelled ms, native',
      'Modelled ms, trap',
      'Modelled ms, patched',
      'Time, trap vs native',
      'Time, patched vs native',
      'Time, patched vs trap',
    ],
  );
  t.is(rows.length, input.workloads.length / 3);
  const [, trapExits, , native, trap, patched, trapRatio, , patchedRatio] = rows.find((row) => row[0] === 'kernel') ?? [];
  const run = input.workloads.find((row) => row.workload === 'kernel' && row.strategy === 'trap');
  t.is(trapExits?.replace(/,/g, ''), String(totalExits(run!.measurement)));
  t.is(trapRatio, `${(Number(trap) / Number(native)).toFixed(2)} ×`);
  t.is(patchedRatio, `${(Number(patched) / Number(trap)).toFixed(2)} ×`);
});

test('a workload that was not run under a strategy has an empty cell there', (t) => {
  const files = [syntheticRun({ guest: 'a' }), syntheticRun({ guest: 'b', strategy: 'patched' })].map((result) => ({ file: 'x', result }));
  const { rows } = comparisonTable(reportInput(files, 'Test'));
  t.deepEqual(
    rows.map((row) => row.map((cell) => cell === '')),
    [
      [false, false, true, false, true, true],
      [false, true, false, true, false, true],
    ],
  );
});

test('builds of one guest stand side by side, phase by phase', (t) => {
  const [comparison, ...others] = variantComparisons(reportInput([{ file: 'b.json', result: syntheticBench() }], 'Test'));
  t.deepEqual(others, []);
  t.is(comparison?.family, 'linux-6.12');
  t.deepEqual(comparison?.variants, ['KUAP', 'no KUAP']);
  t.is(comparison?.table.rows.length, 4 * 3);
  const trap = comparison?.table.rows.find((row) => row[0] === 'whole run' && row[1] === 'trap');
  t.true(Number(trap?.[2]?.replace(/,/g, '')) > Number(trap?.[3]?.replace(/,/g, '')));
});

test('a guest without variants makes no comparison of variants', (t) => {
  t.deepEqual(variantComparisons(reportInput([{ file: 'r.json', result: syntheticRun() }], 'Test')), []);
});

test('the breakdown by instruction is sorted by count and cut to the most frequent', (t) => {
  const spr = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`SPR${i}`, i]));
  const [table] = byInstructionTables({ ...measuredRun(syntheticRun()), byInstruction: { spr } });
  t.is(table?.rows.length, 12);
  t.deepEqual(table?.rows[0], ['SPR19', '19', '10.00 %']);
});

test('a cell of a Markdown table cannot break the table', (t) => {
  const text = markdownTable({ measures: ['counts'], columns: [{ title: 'A', kind: 'text' }], rows: [['a|b*']] });
  t.is(text.split('\n')[2], '| a\\|b\\* |');
});
