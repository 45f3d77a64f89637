import test from 'ava';
import { codeMachine } from './code-machine.js';

test('translated code goes on as such when its page has left the software TLB, and fills it as often as the interpreter', (t) => {
  const [interpreted, translated] = (['interpreter', 'wasm'] as const).map((engine) => {
    const processor = codeMachine(engine, ['addi r3,r3,1', 'addi r4,r4,1', 'xor r5,r5,r3', 'b -12']);
    processor.run(4000);
    const before = processor.translatorStatistics?.interpretedInstructions.cold;
    for (let round = 0; round < 100; round++) {
      processor.writeTlb(0, 0, 0x230);
      processor.run(40);
    }
    const after = processor.translatorStatistics?.interpretedInstructions.cold;
    return { sum: processor.gpr(5), fills: processor.statistics().softTlbFills, cold: after === undefined ? 0 : after - before! };
  });
  t.is(interpreted!.fills, 101);
  t.deepEqual(translated, { ...interpreted!, cold: 0 });
});
