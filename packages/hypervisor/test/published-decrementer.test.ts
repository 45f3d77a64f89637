import { Processor440 } from '@exitlab/core';
import test from 'ava';
import fc from 'fast-check';
import { LINUX_3_4 } from '../src/policy.js';
import { ShadowTlb } from '../src/shadow-tlb.js';
import { PrivateSharedPage, SharedField } from '../src/shared-page.js';
import { Timers } from '../src/timers.js';
import { Vcpu } from '../src/vcpu.js';
import { Work } from '../src/work.js';

const TCR_ARE = 0x00400000;

const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    value: fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 0xffffffff })),
    delayTicks: fc.integer({ min: 0, max: 300 }),
  }),
  fc.record({ kind: fc.constant('reload' as const), value: fc.constantFrom(0, 1, 700, 0xffffffff) }),
  fc.record({
    kind: fc.constant('pass' as const),
    ticks: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 2 ** 33 })),
  }),
);

/** What a guest computes from the page at the timebase `now`; undefined where it traps instead. */
function computed(page: PrivateSharedPage, now: number): number | undefined {
  const untilEnd = ((page.get(SharedField.decrementerEnd) - (now % 2 ** 32)) & page.get(SharedField.decrementerMask)) >>> 0;
  return untilEnd > page.get(SharedField.decrementerStart) ? undefined : untilEnd;
}

test('what a guest computes from the page is exactly what an emulated read of DEC gives, or it traps while DEC has yet to start', (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const bus = { read: () => 0, write: () => {} };
      const processor = new Processor440({ ramSizeBytes: 4096, devices: bus, dcrs: bus, coreHz: 4e8, timebaseHz: 4e8 });
      const page = new PrivateSharedPage();
      const work = new Work();
      const vcpu = new Vcpu(processor, LINUX_3_4, 4096, page, new ShadowTlb(processor, LINUX_3_4), work);
      const timers = new Timers(processor);
      let startsAt = 0;
      for (const each of steps) {
        const now = Math.floor(processor.clock.timebase);
        if (each.kind === 'write') {
          timers.writeDec(each.value, each.delayTicks, work);
          startsAt = each.value === 0 ? 0 : now + Math.min(each.delayTicks, 0xffffffff - each.value);
        } else if (each.kind === 'reload') {
          timers.decar = each.value;
          timers.writeTcr(each.value === 0 ? 0 : TCR_ARE, vcpu);
        } else {
          processor.clock.advance(each.ticks);
        }
        if (timers.expired) timers.expire(vcpu);
        timers.publish(page);
        const after = Math.floor(processor.clock.timebase);
        const value = computed(page, after);
        if (after >= startsAt) t.is(value, timers.readDec(), JSON.stringify(steps));
        else t.true(value === undefined || value === timers.readDec());
      }
    }),
    { numRuns: 60, seed: 22 },
  );
});
