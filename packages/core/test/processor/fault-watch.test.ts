import test from 'ava';
import { Vector } from '../../src/isa/vectors.js';
import { FaultWatch } from '../../src/processor/fault-watch.js';
import { ProcessorState } from '../../src/processor/processor-state.js';
import { State } from '../../src/processor/state-layout.js';

const MANY = 100_000;

const newWatch = (): FaultWatch => new FaultWatch(new ProcessorState(new ArrayBuffer(State.end)));

const repeat = (record: (i: number) => void, times = MANY): void => {
  for (let i = 0; i < times; i++) record(i);
};

test('one access fault for ever is endless, even if a handler runs in between', (t) => {
  const watch = newWatch();
  repeat((i) => watch.record(Vector.dataTlbError, 0x1000, 0x2000, 50 * i), MANY - 1);
  t.is(watch.endlessFault, undefined);
  watch.record(Vector.dataTlbError, 0x1000, 0x2000, 50 * MANY);
  t.deepEqual(watch.endlessFault, { vector: Vector.dataTlbError, pc: 0x1000, ea: 0x2000, count: MANY });
});

test('a host that runs on after an endless fault hears of it again only when it has come as often again', (t) => {
  const watch = newWatch();
  const fault = (i: number) => watch.record(Vector.dataTlbError, 0x1000, 0x2000, 50 * i);
  repeat(fault);
  watch.beginRun();
  t.is(watch.endlessFault, undefined);
  repeat(fault, MANY - 1);
  t.false(watch.isEndless);
  fault(MANY);
  t.true(watch.isEndless);
});

test('interrupts at changing places without a single instruction in between are endless', (t) => {
  const watch = newWatch();
  repeat((i) => watch.record(i % 2 === 0 ? Vector.program : Vector.instructionTlbError, i % 2 === 0 ? 0 : 0x8000_0000, 0, 7));
  t.is(watch.endlessFault?.count, MANY);
});

test('a system call made again and again is progress', (t) => {
  const watch = newWatch();
  repeat((i) => watch.record(Vector.systemCall, 0x1000, 0, 50 * i), 2 * MANY);
  t.is(watch.endlessFault, undefined);
});

test('faults that walk through memory are progress', (t) => {
  const watch = newWatch();
  repeat((i) => watch.record(Vector.dataTlbError, 0x1000, 4096 * i, 50 * i), 2 * MANY);
  t.is(watch.endlessFault, undefined);
});
