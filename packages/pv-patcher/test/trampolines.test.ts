import { assemble, disassemble } from '@exitlab/core';
import test from 'ava';
import { areaBytes, patchedBytes, planPatches } from '../src/index.js';
import { AREA_END_PA, OPTIONS, region } from './code-samples.js';

const EA = 0xc0000000;

/** The trampoline of one instruction, disassembled where it is placed. */
function trampolineFor(line: string): string[] {
  const [trampoline] = planPatches({ regions: [region([line])], symbols: [] }, OPTIONS).trampolines;
  return trampoline!.words.map((word, index) => disassemble(word, trampoline!.pa + index * 4));
}

test('wrteei 0 clears MSR[EE] in the page and goes back, with one register saved and restored', (t) => {
  t.deepEqual(trampolineFor('wrteei 0'), [
    'stw r31,-3848(0)',
    'lwz r31,-4004(0)',
    'rlwinm r31,r31,0,17,15',
    'stw r31,-4004(0)',
    'lwz r31,-3848(0)',
    'b 0x4',
  ]);
});

test('wrteei 1 traps when an interrupt waits', (t) => {
  t.true(trampolineFor('wrteei 1').includes('twnei r31,0'));
});

test('a trampoline works with another register than the instruction', (t) => {
  t.true(trampolineFor('wrtee r31').includes('rlwimi r30,r31,0,16,16'));
  t.true(trampolineFor('mtmsr r3').includes('xor r31,r31,r3'));
});

test('the site becomes a branch to its trampoline, and no trampoline crosses a page', (t) => {
  const code = region(Array.from({ length: 100 }, () => ['wrteei 0', 'wrtee r3', 'wrteei 1', 'mtmsr r4']).flat());
  const plan = planPatches({ regions: [code], symbols: [] }, OPTIONS);
  const view = new DataView(patchedBytes(plan, code).buffer);
  plan.trampolines.forEach(({ pa, words, sitePa }, index) => {
    t.is(disassemble(view.getUint32(index * 4), sitePa), `b 0x${pa.toString(16)}`);
    t.is(Math.floor(pa / 4096), Math.floor((pa + words.length * 4 - 4) / 4096));
  });
  const ends = plan.trampolines.map(({ pa, words }) => pa + words.length * 4);
  t.true(
    plan.trampolines.slice(1).every(({ pa }, index) => pa >= ends[index]!),
    'one behind the other',
  );
});

test('the area is where a place was found, of a size that one TLB entry maps, and holds every trampoline', (t) => {
  const code = region(Array.from({ length: 300 }, () => 'wrtee r3'));
  const plan = planPatches({ regions: [code], symbols: [] }, OPTIONS);
  const { area } = plan;
  t.deepEqual(area, { pa: AREA_END_PA - 16384, sizeBytes: 16384 });
  t.is(areaBytes(plan).length, area!.sizeBytes);
  for (const { pa, words } of plan.trampolines) {
    t.true(pa >= area!.pa && pa + words.length * 4 <= area!.pa + area!.sizeBytes);
  }
});

test('where no place is found, what needs a trampoline is refused, and the rest is patched', (t) => {
  const plan = planPatches({ regions: [region(['wrteei 0', 'mfmsr r3'])], symbols: [] }, { ...OPTIONS, findArea: () => undefined });
  t.deepEqual(
    plan.sites.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.refusal : 'patched')),
    ['no-room', 'patched'],
  );
  t.is(plan.area, undefined);
});

test('a read of DEC is computed from the timebase, and traps before its start and after its end', (t) => {
  t.deepEqual(trampolineFor('mfspr r31,22'), [
    'stw r30,-3848(0)',
    'stw r29,-3828(0)',
    'mftb r30',
    'lwz r29,-3824(0)',
    'subf r30,r30,r29',
    'lwz r29,-3816(0)',
    'and r30,r30,r29',
    'lwz r29,-3820(0)',
    'twlgt r30,r29',
    'mr r31,r30',
    'lwz r29,-3828(0)',
    'lwz r30,-3848(0)',
    'b 0x4',
  ]);
});

test('a site out of the reach of a branch is refused', (t) => {
  const far = { ...region(['wrteei 0', 'mfmsr r3']), pa: 0x800_0000 };
  const { sites } = planPatches({ regions: [far], symbols: [] }, OPTIONS);
  t.deepEqual(
    sites.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.refusal : 'patched')),
    ['no-reach', 'patched'],
  );
});

/** Linux 6.12's finish_tlb_load_44x, a loop of the three words, and what must not be joined. */
const ENTRY_WRITES = [
  {
    what: 'three words with computations and a short branch forward between them',
    code: ['tlbwe r11,r13,1', 'li r11,528', 'tlbwe r10,r13,0', `bc 4,28,${EA + 20}`, 'rlwinm r11,r11,0,30,28', 'tlbwe r11,r13,2'],
    joined: true,
  },
  { what: 'three words in a row', code: ['tlbwe r3,r0,0', 'tlbwe r4,r0,1', 'tlbwe r5,r0,2'], joined: true },
  { what: 'another register for the entry', code: ['tlbwe r3,r0,0', 'tlbwe r4,r6,1', 'tlbwe r5,r0,2'], joined: false },
  { what: 'a word twice', code: ['tlbwe r3,r0,0', 'tlbwe r4,r0,1', 'tlbwe r5,r0,1'], joined: false },
  { what: 'a load between them', code: ['tlbwe r3,r6,0', 'lwz r4,0(r7)', 'tlbwe r4,r6,1', 'tlbwe r5,r6,2'], joined: false },
  { what: 'a changed entry register', code: ['tlbwe r3,r6,0', 'addi r6,r6,1', 'tlbwe r4,r6,1', 'tlbwe r5,r6,2'], joined: false },
  { what: 'a move to MMUCR between them', code: ['tlbwe r3,r6,0', 'mtspr 946,r4', 'tlbwe r4,r6,1', 'tlbwe r5,r6,2'], joined: false },
  { what: 'a branch from outside into them', code: ['tlbwe r3,r6,0', 'tlbwe r4,r6,1', 'tlbwe r5,r6,2', `b ${EA + 4}`], joined: false },
  {
    what: 'a branch that skips one of them',
    code: ['tlbwe r3,r6,0', `bc 12,2,${EA + 12}`, 'tlbwe r4,r6,1', 'tlbwe r5,r6,2'],
    joined: false,
  },
  { what: 'one alone', code: ['tlbwe r3,r4,0', 'addi r4,r4,1', `b ${EA}`], joined: false },
];

for (const { what, code, joined } of ENTRY_WRITES) {
  test(`${joined ? 'one exit writes' : 'nothing joins'} an entry: ${what}`, (t) => {
    const { sites, uninterrupted } = planPatches({ regions: [region(code, EA)], symbols: [] }, OPTIONS);
    const writes = sites.filter(({ instruction }) => instruction === 'tlbwe');
    t.is(uninterrupted.length, joined ? 1 : 0);
    if (joined) {
      const [first, second, third] = writes.map(({ outcome }) => (outcome.kind === 'patched' ? outcome.word : 0));
      t.deepEqual([first! >>> 26, second! >>> 26, third! & 1], [36, 36, 1], 'two stores, and a tlbwe with the mark');
    } else {
      t.true(writes.every(({ outcome }) => outcome.kind === 'refused' && outcome.refusal === 'alone'));
    }
  });
}

/** The end of Linux 6.12's finish_tlb_load_44x, and what a return must not be joined over. */
const ENTRY = ['tlbwe r11,r13,1', 'tlbwe r10,r13,0', 'tlbwe r11,r13,2'];
const RETURNS = [
  { what: 'behind loads from the page', code: [...ENTRY, 'mfspr r11,263', 'mtcrf 255,r11', 'mfspr r13,261', 'rfi'], joined: true },
  { what: 'right behind', code: [...ENTRY, 'rfi'], joined: true },
  { what: 'with a load between', code: [...ENTRY, 'lwz r3,0(r4)', 'rfi'], joined: false },
  { what: 'with a store to the page between', code: [...ENTRY, 'mtspr 26,r3', 'rfi'], joined: false },
  { what: 'with an exit between', code: [...ENTRY, 'mfspr r3,22', 'rfi'], joined: false },
  { what: 'with a branch between', code: [...ENTRY, `bc 12,2,${EA + 16}`, 'rfi'], joined: false },
  { what: 'that is jumped to', code: [...ENTRY, 'nop', 'rfi', `b ${EA + 16}`], joined: false },
  {
    what: 'where the entry’s register lies below the word’s',
    code: ['tlbwe r3,r5,0', 'tlbwe r3,r5,1', 'tlbwe r6,r5,2', 'rfi'],
    joined: false,
  },
];

for (const { what, code, joined } of RETURNS) {
  test(`a return ${joined ? 'writes' : 'does not write'} the entry before it: ${what}`, (t) => {
    const { sites, uninterrupted } = planPatches({ regions: [region(code, EA)], symbols: [] }, OPTIONS);
    const [, , last] = sites.filter(({ instruction }) => instruction === 'tlbwe');
    const back = sites.find(({ instruction }) => instruction === 'rfi')!;
    t.is(back.outcome.kind, joined ? 'patched' : 'refused');
    const word = last!.outcome.kind === 'patched' ? last!.outcome.word : 0;
    t.is(disassemble(word & ~1, 0).split(' ')[0], joined ? 'stmw' : 'tlbwe');
    t.is(uninterrupted[0]!.lastPa, (joined ? back.ea : last!.ea) & 0x0fff_ffff, 'interrupts wait that long');
    if (back.outcome.kind === 'patched') t.is(back.outcome.word, (assemble('rfi') | (last!.word & 0x03fff800) | 1) >>> 0);
  });
}
