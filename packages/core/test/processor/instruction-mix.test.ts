import test from 'ava';
import { assemble, Processor440 } from '../../src/index.js';

function runLoop(countInstructions: boolean): Processor440 {
  const bus = { read: () => 0, write: () => {} };
  const processor = new Processor440({
    ramSizeBytes: 65536,
    devices: bus,
    dcrs: bus,
    coreHz: 1e9,
    timebaseHz: 1e9,
    countInstructions,
    engine: 'interpreter',
  });
  const code = ['li r3,0', 'addi r3,r3,1', 'cmpwi r3,100', 'bne 0x1004', 'b 0x1010'];
  for (const [index, text] of code.entries()) processor.memory.write32(0x1000 + 4 * index, assemble(text, 0x1000 + 4 * index));
  processor.writeTlb(0, 1, 0);
  processor.writeTlb(0, 2, 0x3f);
  processor.writeTlb(0, 0, 0x230);
  processor.pc = 0x1000;
  processor.run(311);
  return processor;
}

test('a processor that counts says how often each instruction was begun', (t) => {
  t.deepEqual(Object.fromEntries(runLoop(true).instructionMix() ?? []), { addi: 101, cmpi: 100, bc: 100, b: 10 });
});

test('counting changes nothing else', (t) => {
  const [counting, plain] = [runLoop(true), runLoop(false)];
  t.is(plain.instructionMix(), undefined);
  t.is(counting.clock.retiredInstructions, plain.clock.retiredInstructions);
  t.is(counting.gpr(3), plain.gpr(3));
  t.is(counting.pc, plain.pc);
});
