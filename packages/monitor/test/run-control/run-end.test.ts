import { StopReason } from '@exitlab/core';
import test from 'ava';
import { NativeGuest } from '../../src/run-control/native-guest.js';
import { describeRunEnd, type RunEnd } from '../../src/run-control/run-end.js';
import { RecordedProcessor } from '../recorded-processor.js';

const fault = { vector: 14, pc: 0x7000_1000, ea: 0x7000_1000, count: 10_000 };

for (const { end, says } of [
  { end: { reason: 'reset' }, says: /reset/ },
  { end: { reason: 'expected-text', text: 'ok' }, says: /"ok"/ },
  {
    end: { reason: 'panic', sign: { kind: 'oops', line: ' Oops: x ' } },
    says: /failed: Oops: x$/,
  },
  { end: { reason: 'halt-without-wakeup' }, says: /waits/ },
  { end: { reason: 'instruction-limit' }, says: /instructions/ },
  { end: { reason: 'timeout' }, says: /host time/ },
  { end: { reason: 'endless-fault', fault }, says: /IVOR14 at 0x70001000 .*10000 times/ },
  {
    end: { reason: 'hypervisor-failure', failure: { cause: 'unsupported', sentence: 'KVM does not know mtspr MCSR.' } },
    says: /mtspr MCSR/,
  },
  { end: { reason: 'interrupted' }, says: /interrupted/ },
] as const satisfies readonly { end: RunEnd; says: RegExp }[]) {
  test(`a run that ends by ${end.reason} is described`, (t) => {
    t.regex(describeRunEnd(end), says);
  });
}

test('an endless fault says why, if that is known', (t) => {
  const end: RunEnd = { reason: 'endless-fault', fault: { ...fault, explanation: 'the shadow entry lacks execute permission' } };
  t.regex(describeRunEnd(end), /in a row; the shadow entry lacks execute permission\.$/);
});

for (const [name, kind] of [
  ['limit', 'limit'],
  ['wait', 'wait'],
  ['reset', 'reset'],
  ['stopped', 'stopped'],
] as const) {
  test(`on the bare processor, the stop reason ${name} is the outcome ${kind}`, (t) => {
    const processor = new RecordedProcessor();
    processor.stops.push(StopReason[name]);
    const guest = new NativeGuest(processor, { endlessFault: undefined });
    t.is(processor.interruptTarget, 'vectors');
    t.deepEqual(guest.run(1), { kind });
  });
}

test('on the bare processor, a watched endless fault is the outcome', (t) => {
  const processor = new RecordedProcessor();
  processor.stops.push(StopReason.stopped);
  t.deepEqual(new NativeGuest(processor, { endlessFault: fault }).run(1), { kind: 'endless-fault', fault });
});

test('MSR[EE] says whether the guest accepts external interrupts', (t) => {
  const processor = new RecordedProcessor();
  const guest = new NativeGuest(processor, { endlessFault: undefined });
  processor.msr = 0x8000;
  t.true(guest.acceptsExternalInterrupts);
  processor.msr = 0x2_0000;
  t.false(guest.acceptsExternalInterrupts);
});
