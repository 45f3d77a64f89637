import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { LINUX_3_4, type Policy, REPLACEMENTS } from '../src/index.js';
import { runRandomGuest, SYSTEM_CALLS, USER_PAGES, USER_REGISTERS, type UserOperation } from './random-guest.js';

const register = fc.integer({ min: USER_REGISTERS.first, max: USER_REGISTERS.last });
const page = fc.nat({ max: USER_PAGES - 1 });
const operation: fc.Arbitrary<UserOperation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('load' as const, 'store' as const), page, register }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add' as const), register, value: fc.integer({ min: -1000, max: 1000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('system-call' as const), number: fc.nat({ max: SYSTEM_CALLS - 1 }) }) },
);
const policy: fc.Arbitrary<Policy> = fc
  .record({
    // Fewer than the pages of one instruction with its operands, handler and table would never let it complete.
    shadowSlots: fc.integer({ min: 8, max: 63 }),
    replacement: fc.constantFrom(...REPLACEMENTS),
    replacementSeed: fc.integer({ min: 1, max: 1000 }),
    mapping: fc.constantFrom('eager' as const, 'lazy' as const),
    permissions: fc.constantFrom('kvm' as const, 'privilege' as const),
    hostPageBytes: fc.constantFrom(...[2, 4, 6, 8, 10, 14, 18].map((power) => 1024 * 2 ** power)),
    hardwarePids: fc.constantFrom('two' as const, 'flush' as const, 'each' as const),
    guestTlbSearch: fc.constantFrom('linear' as const, 'hashed' as const),
    floatingPoint: fc.constantFrom('refused' as const, 'lazy' as const),
  })
  .map((values) => ({ ...LINUX_3_4, ...values }));

/** Runs random guests that read no time under KVM's policy and under another, and compares how they end. */
export function comparePolicies(t: ExecutionContext, numRuns: number): void {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 10, maxLength: 80 }),
      fc.array(fc.nat({ max: 2000 }), { maxLength: 6 }),
      policy,
      (operations, interruptsAt, whatIf) => {
        const asKvm = runRandomGuest(operations, interruptsAt, LINUX_3_4);
        t.is(asKvm.outcome, 'reset');
        t.deepEqual(runRandomGuest(operations, interruptsAt, whatIf), asKvm);
      },
    ),
    { numRuns },
  );
}
