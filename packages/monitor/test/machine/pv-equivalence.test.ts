import test from 'ava';
import fc from 'fast-check';
import { finalState, guest } from './privileged-guest.js';
import { anyLines, body, quietLines, withoutInterrupts } from './random-privileged-code.js';

/** Which instructions are patched: all or none, or every so-manieth not, so that moves by load and by trap of one register meet. */
const choices = fc.constantFrom<((index: number) => boolean)[]>(
  () => true,
  () => false,
  (index) => index % 2 === 0,
  (index) => index % 3 !== 0,
  (index) => index % 5 !== 2,
);
const mappings = fc.record({ magicPageMapping: fc.constantFrom('pinned' as const, 'slot' as const) });

test('a guest that patches itself comes to the same registers, supervisor state, TLB and memory as one that does not, and as bare hardware', (t) => {
  fc.assert(
    fc.property(fc.array(anyLines, { minLength: 1, maxLength: 60 }), choices, mappings, (lines, isPatched, policy) => {
      const text = body(lines.flat());
      const trap = finalState(guest(text), { strategy: 'trap' }).state;
      t.is(trap.end, 'reset');
      t.deepEqual(finalState(guest(text, isPatched), { strategy: 'pv', policy }).state, trap);
      t.deepEqual(finalState(guest(text), { strategy: 'native' }).state, trap);
    }),
    { numRuns: 12, seed: 450 },
  );
});

test('interrupts from outside at any instruction of a guest that patches itself leave the same state', (t) => {
  let delivered = 0;
  fc.assert(
    fc.property(
      fc.array(quietLines, { minLength: 20, maxLength: 60 }),
      // The handler takes some hundred instructions; what is left over falls on the code.
      fc.array(fc.integer({ min: 90, max: 180 }), { minLength: 1, maxLength: 9 }),
      choices,
      mappings,
      (lines, interruptEvery, isPatched, policy) => {
        const text = body([...lines.flatMap((each) => ['wrteei 1', ...each]), 'wrteei 0']);
        const before = finalState(guest(text), { strategy: 'trap' });
        const after = finalState(guest(text, isPatched), { strategy: 'pv', policy, interruptEvery });
        delivered += after.external;
        t.deepEqual(withoutInterrupts(after.state), withoutInterrupts(before.state));
      },
    ),
    { numRuns: 12, seed: 451 },
  );
  t.true(delivered > 40, `${delivered} interrupts were delivered`);
});

test('an interrupt before each single instruction waits for the end of a critical section, and comes', (t) => {
  const each = ['wrteei 0', 'wrteei 1', 'wrtee r26', 'wrtee r27', 'mtmsr r26', 'mtmsr r27', 'wrteei 0', 'mtmsr r27', 'mfspr r30,946'];
  const text = body([...each, 'wrteei 1', ...Array.from({ length: 60 }, () => 'nop'), 'mfspr r30,946', 'wrteei 0']);
  const expected = withoutInterrupts(finalState(guest(text), { strategy: 'trap' }).state);
  const kernel = guest(text, () => true);
  const { instructions } = finalState(kernel, { strategy: 'pv' });
  let delivered = 0;
  let tried = 0;
  // The set-up before is the same code under all strategies; behind the last enable nothing need come.
  for (let at = 48; at < instructions - 30; at++) {
    const { state, external } = finalState(kernel, { strategy: 'pv', interruptAt: at });
    tried++;
    delivered += external;
    t.deepEqual(withoutInterrupts(state), expected, `after ${at} instructions`);
  }
  t.is(delivered, tried);
});

test('an interrupt that waits for MSR[EE] comes at the instruction that sets it', (t) => {
  for (const enable of ['wrteei 1', 'wrtee r27', 'mtmsr r27']) {
    const text = body(['mtmsr r26', ...Array.from({ length: 4 }, () => 'nop'), enable, 'mr r20,r22', 'wrteei 0']);
    const kernel = guest(text, () => true);
    const { instructions } = finalState(kernel, { strategy: 'pv' });
    // From the end: the reset, the last disable, r20; then the sequence that enables.
    const atNops = instructions - 2 - 17 - 1 - 19 - 2;
    const { state, external } = finalState(kernel, { strategy: 'pv', interruptAt: atNops });
    t.deepEqual([external, state.gprs[20]], [1, 1], enable);
  }
});

test('with the page, what Linux patches makes no exit', (t) => {
  const text = body(['mtspr 273,r5', 'mfspr r6,273', 'mfmsr r7', 'tlbsync', 'wrteei 1', 'wrtee r26', 'mtmsr r27', 'mtmsr r26']);
  const exits = (strategy: 'trap' | 'pv', isPatched?: () => boolean) => finalState(guest(text, isPatched), { strategy });
  const before = exits('trap');
  const after = exits('pv', () => true);
  const counts = (of: ReturnType<typeof exits>) => ['EMUL_MFSPR', 'EMUL_MFMSR', 'EMUL_WRTEE', 'EMUL_MTMSR'].map(of.exitsOf);
  t.deepEqual(counts(before), [1, 1, 2, 2]);
  t.deepEqual(counts(after), [0, 0, 0, 1], 'the first mtmsr sets ME, too');
});
