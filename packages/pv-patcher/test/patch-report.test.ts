import test from 'ava';
import { planPatches, reportOf } from '../src/index.js';
import { refusalWithoutRule } from '../src/refusals.js';
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
    comment: 'msr',
  });
  t.is(report.sites[2]?.refusal, 'live-registers');
  t.regex(report.sites[2]!.refused!, /both are live at an interrupt return/);
});

test('a report shows a trampoline as the guest kernel executes it, and the three words of an entry as what they do', (t) => {
  const code = region(['wrteei 0', 'tlbwe r3,r0,0', 'tlbwe r4,r0,1', 'tlbwe r5,r0,2']);
  const { sites } = reportOf(planPatches({ regions: [code], symbols: [] }, OPTIONS));
  t.deepEqual(sites[0], {
    ea: 0xc0000000,
    symbol: undefined,
    instruction: 'wrteei 0',
    before: 'wrteei 0',
    after: 'b 0xc17ff000',
    comment: 'trampoline for wrteei 0',
    trampoline: ['stw r31,-3848(0)', 'lwz r31,-4004(0)', 'rlwinm r31,r31,0,17,15', 'stw r31,-4004(0)', 'lwz r31,-3848(0)', 'b 0xc0000004'],
  });
  t.deepEqual(
    sites.slice(1).map(({ after, comment }) => [after, comment]),
    [
      ['stw r3,-3840(0)', 'waits for the last of three words'],
      ['stw r4,-3836(0)', 'waits for the last of three words'],
      ['tlbwe r5,r0,2', 'marked: writes all three words'],
    ],
  );
});

/** Instructions without a rule, and why: Linux has all of these. */
const UNRULED = [
  ['mtspr PID', 'effects'],
  ['mtspr DEC', 'effects'],
  ['mtspr DBCR0', 'effects'],
  ['mtspr IVOR5', 'effects'],
  ['mfspr CSRR1', 'not-in-page'],
  ['mtspr MCSRR0', 'not-in-page'],
  ['mfdcr', 'device'],
  ['mtdcr', 'device'],
  ['tlbsx.', 'translation'],
  ['dcbi', 'cache'],
  ['rfci', 'live-registers'],
] as const;
for (const [name, refusal] of UNRULED) {
  test(`${name} stays as it is, for the reason "${refusal}"`, (t) => {
    t.is(refusalWithoutRule(name), refusal);
  });
}

test('without symbols functions have no name, and nothing else changes', (t) => {
  const report = reportOf(planPatches({ regions: [region(['mfmsr r3'])], symbols: [] }, OPTIONS));
  t.deepEqual(report.byFunction, [{ name: '(no symbol)', found: 1, patched: 1, refused: {} }]);
});
