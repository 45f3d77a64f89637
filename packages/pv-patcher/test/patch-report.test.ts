import test from 'ava';
import { planPatches, reportOf } from '../src/index.js';
import { OPTIONS, region } from './code-samples.js';

test('a report counts by instruction and by function and shows each site before and after', (t) => {
  const code = region(['mfmsr r3', 'blr', 'mfmsr r4', 'rfi']);
  const symbols = [
    { name: 'first', ea: code.ea, sizeBytes: 8, kind: 'function' },
    { name: 'second', ea: code.ea + 8, sizeBytes: 0, kind: 'other' },
  ] as const;
  const report = reportOf(planPatches({ regions: [code], symbols }, OPTIONS));
  t.is(report.found, 3);
  t.is(report.patched, 2);
  t.deepEqual(report.byInstruction, [
    { name: 'mfmsr', found: 2, patched: 2, refused: {} },
    { name: 'rfi', found: 1, patched: 0, refused: { 'live-registers': 1 } },
  ]);
  t.deepEqual(report.byFunction, [
    { name: 'second', found: 2, patched: 1, refused: { 'live-registers': 1 } },
    { name: 'first', found: 1, patched: 1, refused: {} },
  ]);
  t.deepEqual(report.sites[0], {
    ea: 0xc0000000,
    symbol: 'first',
    instruction: 'mfmsr',
    before: 'mfmsr r3',
    after: 'lwz r3,-4004(0)',
  });
  t.is(report.sites[2]?.refused, 'a return needs LR or CTR for its target, and both are live at an interrupt return');
});

test('without symbols functions have no name, and nothing else changes', (t) => {
  const report = reportOf(planPatches({ regions: [region(['mfmsr r3'])], symbols: [] }, OPTIONS));
  t.deepEqual(report.byFunction, [{ name: '(no symbol)', found: 1, patched: 1, refused: {} }]);
});
