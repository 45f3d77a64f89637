import test from 'ava';
import { assemble } from '../../src/isa/assembler.js';
import { Esr, Msr, Vector } from '../../src/isa/vectors.js';
import { pageSizeBytes } from '../../src/mmu/tlb-words.js';
import {
  ALL,
  CODE,
  createProcessor,
  createProgram,
  DATA,
  E,
  load,
  runToInterrupt,
  Size,
  SR,
  setSpr,
  spr,
  UR,
  USER,
  writeEntry,
} from '../processor/bare-machine.js';

const FAR = 0x4000_0000;

/** Loads a word from `ea`; undefined where that interrupts. */
function read(processor: ReturnType<typeof createProcessor>, ea: number): number | undefined {
  load(processor, ['lwz r3,0(r4)']);
  processor.pc = CODE;
  processor.setGpr(4, ea);
  return runToInterrupt(processor, 1) < 0 ? processor.gpr(3) : undefined;
}

test('a page has the size that SIZE says, and ends where it ends', (t) => {
  for (const size of Object.values(Size)) {
    const processor = createProcessor();
    const bytes = pageSizeBytes(size << 4);
    t.is(bytes, 1024 * 4 ** size);
    // The last word of the page lies at the end of RAM, or beyond it, where reads give 0.
    writeEntry(processor, 0, { ea: FAR, pa: bytes <= 1 << 20 ? DATA & -bytes : 0, size });
    t.is(read(processor, FAR - 4), undefined);
    t.not(read(processor, FAR), undefined);
    t.not(read(processor, FAR + bytes - 4), undefined);
    t.is(read(processor, FAR + bytes), undefined);
  }
});

test('the reserved sizes map nothing', (t) => {
  for (const size of [6, 8, 10, 11, 12, 13, 14, 15]) {
    const processor = createProcessor();
    writeEntry(processor, 0, { ea: FAR, pa: 0, size });
    t.is(read(processor, FAR), undefined, `${size}`);
  }
});

test('bits of RPN below the page size are those of the address', (t) => {
  const processor = createProcessor();
  writeEntry(processor, 0, { ea: FAR, pa: 0x13400, size: Size['64K'] });
  processor.memory.write32(0x10800, 99);
  t.is(read(processor, FAR + 0x800), 99);
});

test('ERPN gives the upper four bits of the physical address', (t) => {
  const accesses: number[] = [];
  const devices = {
    read: (pa: number) => {
      accesses.push(pa);
      return 0x77;
    },
    write: () => {},
  };
  const processor = createProcessor({ devices });
  writeEntry(processor, 0, { ea: FAR, pa: 0x1_ef60_0000, size: Size['4K'] });
  t.is(read(processor, FAR + 0x300), 0x77);
  t.deepEqual(accesses, [0x1_ef60_0300]);
});

test('an entry is for its address space and its process; TID 0 is for all', (t) => {
  const processor = createProcessor();
  processor.memory.write32(DATA, 1);
  processor.memory.write32(DATA + 4096, 2);
  processor.memory.write32(DATA + 8192, 3);
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'], tid: 5 });
  writeEntry(processor, 1, { ea: FAR, pa: DATA + 4096, size: Size['4K'], tid: 0, space: 1 });
  writeEntry(processor, 2, { ea: FAR, pa: DATA + 8192, size: Size['4K'], tid: 6 });
  const found = (pid: number, msr: number) => {
    setSpr(processor, 'PID', pid);
    processor.msr = msr;
    return read(processor, FAR);
  };
  t.is(found(5, 0), 1);
  t.is(found(6, 0), 3);
  t.is(found(7, 0), undefined);
  t.is(found(5, Msr.DS), 2);
  t.is(found(7, Msr.DS), 2);
});

test('where entries overlap the lowest index wins, whatever their sizes', (t) => {
  const processor = createProcessor();
  processor.memory.write32(DATA + 0x400, 1);
  processor.memory.write32(DATA + 0x8400, 2);
  processor.memory.write32(DATA + 0x8000, 3);
  writeEntry(processor, 5, { ea: FAR, pa: DATA + 0x8000, size: Size['16K'] });
  t.is(read(processor, FAR + 0x400), 2);
  writeEntry(processor, 3, { ea: FAR + 0x400, pa: DATA + 0x400, size: Size['1K'] });
  t.is(read(processor, FAR), 3, 'beside the small page');
  t.is(read(processor, FAR + 0x400), 1, 'in it');
  writeEntry(processor, 9, { ea: FAR, pa: DATA, size: Size['1K'] });
  t.is(read(processor, FAR), 3, 'a higher index hides nothing');
});

test('four pages of 1 KB in 4 KB are four pages', (t) => {
  const processor = createProcessor();
  for (const part of [0, 1, 2]) {
    processor.memory.write32(DATA + part * 0x2000, part + 10);
    const word2 = part === 1 ? UR : ALL;
    writeEntry(processor, part, { ea: FAR + part * 1024, pa: DATA + part * 0x2000, size: Size['1K'], word2 });
  }
  t.is(read(processor, FAR), 10);
  t.is(read(processor, FAR + 1024), undefined, 'only a user may read it');
  t.is(read(processor, FAR + 2048), 12);
  t.is(read(processor, FAR + 3072), undefined, 'not mapped');
});

test('code runs from a page of 1 KB, and from a little-endian page', (t) => {
  for (const [size, word2] of [
    [Size['1K'], ALL],
    [Size['4K'], ALL | E],
  ] as const) {
    const processor = createProcessor();
    load(processor, ['li r3,5', 'addi r3,r3,1', 'nop', 'addi r3,r3,1'], DATA);
    processor.memory.write32(DATA + 8, assemble('b 0x4000000c', FAR + 8));
    if (word2 & E) {
      for (let i = 0; i < 4; i++) {
        const bytes = processor.memory.readBytes(DATA + 4 * i, 4);
        processor.memory.writeBytes(DATA + 4 * i, bytes.reverse());
      }
    }
    writeEntry(processor, 0, { ea: FAR, pa: DATA, size, word2 });
    processor.pc = FAR;
    processor.run(4);
    t.is(processor.gpr(3), 7);
    t.is(processor.pc, FAR + 16);
  }
});

test('a little-endian page reverses the bytes of each operand', (t) => {
  const processor = createProgram(['stw r3,0(r4)', 'sth r3,4(r4)', 'stb r3,6(r4)', 'lwz r5,0(r4)', 'lhz r6,4(r4)', 'lwbrx r7,0,r4'], 0, {
    3: 0x11223344,
    4: FAR,
  });
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'], word2: ALL | E });
  processor.run(6);
  t.deepEqual([...processor.memory.readBytes(DATA, 7)], [0x44, 0x33, 0x22, 0x11, 0x44, 0x33, 0x44]);
  t.is(processor.gpr(5), 0x11223344);
  t.is(processor.gpr(6), 0x3344);
  t.is(processor.gpr(7), 0x44332211);
});

test('an operand that crosses between two little-endian pages is one operand', (t) => {
  const processor = createProgram(['stw r3,0(r4)', 'lwz r5,0(r4)'], 0, { 3: 0x11223344, 4: FAR + 1023 });
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['1K'], word2: ALL | E });
  writeEntry(processor, 1, { ea: FAR + 1024, pa: DATA + 0x2000, size: Size['1K'], word2: ALL | E });
  processor.run(2);
  t.is(processor.memory.read8(DATA + 1023), 0x44);
  t.deepEqual([...processor.memory.readBytes(DATA + 0x2000, 3)], [0x33, 0x22, 0x11]);
  t.is(processor.gpr(5), 0x11223344);
});

// --- crossing pages -----------------------------------------------------------------------------------------------------------
test('an access may cross into a page that lies elsewhere', (t) => {
  const processor = createProgram(['stw r3,0(r4)', 'lwz r5,0(r4)', 'lhz r6,1(r4)'], 0, { 3: 0x11223344, 4: FAR + 4094 });
  writeEntry(processor, 0, { ea: FAR, pa: DATA + 0x4000, size: Size['4K'] });
  writeEntry(processor, 1, { ea: FAR + 4096, pa: DATA, size: Size['4K'] });
  processor.run(3);
  t.is(processor.memory.read16(DATA + 0x4000 + 4094), 0x1122);
  t.is(processor.memory.read16(DATA), 0x3344);
  t.is(processor.gpr(5), 0x11223344);
  t.is(processor.gpr(6), 0x2233);
});

test('DEAR names the operand if the first page faults, else the first byte of the second; nothing is stored', (t) => {
  const access = (code: string, pages: readonly number[], word2: number) => {
    const processor = createProgram([code], 0, { 3: 0x11223344, 4: FAR + 4094 });
    processor.memory.write16(DATA + 4094, 0xaaaa);
    for (const page of pages) writeEntry(processor, page, { ea: FAR + page * 4096, pa: DATA + page * 4096, size: Size['4K'], word2 });
    const vector = runToInterrupt(processor, 1);
    t.is(processor.memory.read16(DATA + 4094), 0xaaaa);
    return { vector, dear: spr(processor, 'DEAR'), esr: spr(processor, 'ESR') };
  };
  t.deepEqual(access('stw r3,0(r4)', [1], ALL), { vector: Vector.dataTlbError, dear: FAR + 4094, esr: Esr.ST });
  t.deepEqual(access('stw r3,0(r4)', [0], ALL), { vector: Vector.dataTlbError, dear: FAR + 4096, esr: Esr.ST });
  t.deepEqual(access('lwz r3,0(r4)', [0], ALL), { vector: Vector.dataTlbError, dear: FAR + 4096, esr: 0 });
  t.deepEqual(access('stw r3,0(r4)', [0, 1], SR), { vector: Vector.dataStorage, dear: FAR + 4094, esr: Esr.ST });
});

test('a load that faults in its second page leaves its registers alone, an update form its base, too', (t) => {
  const processor = createProgram(['lwzu r3,-2(r4)'], 0, { 3: 0x55, 4: FAR + 4096 });
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'] });
  t.is(runToInterrupt(processor), Vector.dataTlbError);
  t.is(processor.gpr(3), 0x55);
  t.is(processor.gpr(4), FAR + 4096);
});

// --- the instructions ---------------------------------------------------------------------------------------------------------
test('tlbwe and tlbre move the three words; TID goes through MMUCR[STID], whose neighbours stay', (t) => {
  const code = ['tlbwe r3,r6,0', 'tlbwe r4,r6,1', 'tlbwe r5,r6,2', 'mtspr 946,r10', 'tlbre r7,r6,1', 'tlbre r8,r6,2', 'tlbre r9,r6,0'];
  const processor = createProgram(code, 0, { 3: 0xffff_ffff, 4: 0xffff_ffff, 5: 0xffff_ffff, 6: 64 + 7, 10: 0x0109_00ff });
  setSpr(processor, 'MMUCR', 0x0000_0042);
  processor.run(6);
  t.is(spr(processor, 'MMUCR'), 0x0109_00ff, 'only word 0 brings the TID');
  processor.run(1);
  t.is(spr(processor, 'MMUCR'), 0x0109_0042);
  t.is(processor.gpr(9), 0xffff_fff0);
  t.is(processor.gpr(7), 0xffff_fc0f);
  t.is(processor.gpr(8), 0x0000_ffbf);
  t.deepEqual(processor.readTlb(7), { word0: 0xffff_fff0, word1: 0xffff_fc0f, word2: 0xffbf, tid: 0x42 });
});

test('the index of tlbre and tlbwe is the low six bits of RA, whatever the others', (t) => {
  const processor = createProgram(['tlbre r3,r4,0'], 0, { 4: 0xffff_ffc0 + 62 });
  processor.run(1);
  t.is(processor.gpr(3), processor.readTlb(62).word0);
});

test('MMUCR keeps the bits that it has', (t) => {
  const processor = createProcessor();
  setSpr(processor, 'MMUCR', 0xffff_ffff);
  t.is(spr(processor, 'MMUCR'), 0x016d_00ff);
});

test('tlbsx looks in the space of MMUCR[STS] for the process of MMUCR[STID], not in those of MSR and PID', (t) => {
  const search = (mmucr: number) => {
    const processor = createProgram(['tlbsx. r3,r0,r4'], Msr.DS, { 4: FAR + 0x123 });
    setSpr(processor, 'PID', 9);
    setSpr(processor, 'MMUCR', mmucr);
    writeEntry(processor, 11, { ea: FAR, pa: DATA, size: Size['4K'], tid: 3 });
    writeEntry(processor, 12, { ea: FAR, pa: DATA, size: Size['4K'], tid: 9, space: 1 });
    processor.xer = 0x8000_0000;
    processor.run(1);
    return { index: processor.gpr(3), cr0: processor.cr >>> 28 };
  };
  t.deepEqual(search(3), { index: 11, cr0: 0b0011 });
  t.deepEqual(search(0x0001_0009), { index: 12, cr0: 0b0011 });
  t.deepEqual(search(9), { index: 0xffff_ffff, cr0: 0b0001 });
});

test('tlbsx finds an entry that permits nothing', (t) => {
  const processor = createProgram(['tlbsx r3,r0,r4'], 0, { 4: FAR });
  writeEntry(processor, 20, { ea: FAR, size: Size['4K'], word2: 0 });
  processor.run(1);
  t.is(processor.gpr(3), 20);
});

test('PID has eight bits', (t) => {
  const processor = createProcessor();
  setSpr(processor, 'PID', 0x1ff);
  t.is(spr(processor, 'PID'), 0xff);
});

// --- changes take effect at once ----------------------------------------------------------------------------------------------
test('taking an entry away ends what it mapped, in the next instruction', (t) => {
  const processor = createProgram(['lwz r3,0(r4)', 'tlbwe r5,r6,0', 'lwz r3,0(r4)'], 0, { 4: FAR, 5: 0, 6: 0 });
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'] });
  t.is(runToInterrupt(processor), Vector.dataTlbError);
  t.is(processor.clock.retiredInstructions, 2);
});

test('taking a permission away forbids the next access', (t) => {
  const processor = createProgram(['stw r3,0(r4)', 'tlbwe r5,r6,2', 'stw r3,0(r4)'], 0, { 4: FAR, 5: SR, 6: 0 });
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'] });
  t.is(runToInterrupt(processor), Vector.dataStorage);
  t.is(processor.clock.retiredInstructions, 2);
});

test('an entry of a lower index takes over what a higher one mapped', (t) => {
  const processor = createProgram(['lwz r3,0(r4)', 'tlbwe r5,r6,0', 'lwz r7,0(r4)'], 0, { 4: FAR, 5: FAR | 0x210, 6: 2 });
  processor.memory.write32(DATA, 1);
  processor.memory.write32(DATA + 4096, 2);
  writeEntry(processor, 3, { ea: FAR, pa: DATA, size: Size['64K'] });
  processor.writeTlb(2, 1, DATA + 4096);
  processor.writeTlb(2, 2, ALL);
  processor.run(3);
  t.is(processor.gpr(3), 1);
  t.is(processor.gpr(7), 2);
});

test('the page of the running instruction can be moved under it', (t) => {
  const processor = createProgram(['tlbwe r5,r6,1', 'li r3,1'], 0, { 5: DATA, 6: 0 });
  writeEntry(processor, 0, { ea: CODE, size: Size['4K'] });
  load(processor, ['nop', 'li r3,2'], DATA);
  processor.run(2);
  t.is(processor.gpr(3), 2);
});

test('a change of PID or of MSR[PR] changes what is mapped for the next instruction', (t) => {
  const processor = createProgram(['lwz r3,0(r4)', 'mtspr 48,r5', 'lwz r3,0(r4)', 'mtmsr r6', 'lwz r3,0(r4)'], 0, {
    4: FAR,
    5: 2,
    6: USER,
  });
  processor.memory.write32(DATA, 1);
  processor.memory.write32(DATA + 4096, 2);
  setSpr(processor, 'PID', 1);
  writeEntry(processor, 0, { ea: FAR, pa: DATA, size: Size['4K'], tid: 1 });
  writeEntry(processor, 1, { ea: FAR, pa: DATA + 4096, size: Size['4K'], tid: 2, word2: SR });
  processor.run(1);
  t.is(processor.gpr(3), 1);
  processor.run(2);
  t.is(processor.gpr(3), 2);
  t.is(runToInterrupt(processor), Vector.dataStorage);
});
