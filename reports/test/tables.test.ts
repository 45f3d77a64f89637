import { addExit, measuredRun, noExits } from '@exitlab/results';
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
  };
  const timeInGuest = [300, 300, 100, 50, 50].reduce((s, c) => addExit(s, c), noExits());
  const modelledTime = { cycles: 1100, guestCycles: 800, hypervisorCycles: 200, idleCycles: 100 };
  return { ...syntheticRun({ guest: 'hand' }), exits, timeInGuest, modelledTime, coreHz: 1_000_000 };
}

test('the exit-timing table has the figures of exit timing, in its order, with shares that make up the whole', (t) => {
  const input = reportInput([{ file: 'hand.json', result: handRun() }], 'Test');
  t.deepEqual(exitTimingTable(input.workloads[0]!)?.rows, [
    ['MMIO', '1', '40.00', '40.00', '40.00', '0.00', '40.00', '3.64 %'],
    ['DEC', '3', '10.00', '30.00', '20.00', '8.16', '60.00', '5.45 %'],
    ['EMUL_MCSR *', '1', '100.00', '100.00', '100.00', '0.00', '100.00', '9.09 %'],
    ['TIMEINGUEST', '5', '50.00', '300.00', '160.00', '115.76', '800.00', '72.73 %'],
    ['(idle)', '', '', '', '', '', '100.00', '9.09 %'],
    ['Total', '5', '', '', '', '', '1,100.00', '100.00 %'],
  ]);
});

test('without a hypervisor there is no exit-timing table', (t) => {
  const input = reportInput([{ file: 'n.json', result: syntheticRun({ strategy: 'native' }) }], 'Test');
  t.is(exitTimingTable(input.workloads[0]!), undefined);
});

test('the comparison has a row for each workload and strategy, with ratios to native and to trap', (t) => {
  const input = reportInput([{ file: 'b.json', result: syntheticBench() }], 'Test');
  const { rows } = comparisonTable(input);
  t.is(rows.length, input.workloads.length);
  const at = rows.findIndex((row) => row[0] === 'kernel');
  const [native, trap, patched] = rows.slice(at, at + 3);
  t.deepEqual(native?.slice(5), ['', '']);
  const ratio = (a: readonly string[] | undefined, b: readonly string[] | undefined) => `${(Number(a?.[4]) / Number(b?.[4])).toFixed(2)} ×`;
  t.is(trap?.[5], ratio(trap, native));
  t.is(patched?.[6], ratio(patched, trap));
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
