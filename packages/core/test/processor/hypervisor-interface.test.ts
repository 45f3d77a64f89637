import test from 'ava';
import { assemble, type DcrBus, type DeviceBus, Processor440, StopReason, sprn, Vector } from '../../src/index.js';

const CODE = 0x1000;
const MSR_USER_SPACE_1 = 0x4000 | 0x20 | 0x10;
const VALID_SPACE_1_4K = 0x310;
const ALL = 0x3f;
const ENGINES = ['interpreter', 'wasm'] as const;

/** A processor whose interrupts go to the host, in user mode of address space 1. */
function processorOf(engine: (typeof ENGINES)[number], code: readonly string[]): Processor440 {
  const devices: DeviceBus = { read: () => 0, write: () => {} };
  const dcrs: DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: 1 << 20, devices, dcrs, coreHz: 1_000_000, timebaseHz: 1_000_000, engine });
  processor.interruptTarget = 'host';
  code.forEach((line, index) => {
    processor.memory.write32(CODE + 4 * index, assemble(line));
  });
  processor.pc = CODE;
  processor.msr = MSR_USER_SPACE_1;
  return processor;
}

for (const engine of ENGINES) {
  test(`a whole TLB entry written at once is the entry that three writes of a word make (${engine})`, (t) => {
    const processor = processorOf(engine, []);
    processor.writeTlbEntry(5, 0x12345310, 0x9000, ALL, 7);
    const whole = processor.readTlb(5);
    processor.writeTlb(6, 1, 0x9000);
    processor.writeTlb(6, 2, ALL);
    processor.writeTlb(6, 0, 0x12345310, 7);
    t.deepEqual(processor.readTlb(6), whole);
  });

  test(`the host reads the instruction that interrupted, until its mapping goes (${engine})`, (t) => {
    const processor = processorOf(engine, ['nop', 'mfspr r4,SPRG0']);
    processor.writeTlbEntry(0, CODE | VALID_SPACE_1_4K, CODE, ALL, 0);
    t.is(processor.run(10), StopReason.interrupt);
    t.is(processor.lastVector, Vector.program);
    t.is(processor.readSpr(sprn('SRR0')), CODE + 4);
    t.is(processor.interruptedInstruction(), assemble('mfspr r4,SPRG0'));
    processor.writeTlbEntry(0, 0, 0, 0, 0);
    t.is(processor.interruptedInstruction(), undefined);
  });

  test(`a guest entered again under another PID sees that PID's pages (${engine})`, (t) => {
    const processor = processorOf(engine, ['lwz r4,0(r5)', 'sc', 'b -8']);
    const [data, first, second] = [0x4000, 0x5000, 0x6000];
    processor.writeTlbEntry(0, CODE | VALID_SPACE_1_4K, CODE, ALL, 0);
    processor.writeTlbEntry(1, data | VALID_SPACE_1_4K, first, ALL, 1);
    processor.writeTlbEntry(2, data | VALID_SPACE_1_4K, second, ALL, 2);
    processor.memory.write32(first, 111);
    processor.memory.write32(second, 222);
    processor.setGpr(5, data);
    for (const [pid, expected] of [
      [1, 111],
      [2, 222],
      [1, 111],
      [1, 111],
      [2, 222],
    ] as const) {
      processor.writeSpr(sprn('PID'), pid);
      processor.msr = MSR_USER_SPACE_1;
      processor.pc = CODE;
      t.is(processor.run(10), StopReason.interrupt);
      t.is(processor.lastVector, Vector.systemCall);
      t.is(processor.gpr(4), expected);
    }
  });
}
