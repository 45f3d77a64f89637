import test from 'ava';
import fc from 'fast-check';
import { PATCH_TIMES } from '../../src/machine/kernel-patching.js';
import { BODY_OFFSET, DATA_BYTES, type FinalState, finalState, guest, LOAD } from './privileged-guest.js';

const register = fc.integer({ min: 2, max: 20 }).map((n) => `r${n}`);
const offset = fc.integer({ min: 0, max: DATA_BYTES / 4 - 1 }).map((n) => n * 4);

/** Straight-line privileged code; `sprs` are those that it moves. */
const code = (sprs: readonly number[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mfspr ${r},${spr}`) },
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mtspr ${spr},${r}`) },
    { weight: 2, arbitrary: register.map((r) => `mfmsr ${r}`) },
    { weight: 2, arbitrary: fc.constantFrom('wrteei 0', 'wrteei 1', 'mtmsr r27', 'mtmsr r26', 'tlbsync', 'mtspr 336,r26') },
    register.map((r) => `wrtee ${r}`),
    fc.tuple(register, fc.constantFrom(260, 261, 262, 263, 48, 286, 946)).map(([r, spr]) => `mfspr ${r},${spr}`),
    fc.tuple(register, register, register).map(([a, b, c]) => `add ${a},${b},${c}`),
    fc.tuple(register, register).map(([a, b]) => `cmpw ${a},${b}`),
    fc.tuple(register, fc.integer({ min: -8192, max: 8191 })).map(([r, value]) => `addi ${r},${r},${value * 4}`),
    fc.tuple(register, fc.integer({ min: -32768, max: 32767 })).map(([r, value]) => `addis ${r},${r},${value}`),
    fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r28)`),
    fc.tuple(register, offset).map(([r, d]) => `lwz ${r},${d}(r28)`),
  );
/** An entry of the TLB beside those that map the guest, invalid, in three words. */
const entryWrite = fc
  .tuple(fc.integer({ min: 8, max: 60 }), register, register)
  .map(([entry, a, b]) => [`li r21,${entry}`, `clrrwi ${a},${a},10`, `tlbwe ${a},r21,0`, `tlbwe ${b},r21,1`, `li r2,63`, 'tlbwe r2,r21,2']);
/** Interrupts of the guest's own: a data TLB miss, traps. */
const fault = fc.oneof(
  fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r25)`),
  fc.constantFrom('tw 31,r0,r0', 'twi 31,r3,0'),
);
/** Multiples of four in all registers, so that SRR0 keeps what is written to it. */
const ALIGNED = Array.from({ length: 20 }, (_, n) => `li r${n + 2},${(n + 1) * 64}`);

/**
 * A return from interrupt to the instruction behind it, with an MSR that has EE or not. `@next` becomes that address; SRR0 and SRR1 are not
 * to be lost to an interrupt on the way.
 */
const returns = fc
  .constantFrom('r26', 'r27')
  .map((msr) => ['wrteei 0', 'lis r21,@next@h', 'ori r21,r21,@next@l', 'mtspr 26,r21', `mtspr 27,${msr}`, 'rfi']);
const withAddresses = (lines: readonly string[]): string[] => {
  const next = (index: number): number => LOAD + BODY_OFFSET + 4 * (lines.indexOf('rfi', index) + 1);
  return lines.map((line, index) => line.replace('@next@h', `${next(index) >>> 16}`).replace('@next@l', `${next(index) & 0xffff}`));
};

const STATE_SPRS = [272, 273, 274, 275, 26, 27, 61, 62, 276, 277, 278, 279];
const when = fc.constantFrom(...PATCH_TIMES);
/** Both mappings of what the hypervisor adds, pinned or not. */
const mappings = fc.record({
  magicPageMapping: fc.constantFrom('pinned' as const, 'slot' as const),
  trampolineMapping: fc.constantFrom('pinned' as const, 'slot' as const),
});
const line = fc.oneof(
  { weight: 8, arbitrary: code(STATE_SPRS).map((text) => [text]) },
  fault.map((text) => [text]),
  entryWrite,
);

test('patched code leaves the same registers, supervisor state, TLB and memory as unpatched code, and as bare hardware', (t) => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 60 }), when, mappings, (body, patchTime, policy) => {
      const kernel = guest(withAddresses([...ALIGNED, ...body.flat()]));
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
  const quiet = fc.oneof({ weight: 8, arbitrary: code([273, 274, 276, 277, 278, 279]).map((text) => [text]) }, entryWrite, returns);
  fc.assert(
    fc.property(
      fc.array(quiet, { minLength: 20, maxLength: 60 }),
      // The handler takes some fifty instructions; what is left over falls on the code.
      fc.array(fc.integer({ min: 45, max: 80 }), { minLength: 1, maxLength: 9 }),
      when,
      mappings,
      (body, interruptEvery, patchTime, policy) => {
        const kernel = guest(withAddresses([...ALIGNED, ...body.flatMap((lines) => ['wrteei 1', ...lines]), 'wrteei 0']));
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
  const kernel = guest([
    'wrteei 1',
    ...Array.from({ length: 29 }, (_, n) => `li r${n + 2},${(n + 2) * 64}`).filter(isFree),
    ...each,
    ...clears,
    'wrteei 0',
  ]);
  const expected = withoutInterrupts(finalState(kernel, { strategy: 'trap' }).state);
  const length = finalState(kernel, { strategy: 'patched' }).instructions;
  let delivered = 0;
  // The prelude and the loads of registers are the same code under all strategies; behind the last enable nothing can come.
  for (let at = length - 135; at < length; at++) {
    const { state, external } = finalState(kernel, { strategy: 'patched', interruptAt: at });
    delivered += external;
    t.deepEqual(withoutInterrupts(state), expected, `after ${at} instructions`);
    t.is(state.gprs[23], 0, 'SRR0 always lies in the guest');
  }
  t.true(delivered > 80, `${delivered} interrupts were delivered`);
});

/** The handlers of the guest need r22 to r28 as they are. */
const isFree = (load: string): boolean => !/^li r2[2-8],/.test(load);

/** What the handler counts and what an interrupt leaves behind are the interrupts themselves. */
const withoutInterrupts = ({ gprs, supervisor: { srr0: _0, srr1: _1, ...supervisor }, ...rest }: FinalState) => ({
  ...rest,
  supervisor,
  gprs: gprs.toSpliced(22, 1),
});
