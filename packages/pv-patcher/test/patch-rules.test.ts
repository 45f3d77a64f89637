import { assemble, disassemble, sprByNumber } from '@exitlab/core';
import test from 'ava';
import { kernelInstruction, type PatchPlan, patchedBytes, planPatches } from '../src/index.js';
import { PATCH_RULES } from '../src/patch-rules.js';
import { OPTIONS, region } from './code-samples.js';

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
  ['mfspr r3,62', 'lwz r3,-3896(0)'],
  ['mtspr 62,r3', 'stw r3,-3896(0)'],
  ['mfspr r3,286', 'lwz r3,-3892(0)'],
  ['mfspr r3,48', 'lwz r3,-3856(0)'],
  ['mfspr r3,946', 'lwz r3,-3852(0)'],
  ['mtspr 946,r3', 'stw r3,-3852(0)'],
  ['mfspr r3,276', 'lwz r3,-3884(0)'],
  ['mfspr r3,260', 'lwz r3,-3884(0)'],
  ['mtspr 276,r3', 'stw r3,-3884(0)'],
  ['mfspr r3,277', 'lwz r3,-3876(0)'],
  ['mfspr r3,261', 'lwz r3,-3876(0)'],
  ['mtspr 277,r3', 'stw r3,-3876(0)'],
  ['mfspr r3,278', 'lwz r3,-3868(0)'],
  ['mfspr r3,262', 'lwz r3,-3868(0)'],
  ['mtspr 278,r3', 'stw r3,-3868(0)'],
  ['mfspr r3,279', 'lwz r3,-3860(0)'],
  ['mfspr r3,263', 'lwz r3,-3860(0)'],
  ['mtspr 279,r3', 'stw r3,-3860(0)'],
  ['tlbsync', 'nop'],
] as const;

const outcomes = (plan: PatchPlan) => plan.sites.map(({ outcome }) => (outcome.kind === 'patched' ? 'patched' : outcome.refusal));

for (const [before, after] of EXPECTED) {
  test(`${before} becomes ${after}`, (t) => {
    const code = region([before]);
    const patched = patchedBytes(planPatches({ regions: [code], symbols: [] }, OPTIONS), code);
    t.is(disassemble(new DataView(patched.buffer).getUint32(0), 0), after);
  });
}

test('every rule in place is shown by one of the examples above', (t) => {
  const shown = EXPECTED.map(([before]) => kernelInstruction(assemble(before))?.name);
  t.deepEqual(
    [...shown].sort(),
    PATCH_RULES.filter(({ rewrite }) => !['trampoline', 'join', 'join-return'].includes(rewrite.kind))
      .map(({ pattern }) => pattern)
      .sort(),
  );
});

test('what has no rule stays as it is, and the plan says so', (t) => {
  const code = region(['mtspr 22,r1', 'mtspr 48,r1', 'mfspr r1,287', 'mtdcr 16,r3']);
  const plan = planPatches({ regions: [code], symbols: [] }, OPTIONS);
  t.deepEqual(
    plan.sites.map(({ instruction }) => instruction),
    ['mtspr DEC', 'mtspr PID', 'mfspr PVR', 'mtdcr'],
  );
  t.deepEqual(outcomes(plan), ['effects', 'effects', 'not-in-page', 'device']);
  t.deepEqual(patchedBytes(plan, code), code.bytes);
});

test('what does not trap is no site: LR, CTR, XER, USPRG0, the timebase', (t) => {
  const sprs = [8, 9, 1, 256, 268];
  for (const spr of sprs) t.is(kernelInstruction(assemble(`mfspr r3,${spr}`)), undefined, sprByNumber(spr)?.name);
});

test('an interrupt return is refused, since its target needs a register that is live', (t) => {
  t.deepEqual(outcomes(planPatches({ regions: [region(['rfi', 'rfci'])], symbols: [] }, OPTIONS)), ['live-registers', 'live-registers']);
});

test('a word in a data object is left alone, whatever it looks like', (t) => {
  const code = region(['mfmsr r3', 'mfmsr r3', 'mfmsr r3']);
  const table = { name: 'table', ea: code.ea + 4, sizeBytes: 4, kind: 'object' } as const;
  const plan = planPatches({ regions: [code], symbols: [table] }, OPTIONS);
  t.deepEqual(outcomes(plan), ['patched', 'data', 'patched']);
});

test('user code is never patched: there the instruction must fault', (t) => {
  const plan = planPatches({ regions: [region(['mfmsr r3'], 0x1000, '.user.text')], symbols: [] }, OPTIONS);
  t.deepEqual(outcomes(plan), ['user-mode']);
});

test('an image that reaches the place of the page by itself is found out', (t) => {
  const code = region(['lwz r3,-4096(0)', 'lwz r3,-4096(r1)', 'stb r4,-1(0)', 'lwz r3,-4100(0)', 'lhz r0,4(0)']);
  const symbols = [{ name: 'probe', ea: code.ea, sizeBytes: 0, kind: 'other' }] as const;
  const { pageAccesses } = planPatches({ regions: [code], symbols }, OPTIONS);
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
  const patched = patchedBytes(planPatches({ regions: [code], symbols: [] }, OPTIONS), code);
  t.deepEqual(code.bytes, before);
  t.notDeepEqual(patched, before);
});
