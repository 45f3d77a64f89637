import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { type HypervisorOptions, LINUX_3_4 } from '../src/index.js';
import { KINDS, type Round } from './exit-routine-guest.js';
import { runExitRoutineGuest } from './exit-routine-run.js';
import { MSR_USER, VALID_4K } from './guest-code.js';
import { guestOf } from './guest-loop.js';

/** The IVOR of the interrupt. */
const INSTRUCTION_STORAGE = 3;
const rounds = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), operand: fc.nat(3000) }), { minLength: 2, maxLength: 8 });
const slice = fc.constantFrom(1, 17, 1000, 1_000_000);
const POLICIES: readonly { readonly name: string; readonly options: HypervisorOptions }[] = [
  { name: "KVM's policy", options: {} },
  { name: 'counts by pc, a log and records', options: { countSites: true } },
  { name: 'ticks of the host', options: { hostTickHz: 25_000 } },
  { name: 'few slots, mapped lazily', options: { policy: { ...LINUX_3_4, shadowSlots: 7, mapping: 'lazy' } } },
  { name: 'a shared page', options: { policy: { ...LINUX_3_4, magicPage: 'silent' } } },
  { name: 'another policy than its own', options: { policy: { ...LINUX_3_4, hardwarePids: 'flush', replacement: 'random' } } },
  { name: 'memory that is not yet backed', options: { untouchedRamFrom: 0x60000 } },
  { name: 'faults that soon count as endless', options: { endlessFaultLimit: 5 } },
  { name: 'no exit timing', options: { exitTiming: false } },
];

for (const { name, options } of POLICIES) {
  test(`exits come to the same where the guest runs and in the hypervisor, in either engine: ${name}`, (t) => {
    let handled = 0;
    fc.assert(
      fc.property(rounds, slice, (program, sliceInstructions) => {
        const inside = runExitRoutineGuest(program, sliceInstructions, 'wasm', options);
        const outside = runExitRoutineGuest(program, sliceInstructions, 'wasm', { ...options, exitRoutines: false });
        const interpreted = runExitRoutineGuest(program, sliceInstructions, 'interpreter', options);
        handled += inside.handled;
        assert.strictEqual(outside.handled + interpreted.handled, 0);
        assert.deepStrictEqual(inside.shown, outside.shown);
        assert.deepStrictEqual(interpreted.shown, outside.shown);
      }),
      { numRuns: 6, seed: 5 },
    );
    t.true(handled > 100, 'the routines have been at work');
  });
}

test('interrupts that come beside a pending one, or in spite of MSR[EE], come to the same', (t) => {
  const kinds = ['device', 'critical', 'load', 'registers'] as const;
  const program = [16, 500, 2900].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand })));
  const deferrals = new Set<number>();
  for (const slice of [17, 40]) {
    const inside = runExitRoutineGuest([{ kind: 'timer', operand: 16 }, ...program], slice, 'wasm', {});
    const outside = runExitRoutineGuest([{ kind: 'timer', operand: 16 }, ...program], slice, 'wasm', { exitRoutines: false });
    assert.deepStrictEqual(inside.shown, outside.shown);
    t.true(inside.shown.criticals > 0 && inside.shown.externals > 20, `${inside.shown.criticals}, ${inside.shown.externals}`);
    for (const each of inside.deferrals) deferrals.add(each);
  }
  for (const count of [0, 1, 2]) t.true(deferrals.has(count), `${count} interrupts held back`);
});

test('a fetch that the guest permits and the hypervisor does not is found endless after the same exits', (t) => {
  const outcomes = [true, false].map((exitRoutines) => {
    const handler = 0x1014;
    const userPage = 0x200000;
    const toUser = ['mtspr PID,r6', 'lwz r4,0(r7)', 'mtspr SRR0,r7', 'mtspr SRR1,r8', 'rfi'];
    const hypervisor = guestOf([...toUser, 'mfspr r5,SPRG0', 'rfi'], { exitRoutines });
    const { processor, vcpu } = hypervisor;
    // The kernel's load maps the page, for the kernel: execution is the user's alone.
    hypervisor.setGuestTlbEntry(1, userPage | VALID_4K, 0x4000, 0x39, 1);
    vcpu.ivpr = 0;
    vcpu.ivor[INSTRUCTION_STORAGE] = handler;
    for (const [register, value] of [
      [6, 1],
      [7, userPage],
      [8, MSR_USER],
    ] as const)
      processor.setGpr(register, value);
    const outcome = hypervisor.run(100_000);
    return { outcome, cycles: processor.clock.cycles, statistics: hypervisor.statistics() };
  });
  assert.deepStrictEqual(outcomes[0], outcomes[1]);
  const { outcome } = outcomes[0]!;
  t.regex(outcome.kind === 'failure' ? outcome.failure.message : outcome.kind, /mapped in guest-kernel mode/);
});
