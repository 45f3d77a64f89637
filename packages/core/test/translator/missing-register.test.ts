import test from 'ava';
import { codeMachine } from './code-machine.js';

for (const engine of ['interpreter', 'wasm'] as const) {
  test(`a move from an SPR that the 440 does not have leaves the register as the instructions before it have set it (${engine})`, (t) => {
    const processor = codeMachine(engine, ['addi r13,r13,1', 'mfspr r13,35', 'addi r14,r14,1', 'b -12']);
    processor.run(4000);
    t.is(processor.gpr(14), 1000);
    t.is(processor.gpr(13), 1000);
  });
}
