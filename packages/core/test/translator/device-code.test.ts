import test from 'ava';
import { assemble } from '../../src/isa/assembler.js';
import { codeMachine } from './code-machine.js';

const DEVICE = 0x40000;

for (const engine of ['interpreter', 'wasm'] as const) {
  for (const line of ['add r3,r3,r4', 'addo r3,r3,r4', 'fadd f1,f2,f3', 'macchwu r3,r4,r5']) {
    test(`an instruction that a device gives is fetched from it once: ${line} (${engine})`, (t) => {
      const reads: number[] = [];
      const devices = {
        read: (pa: number) => {
          reads.push(pa);
          return reads.length === 1 ? assemble(line) : 0;
        },
        write: () => {},
      };
      const processor = codeMachine(engine, [], devices);
      processor.writeTlb(1, 1, DEVICE);
      processor.writeTlb(1, 2, 0x3f);
      processor.writeTlb(1, 0, DEVICE | 0x210);
      processor.msr = 0x2000;
      processor.pc = DEVICE;
      processor.run(1);
      t.deepEqual(reads, [DEVICE]);
      t.is(processor.pc, DEVICE + 4);
    });
  }
}
