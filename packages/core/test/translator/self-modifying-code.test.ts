import test from 'ava';
import { Msr, type Processor440 } from '../../src/index.js';
import { assemble } from '../../src/isa/assembler.js';
import { CODE, codeMachine } from './code-machine.js';

/** A place in the same page that no code stands at. */
const DATA = 0x1800;

function machine(lines: readonly string[], engine: 'wasm' | 'interpreter' = 'wasm'): Processor440 {
  const processor = codeMachine(engine, lines);
  processor.setGpr(6, CODE);
  processor.setGpr(7, assemble('addi r3,r3,1') ^ assemble('addi r3,r3,100'));
  processor.setGpr(5, assemble('addi r3,r3,1'));
  processor.setGpr(8, DATA);
  return processor;
}

const LOOP = ['addi r3,r3,1', 'xor r5,r5,r7', 'addi r4,r4,1', 'b -12'];

test('a loop that rewrites its first instruction every time round executes what it has written', (t) => {
  const lines = ['addi r3,r3,1', 'xor r5,r5,r7', 'stw r5,0(r6)', 'b -12'];
  const [one, other] = [machine(lines, 'interpreter'), machine(lines)];
  for (const processor of [one, other]) processor.run(4000);
  t.is(one.gpr(3), 500 * 101);
  t.is(other.gpr(3), one.gpr(3));
  t.true(other.translatorStatistics!.regionsDropped > 0);
});

test('an instruction rewritten just ahead of the store takes effect at once', (t) => {
  const lines = ['xor r5,r5,r7', 'stw r5,8(r6)', 'addi r3,r3,1', 'b -12'];
  const [one, other] = [machine(lines, 'interpreter'), machine(lines)];
  for (const processor of [one, other]) processor.run(4000);
  t.is(other.gpr(3), one.gpr(3));
  t.is(other.gpr(3), 500 * 101);
});

for (const [mnemonic, store] of [
  ['stmw', 'stmw r30,0(r6)'],
  ['stswi', 'stswi r30,r6,8'],
  ['stfd', 'stfd f1,0(r6)'],
] as const) {
  test(`${mnemonic}, which makes several accesses, ends its run where the interpreter does when the first of them changes code`, (t) => {
    const lines = ['addi r3,r3,1', 'xor r30,r30,r7', 'addi r4,r4,1', store, 'b -16'];
    const [one, other] = (['interpreter', 'wasm'] as const).map((engine) => {
      const processor = machine(lines, engine);
      processor.msr = Msr.FP;
      processor.setFpr(1, (BigInt(assemble('addi r3,r3,2')) << 32n) | BigInt(assemble('xor r30,r30,r7')));
      processor.setGpr(30, assemble('addi r3,r3,1'));
      processor.setGpr(31, assemble('xor r30,r30,r7'));
      processor.run(1000);
      return processor;
    });
    for (const processor of [one!, other!]) t.is(processor.gpr(4), 200);
    t.is(other!.gpr(3), one!.gpr(3));
    t.true(other!.translatorStatistics!.regionsDropped > 0);
  });
}

test('stores to data in a page of code leave the code alone', (t) => {
  const processor = machine(['addi r3,r3,1', 'stw r3,0(r8)', 'stb r3,5(r8)', 'b -12']);
  processor.run(4000);
  t.is(processor.memory.read32(DATA), 1000);
  t.is(processor.memory.read8(DATA + 5), 1000 & 0xff);
  t.is(processor.translatorStatistics!.regionsDropped, 0);
});

test('a page that is stored to by the long way because it holds code is filled into the software TLB once, as in the interpreter', (t) => {
  const lines = ['addi r3,r3,1', 'xor r5,r5,r7', 'stw r5,0(r6)', 'b -12'];
  const fills = (['interpreter', 'wasm'] as const).map((engine) => {
    const processor = machine(lines, engine);
    processor.run(4000);
    return processor.statistics().softTlbFills;
  });
  t.deepEqual(fills, [1, 1]);
});

test('what the host writes over translated code is executed', (t) => {
  const processor = machine(LOOP);
  processor.run(4000);
  t.is(processor.gpr(3), 1000);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, assemble('addi r3,r3,7'));
  processor.memory.writeBytes(CODE, bytes);
  processor.run(4000);
  t.is(processor.gpr(3), 8000);
  t.true(processor.translatorStatistics!.regionsDropped > 0);
});

test('a store through another address of the same page is seen', (t) => {
  const lines = ['addi r3,r3,1', 'xor r5,r5,r7', 'stw r5,0(r9)', 'b -12'];
  const processor = machine(lines);
  processor.writeTlb(1, 1, 0);
  processor.writeTlb(1, 2, 0x3f);
  processor.writeTlb(1, 0, 0x40000230);
  processor.setGpr(9, 0x40000000 + CODE);
  processor.run(4000);
  t.is(processor.gpr(3), 500 * 101);
});

test('code behind a page that is mapped elsewhere runs from where it is mapped now', (t) => {
  const processor = machine(LOOP);
  processor.run(400);
  t.is(processor.gpr(3), 100);
  for (const [index, line] of LOOP.entries()) processor.memory.write32(0x5000 + 4 * index, assemble(index === 0 ? 'addi r3,r3,5' : line));
  processor.writeTlb(0, 0, 0);
  processor.writeTlb(2, 1, 0x5000);
  processor.writeTlb(2, 2, 0x3f);
  processor.writeTlb(2, 0, CODE | 0x210);
  processor.run(400);
  t.is(processor.gpr(3), 600);
});
