import { assemble, disassemble, sprByNumber } from '@exitlab/core';
import test from 'ava';
import { type PatchPlan, patchedBytes, planPatches, sensitiveInstruction } from '../src/index.js';
import { PATCH_RULES } from '../src/patch-rules.js';
import { LAYOUT, region } from './code-samples.js';

const EXPECTED = [
  ['mfspr r3,272', 'lwz r3,-4060(0)'],
  ['mfspr r4,273', 'lwz r4,-4052(0)'],
  ['mfspr r5,274', 'lwz r5,-4044(0)'],
  ['mfspr r6,275', 'lwz r6,-4036(0)'],
  ['mfspr r7,26', 'lwz r7,-4028(0)'],
  ['mfspr r8,27', 'lwz r8,-4020(0)'],
  ['mfspr r9,61', 'lwz r9,-4012(0)'],
  ['mfmsr r31', 'lwz r31,-4004(0)'],
  ['mtspr 272,r0', 'stw r0,-4060(0)'],
  ['mtspr 273,r1', 'stw r1,-4052(0)'],
  ['mtspr 274,r2', 'stw r2,-4044(0)'],
  ['mtspr 275,r13', 'stw r13,-4036(0)'],
  ['mtspr 26,r10', 'stw r10,-4028(0)'],
  ['mtspr 27,r11', 'stw r11,-4020(0)'],
  ['mtspr 61,r12', 'stw r12,-4012(0)'],
] as const;

const outcomes = (plan: PatchPlan) => plan.sites.map(({ outcome }) => (outcome.kind === 'patched' ? 'patched' : outcome.refusal));

for (const [before, after] of EXPECTED) {
  test(`${before} becomes ${after}`, (t) => {
    const code = region([before]);
    const patched = patchedBytes(planPatches({ regions: [code], symbols: [] }, LAYOUT), code);
    t.is(disassemble(new DataView(patched.buffer).getUint32(0), 0), after);
  });
}

test('every rule is shown by one of the examples above', (t) => {
  const shown = EXPECTED.map(([before]) => sensitiveInstruction(assemble(before))?.name);
  t.deepEqual([...shown].sort(), PATCH_RULES.map(({ pattern }) => pattern).sort());
});

test('what has no rule stays as it is, and the plan says so', (t) => {
  const code = region(['rfi', 'tlbwe r1,r2,0', 'mfspr r1,48', 'mtdcr 16,r3']);
  const plan = planPatches({ regions: [code], symbols: [] }, LAYOUT);
  t.deepEqual(
    plan.sites.map(({ instruction }) => instruction),
    ['rfi', 'tlbwe', 'mfspr PID', 'mtdcr'],
  );
  t.deepEqual(new Set(outcomes(plan)), new Set(['no-rule']));
  t.deepEqual(patchedBytes(plan, code), code.bytes);
});

test('what does not trap is no site: LR, CTR, XER, USPRG0, the user-readable SPRGs, the timebase', (t) => {
  const sprs = [8, 9, 1, 256, 260, 263, 268];
  for (const spr of sprs) t.is(sensitiveInstruction(assemble(`mfspr r3,${spr}`)), undefined, sprByNumber(spr)?.name);
});

test('a word in a data object is left alone, whatever it looks like', (t) => {
  const code = region(['mfmsr r3', 'mfmsr r3', 'mfmsr r3']);
  const table = { name: 'table', ea: code.ea + 4, sizeBytes: 4, kind: 'object' } as const;
  const plan = planPatches({ regions: [code], symbols: [table] }, LAYOUT);
  t.deepEqual(outcomes(plan), ['patched', 'data', 'patched']);
});

test('user code is never patched: there the instruction must fault', (t) => {
  const plan = planPatches({ regions: [region(['mfmsr r3'], 0x1000, '.user.text')], symbols: [] }, LAYOUT);
  t.deepEqual(outcomes(plan), ['user-mode']);
});

test('an image that reaches the place of the page by itself is found out', (t) => {
  const code = region(['lwz r3,-4096(0)', 'lwz r3,-4096(r1)', 'stb r4,-1(0)', 'lwz r3,-4100(0)', 'lhz r0,4(0)']);
  const symbols = [{ name: 'probe', ea: code.ea, sizeBytes: 0, kind: 'other' }] as const;
  const { pageAccesses } = planPatches({ regions: [code], symbols }, LAYOUT);
  t.deepEqual(
    pageAccesses.map(({ ea, symbol }) => [ea - code.ea, symbol]),
    [
      [0, 'probe'],
      [8, 'probe'],
    ],
  );
});

test('the image itself is not changed by planning or patching', (t) => {
  const code = region(['mfmsr r3', 'mtspr 26,r4']);
  const before = Uint8Array.from(code.bytes);
  const patched = patchedBytes(planPatches({ regions: [code], symbols: [] }, LAYOUT), code);
  t.deepEqual(code.bytes, before);
  t.notDeepEqual(patched, before);
});
