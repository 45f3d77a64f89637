import test from 'ava';
import { type PatchPlan, planPatches } from '../src/index.js';
import { OPTIONS, region } from './code-samples.js';

const patchedEas = ({ sites, edits }: PatchPlan): number[] => {
  const eas = sites.flatMap(({ ea, outcome }) => (outcome.kind === 'patched' ? [ea] : []));
  if (eas.length !== edits.length) throw new Error('a patched site without an edit');
  return eas;
};

test('of the sites of an image only those are patched that were asked for, and the plan says so of the others', (t) => {
  const code = region(['mfmsr r3', 'wrteei 0', 'mfspr r4,26', 'wrteei 1']);
  const plan = planPatches({ regions: [code], symbols: [] }, { ...OPTIONS, only: new Set([code.ea, code.ea + 12]) });
  t.deepEqual(patchedEas(plan), [code.ea, code.ea + 12]);
  t.deepEqual(
    plan.sites.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome.refusal] : [])),
    ['unchosen', 'unchosen'],
  );
  t.is(plan.trampolines.length, 1);
});

test('what must be patched together is, if one of it is asked for', (t) => {
  const code = region(['mtspr 276,r3', 'mfspr r3,260', 'mfmsr r3', 'mtspr 277,r3']);
  const plan = planPatches({ regions: [code], symbols: [] }, { ...OPTIONS, only: new Set([code.ea]) });
  t.deepEqual(patchedEas(plan), [code.ea, code.ea + 4]);
});

test('three tlbwe are joined together or not at all, and interrupts wait only between joined ones', (t) => {
  const code = region(['tlbwe r4,r3,0', 'tlbwe r5,r3,1', 'tlbwe r6,r3,2', 'mfmsr r3']);
  const plan = (only: number) => planPatches({ regions: [code], symbols: [] }, { ...OPTIONS, only: new Set([only]) });
  t.deepEqual(patchedEas(plan(code.ea + 4)), [code.ea, code.ea + 4, code.ea + 8]);
  t.is(plan(code.ea + 4).uninterrupted.length, 1);
  t.deepEqual(patchedEas(plan(code.ea + 12)), [code.ea + 12]);
  t.is(plan(code.ea + 12).uninterrupted.length, 0);
});

test('a read of a user-readable SPRG that is not patched is no site at all', (t) => {
  const code = region(['mfspr r3,260', 'mfmsr r3']);
  const plan = planPatches({ regions: [code], symbols: [] }, { ...OPTIONS, only: new Set([code.ea + 4]) });
  t.deepEqual(
    plan.sites.map(({ ea }) => ea),
    [code.ea + 4],
  );
});
