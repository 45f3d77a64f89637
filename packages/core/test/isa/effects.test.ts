import test from 'ava';
import { assemble } from '../../src/isa/assembler.js';
import { effectsOf } from '../../src/isa/effects.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';

function summary(text: string) {
  const { reads, writes, memory } = effectsOf(assemble(text))!;
  return `${[...reads].sort().join(' ')} > ${[...writes].sort().join(' ')}${memory === 'none' ? '' : ` (${memory})`}`;
}

const CASES: readonly (readonly [string, string])[] = [
  ['add r3,r4,r5', 'r4 r5 > r3'],
  ['addo. r3,r4,r5', 'r4 r5 xer.so > cr0 r3 xer.ov xer.so'],
  ['adde r3,r4,r5', 'r4 r5 xer.ca > r3 xer.ca'],
  ['li r3,1', ' > r3'],
  ['lwz r3,8(0)', ' > r3 (load)'],
  ['lwzu r3,8(r4)', 'r4 > r3 r4 (load)'],
  ['stwx r3,r4,r5', 'r3 r4 r5 >  (store)'],
  ['lmw r29,0(r1)', 'r1 > r29 r30 r31 (load)'],
  ['lswi r30,r4,12', 'r4 > r0 r30 r31 (load)'],
  ['stswi r31,r4,5', 'r0 r31 r4 >  (store)'],
  ['cmpwi cr7,r3,1', 'r3 xer.so > cr7'],
  ['crclr 4*cr1+eq', 'cr1 > cr1'],
  ['blr', 'lr > pc'],
  ['bctrl', 'ctr pc > lr pc'],
  ['bdnz- 0x10', 'ctr pc > ctr pc'],
  ['beq+ cr3,0x10', 'cr3 pc > pc'],
  ['mfsrr0 r3', 'spr26 > r3'],
  ['mtsprg 3,r4', 'r4 > spr275'],
  ['mflr r0', 'lr > r0'],
  ['mfmsr r3', 'msr > r3'],
  ['wrteei 1', 'msr > msr'],
  ['rfi', 'msr spr26 spr27 > msr pc'],
  ['tlbwe r3,r4,1', 'msr r3 r4 spr946 > tlb'],
  ['lwarx r3,0,r4', 'r4 > r3 reservation (load)'],
  ['fmadd f1,f2,f3,f4', 'f2 f3 f4 fpscr msr > f1 fpscr'],
  ['lfs f1,0(r3)', 'msr r3 > f1 (load)'],
  ['stfd f1,0(r3)', 'f1 msr r3 >  (store)'],
  ['dcbz 0,r3', 'r3 >  (store)'],
  ['dcbf r3,r4', 'r3 r4 >  (check)'],
  ['mtcrf 0x81,r3', 'r3 > cr0 cr7'],
];

for (const [text, expected] of CASES) {
  test(`the effects of ${text} are those of its semantics`, (t) => {
    t.is(summary(text), expected);
  });
}

test('privilege and block ends are those of the row', (t) => {
  t.true(effectsOf(assemble('rfi'))!.privileged);
  t.false(effectsOf(assemble('mfspr r3,8'))!.privileged);
  t.true(effectsOf(assemble('b 0x8'))!.endsBlock);
  t.false(effectsOf(assemble('add r1,r1,r1'))!.endsBlock);
});

test('an illegal word has no effects to tell', (t) => {
  t.is(effectsOf(0), undefined);
});

test('the effects of every instruction can be told', (t) => {
  for (const { value, mnemonic } of INSTRUCTION_SET) t.notThrows(() => effectsOf(value), mnemonic);
});
