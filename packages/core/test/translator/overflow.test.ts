import test from 'ava';
import type { Processor440 } from '../../src/index.js';
import { codeMachine } from './code-machine.js';

const SUMMARY_OVERFLOW = 0x80000000;
const INSTRUCTIONS = 100_000;

function machine(engine: 'wasm' | 'interpreter', lines: readonly string[], xer: number): Processor440 {
  const processor = codeMachine(engine, lines);
  processor.xer = xer;
  processor.run(INSTRUCTIONS);
  return processor;
}

const outcome = (processor: Processor440) => ({
  pc: processor.pc,
  cr: processor.cr,
  xer: processor.xer,
  r3: processor.gpr(3),
  retired: processor.clock.retiredInstructions,
});

const LOOPS: readonly { what: string; lines: readonly string[] }[] = [
  { what: 'copies it into the CR fields of comparisons', lines: ['addi r3,r3,1', 'cmpwi cr2,r3,100', 'add. r4,r3,r3', 'b -12'] },
  { what: 'sets it again by addo', lines: ['addo r3,r3,r3', 'addi r3,r3,77', 'cmplw cr1,r3,r4', 'b -12'] },
  { what: 'sets and clears it in turn', lines: ['mtxer r5', 'xoris r5,r5,0x8000', 'cmpw r3,r5', 'addi r3,r3,3', 'b -16'] },
];

for (const { what, lines } of LOOPS) {
  test(`with XER[SO] set from the start a loop that ${what} ends alike in both engines, and is translated`, (t) => {
    const [one, other] = [machine('interpreter', lines, SUMMARY_OVERFLOW), machine('wasm', lines, SUMMARY_OVERFLOW)];
    t.deepEqual(outcome(other), outcome(one));
    const { cold, nearEvent, fallBack } = other.translatorStatistics!.interpretedInstructions;
    t.true(cold + nearEvent + fallBack < INSTRUCTIONS / 100);
  });
}
