import test from 'ava';
import { Msr, sprn } from '../../src/index.js';
import { assemble } from '../../src/isa/assembler.js';
import { Vector } from '../../src/isa/vectors.js';
import { CODE, codeMachine } from './code-machine.js';

const HANDLERS = 0x4000;
const INVALID_OPERATION_ENABLED = 0x80;
const NOT_A_NUMBER = 0x7ff8000000000000n;
const UNORDERED = 1;

for (const engine of ['interpreter', 'wasm'] as const) {
  test(`a comparison that an enabled exception ends has delivered its CR field in translated code, too (${engine})`, (t) => {
    const processor = codeMachine(engine, ['addi r3,r3,1', 'cmpwi cr3,r3,77', 'fcmpo cr3,f1,f2', 'mfcr r5', 'b -16']);
    processor.writeSpr(sprn(`IVOR${Vector.program}`), HANDLERS);
    processor.memory.write32(HANDLERS, assemble('b 0'));
    processor.msr = Msr.FP;
    processor.run(400);
    processor.setFpr(2, NOT_A_NUMBER);
    processor.fpscr = INVALID_OPERATION_ENABLED;
    processor.msr = Msr.FP | Msr.FE0;
    processor.run(20);
    t.is(processor.readSpr(sprn('SRR0')), CODE + 8);
    t.is((processor.cr >>> 16) & 15, UNORDERED);
  });
}
