import type { EngineName } from '@exitlab/core';
import test from 'ava';
import fc from 'fast-check';
import { PATCH_TIMES } from '../../src/machine/kernel-patching.js';
import { finalState, guest } from './privileged-guest.js';
import { anyLines, body, mapAndUse, quietLines, withAddresses, withoutInterrupts } from './random-privileged-code.js';

const when = fc.constantFrom(...PATCH_TIMES);
/** Both mappings of what the hypervisor adds, pinned or not. */
const mappings = fc.record({
  magicPageMapping: fc.constantFrom('pinned' as const, 'slot' as const),
  trampolineMapping: fc.constantFrom('pinned' as const, 'slot' as const),
});
test('patched code leaves the same registers, supervisor state, TLB and memory as unpatched code, and as bare hardware', (t) => {
  fc.assert(
    fc.property(fc.array(anyLines, { minLength: 1, maxLength: 60 }), when, mappings, (lines, patchTime, policy) => {
      const kernel = guest(body(lines.flat()));
      const trap = finalState(kernel, { strategy: 'trap' }).state;
      t.deepEqual(finalState(kernel, { strategy: 'patched', patchTime, policy }).state, trap);
      t.is(trap.end, 'reset');
      const native = finalState(kernel, { strategy: 'native' }).state;
      t.deepEqual(native, trap);
    }),
    { numRuns: 12, seed: 440 },
  );
});

test('interrupts from outside at any instruction, in trampolines too, leave the same state and never show a trampoline', (t) => {
  let delivered = 0;
  fc.assert(
    fc.property(
      fc.array(quietLines, { minLength: 20, maxLength: 60 }),
      // The handler takes some fifty instructions; what is left over falls on the code.
      fc.array(fc.integer({ min: 45, max: 80 }), { minLength: 1, maxLength: 9 }),
      when,
      mappings,
      (lines, interruptEvery, patchTime, policy) => {
        const kernel = guest(body([...lines.flatMap((each) => ['wrteei 1', ...each]), 'wrteei 0']));
        const before = finalState(kernel, { strategy: 'trap' });
        const after = finalState(kernel, { strategy: 'patched', patchTime, policy, interruptEvery });
        delivered += after.external;
        t.deepEqual(withoutInterrupts(after.state), withoutInterrupts(before.state));
        t.is(after.state.gprs[23], 0, 'SRR0 always lies in the guest');
      },
    ),
    { numRuns: 12, seed: 441 },
  );
  t.true(delivered > 20, `${delivered} interrupts were delivered`);
});

test('an interrupt from outside before each single instruction, those of all trampolines among them, leaves the same state', (t) => {
  const each = ['wrteei 0', 'wrteei 1', 'wrtee r26', 'wrtee r27', 'mtmsr r26', 'mtmsr r27', 'mfspr r31,22', 'mfspr r30,22'];
  // The decrementer's bit of TSR, and others.
  const clears = ['lis r29,0x0800', 'mtspr 336,r29', 'mtspr 336,r26', 'lis r31,0x0800', 'mtspr 336,r31'];
  // The end of a refill: its entry is written by the return, which lets interrupts through.
  const refill = [
    ...['wrteei 0', 'lis r31,@next@h', 'ori r31,r31,@next@l', 'mtspr 26,r31', 'mtspr 27,r27', 'li r31,9', 'li r30,16'],
    ...['tlbwe r30,r31,0', 'tlbwe r30,r31,1', 'tlbwe r30,r31,2', 'mfspr r31,279', 'mtcrf 255,r31', 'rfi'],
  ];
  const kernel = guest(
    withAddresses([
      'wrteei 1',
      ...Array.from({ length: 29 }, (_, n) => `li r${n + 2},${(n + 2) * 64}`).filter(isFree),
      ...each,
      ...clears,
      ...refill,
      'wrteei 0',
    ]),
  );
  const expected = withoutInterrupts(finalState(kernel, { strategy: 'trap' }).state);
  const length = finalState(kernel, { strategy: 'patched' }).instructions;
  let delivered = 0;
  // The prelude and the loads of registers are the same code under all strategies; behind the last enable nothing can come.
  for (let at = length - 145; at < length; at++) {
    const { state, external } = finalState(kernel, { strategy: 'patched', interruptAt: at });
    delivered += external;
    t.deepEqual(withoutInterrupts(state), expected, `after ${at} instructions`);
    t.is(state.gprs[23], 0, 'SRR0 always lies in the guest');
  }
  t.true(delivered > 80, `${delivered} interrupts were delivered`);
});

test('exit routines book the same exits and times of patched code as the hypervisor, which the interpreter asks for each', (t) => {
  let returns = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 2, arbitrary: mapAndUse }, anyLines), { minLength: 20, maxLength: 60 }),
      when,
      mappings,
      (lines, patchTime, policy) => {
        const kernel = guest(body(lines.flat()));
        const run = (engine: EngineName) => finalState(kernel, { strategy: 'patched', patchTime, policy, engine });
        const [routines, none] = [run('wasm'), run('interpreter')];
        t.deepEqual(routines, { ...none, exitsOf: routines.exitsOf });
        returns += routines.exitsOf('EMUL_RFI');
      },
    ),
    { numRuns: 15, seed: 442 },
  );
  t.true(returns > 200, `${returns} returns made an exit`);
});

/** The handlers of the guest need r22 to r28 as they are. */
const isFree = (load: string): boolean => !/^li r2[2-8],/.test(load);
