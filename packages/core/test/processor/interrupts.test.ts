import test from 'ava';
import { sprn } from '../../src/isa/special-purpose-registers.js';
import { Esr, MSR_IMPLEMENTED, Msr, VECTORS, Vector } from '../../src/isa/vectors.js';
import {
  ALL,
  CODE,
  createProcessor,
  createProgram,
  DATA,
  I,
  load,
  RAM_BYTES,
  runToInterrupt,
  Size,
  SR,
  SW,
  SX,
  setSpr,
  spr,
  UR,
  USER,
  UW,
  UX,
  vectorAddress,
  W,
  writeEntry,
} from './bare-machine.js';

const EVERYWHERE = MSR_IMPLEMENTED & ~Msr.WE;
const NOT_MAPPED = 0x4000_0000;

interface Fault {
  readonly title: string;
  readonly code: string;
  readonly vector: number;
  readonly esr?: number;
  readonly dear?: number;
  readonly msr?: number;
  readonly word2?: number;
  readonly spr?: Readonly<Record<string, number>>;
}

/** r3 = DATA, r4 = an address that nothing maps, r5 = DATA + 14; the page at DATA has the permissions and attributes of `word2`. */
const FAULTS: readonly Fault[] = [
  { title: 'a reserved no-op does nothing', code: 'rsvnop 0', vector: -1 },
  { title: 'tlbre of word 3 is illegal', code: 'tlbre r3,r0,3', vector: Vector.program, esr: Esr.PIL },
  { title: 'tlbwe of word 3 is illegal', code: 'tlbwe r3,r0,3', vector: Vector.program, esr: Esr.PIL },
  { title: 'a privileged instruction of a user is privileged', code: 'mfmsr r3', vector: Vector.program, esr: Esr.PPR, msr: USER },
  { title: 'rfi of a user is privileged', code: 'rfi', vector: Vector.program, esr: Esr.PPR, msr: USER },
  {
    title: "a user's mfspr of a supervisor's register is privileged",
    code: 'mfspr r3,26',
    vector: Vector.program,
    esr: Esr.PPR,
    msr: USER,
  },
  {
    title: 'so is one of a register that is not there, by its number',
    code: 'mfspr r3,1023',
    vector: Vector.program,
    esr: Esr.PPR,
    msr: USER,
  },
  {
    title: "a register that is not there among the user's numbers is illegal",
    code: 'mfspr r3,2',
    vector: Vector.program,
    esr: Esr.PIL,
    msr: USER,
  },
  { title: 'a user may not write what he may read only', code: 'mtspr 260,r3', vector: Vector.program, esr: Esr.PIL, msr: USER },
  { title: 'a user may write USPRG0', code: 'mtspr 256,r3', vector: -1, msr: USER },
  { title: 'the supervisor may name a register that is not there', code: 'mtspr 1023,r3', vector: -1 },
  { title: 'a trap is a Program interrupt', code: 'trap', vector: Vector.program, esr: Esr.PTR },
  { title: 'floating point without MSR[FP] is unavailable', code: 'fmr f1,f2', vector: Vector.floatingPointUnavailable },
  {
    title: 'a floating-point load without MSR[FP] is unavailable before it misses',
    code: 'lfd f1,0(r4)',
    vector: Vector.floatingPointUnavailable,
  },
  { title: 'a load that nothing maps misses', code: 'lwz r6,0(r4)', vector: Vector.dataTlbError, esr: 0, dear: NOT_MAPPED },
  { title: 'a store that nothing maps misses', code: 'stw r6,4(r4)', vector: Vector.dataTlbError, esr: Esr.ST, dear: NOT_MAPPED + 4 },
  {
    title: 'a floating-point load that misses says so',
    code: 'lfs f1,8(r4)',
    vector: Vector.dataTlbError,
    esr: Esr.FP,
    dear: NOT_MAPPED + 8,
    msr: Msr.FP,
  },
  {
    title: 'a floating-point store that misses, too',
    code: 'stfd f1,8(r4)',
    vector: Vector.dataTlbError,
    esr: Esr.FP | Esr.ST,
    dear: NOT_MAPPED + 8,
    msr: Msr.FP,
  },
  { title: 'dcbf misses as a load', code: 'dcbf 0,r4', vector: Vector.dataTlbError, esr: 0, dear: NOT_MAPPED },
  { title: 'icbi misses in data space', code: 'icbi 0,r4', vector: Vector.dataTlbError, esr: 0, dear: NOT_MAPPED },
  { title: 'dcbi misses as a store', code: 'dcbi 0,r4', vector: Vector.dataTlbError, esr: Esr.ST, dear: NOT_MAPPED },
  { title: 'dcbz misses as a store', code: 'dcbz 0,r4', vector: Vector.dataTlbError, esr: Esr.ST, dear: NOT_MAPPED },
  { title: 'touches, dcba and whole-cache operations never fault', code: 'dcbt 0,r4', vector: -1 },
  { title: 'a supervisor needs SR to load', code: 'lwz r6,4(r3)', vector: Vector.dataStorage, esr: 0, dear: DATA + 4, word2: ALL & ~SR },
  {
    title: 'a supervisor needs SW to store',
    code: 'sth r6,4(r3)',
    vector: Vector.dataStorage,
    esr: Esr.ST,
    dear: DATA + 4,
    word2: ALL & ~SW,
  },
  {
    title: 'a user needs UR to load',
    code: 'lbz r6,4(r3)',
    vector: Vector.dataStorage,
    esr: 0,
    dear: DATA + 4,
    word2: ALL & ~UR,
    msr: USER,
  },
  {
    title: 'a user needs UW to store',
    code: 'stwbrx r6,0,r3',
    vector: Vector.dataStorage,
    esr: Esr.ST,
    dear: DATA,
    word2: ALL & ~UW,
    msr: USER,
  },
  { title: 'stwcx. without a reservation asks for no permission', code: 'stwcx. r6,0,r3', vector: -1, word2: ALL & ~UW, msr: USER },
  { title: 'a user with UW alone may store', code: 'stb r6,0(r3)', vector: -1, word2: UW, msr: USER },
  { title: 'a supervisor with SR alone may load', code: 'lwz r6,0(r3)', vector: -1, word2: SR },
  {
    title: "a user's permissions are nothing to the supervisor",
    code: 'lwz r6,0(r3)',
    vector: Vector.dataStorage,
    esr: 0,
    dear: DATA,
    word2: UX | UW | UR,
  },
  {
    title: 'dcbz to a page without cache cannot be done',
    code: 'dcbz 0,r5',
    vector: Vector.alignment,
    esr: Esr.ST,
    dear: DATA + 14,
    word2: ALL | I,
  },
  { title: 'nor to a write-through page', code: 'dcbz 0,r5', vector: Vector.alignment, esr: Esr.ST, dear: DATA + 14, word2: ALL | W },
  {
    title: 'dcbz asks for permission before it asks for a cache',
    code: 'dcbz 0,r5',
    vector: Vector.dataStorage,
    esr: Esr.ST,
    dear: DATA + 14,
    word2: SR | I,
  },
  { title: 'an unaligned load is executed', code: 'lwz r6,1(r3)', vector: -1 },
  { title: 'CCR0[FLSTA] forbids it', code: 'lwz r6,1(r3)', vector: Vector.alignment, esr: 0, dear: DATA + 1, spr: { CCR0: 0x100 } },
  { title: 'and an unaligned store', code: 'sth r6,1(r3)', vector: Vector.alignment, esr: Esr.ST, dear: DATA + 1, spr: { CCR0: 0x100 } },
  {
    title: 'and stwcx. without a reservation',
    code: 'stwcx. r6,0,r5',
    vector: Vector.alignment,
    esr: Esr.ST,
    dear: DATA + 14,
    spr: { CCR0: 0x100 },
  },
  { title: 'but not a string', code: 'lswi r6,r5,7', vector: -1, spr: { CCR0: 0x100 } },
  { title: 'nor what is aligned', code: 'lhz r6,2(r3)', vector: -1, spr: { CCR0: 0x100 } },
  {
    title: 'a floating-point load across 16 bytes is not done',
    code: 'lfd f1,0(r5)',
    vector: Vector.alignment,
    esr: Esr.FP,
    dear: DATA + 14,
    msr: Msr.FP,
  },
  {
    title: 'a floating-point store across 16 bytes, neither',
    code: 'stfs f1,0(r5)',
    vector: Vector.alignment,
    esr: Esr.FP | Esr.ST,
    dear: DATA + 14,
    msr: Msr.FP,
  },
  {
    title: 'a user may not dcbf while MMUCR[DULXE] is set',
    code: 'dcbf 0,r3',
    vector: Vector.dataStorage,
    esr: Esr.DLK1,
    dear: DATA,
    msr: USER,
    spr: { MMUCR: 0x00080000 },
  },
  {
    title: 'a user may not icbi while MMUCR[IULXE] is set',
    code: 'icbi 0,r3',
    vector: Vector.dataStorage,
    esr: Esr.DLK0,
    dear: DATA,
    msr: USER,
    spr: { MMUCR: 0x00040000 },
  },
  { title: 'the supervisor may', code: 'dcbf 0,r3', vector: -1, spr: { MMUCR: 0x00080000 } },
];

for (const { title, code, vector, esr, dear, msr = 0, word2, spr: registers = {} } of FAULTS) {
  test(`${title}: ${code}`, (t) => {
    const processor = createProgram([code], msr, { 3: DATA, 4: NOT_MAPPED, 5: DATA + 14 });
    for (const [name, value] of Object.entries(registers)) setSpr(processor, name, value);
    if (word2 !== undefined) writeEntry(processor, 0, { ea: DATA, size: Size['4K'], word2 });
    setSpr(processor, 'ESR', 0x12340000);
    setSpr(processor, 'DEAR', 0x5678);
    t.is(runToInterrupt(processor, 1), vector);
    t.is(processor.clock.retiredInstructions, vector < 0 ? 1 : 0, 'a faulting instruction does not retire');
    if (vector < 0) return;
    t.is(spr(processor, 'SRR0'), CODE);
    t.is(spr(processor, 'SRR1'), msr);
    t.is(spr(processor, 'ESR'), esr ?? 0x12340000);
    t.is(spr(processor, 'DEAR'), dear ?? 0x5678);
  });
}

test('a word that is no instruction is illegal, for users, too', (t) => {
  for (const msr of [0, USER]) {
    const processor = createProgram([], msr);
    processor.memory.write32(CODE, 0);
    t.is(runToInterrupt(processor), Vector.program);
    t.is(spr(processor, 'ESR'), Esr.PIL);
  }
});

test('fetching from where nothing is mapped is an instruction TLB error, which leaves ESR and DEAR alone', (t) => {
  const processor = createProcessor();
  processor.pc = NOT_MAPPED;
  setSpr(processor, 'ESR', 0x01230000);
  setSpr(processor, 'DEAR', 0x5678);
  t.is(runToInterrupt(processor), Vector.instructionTlbError);
  t.is(spr(processor, 'SRR0'), NOT_MAPPED);
  t.is(spr(processor, 'ESR'), 0x01230000);
  t.is(spr(processor, 'DEAR'), 0x5678);
});

test('fetching without execute permission is an instruction storage interrupt with ESR 0', (t) => {
  for (const [msr, word2] of [
    [0, ALL & ~SX],
    [USER, ALL & ~UX],
  ] as const) {
    const processor = createProgram(['nop'], msr);
    writeEntry(processor, 0, { ea: CODE, size: Size['4K'], word2 });
    setSpr(processor, 'ESR', 0x01230000);
    t.is(runToInterrupt(processor), Vector.instructionStorage);
    t.is(spr(processor, 'SRR0'), CODE);
    t.is(spr(processor, 'ESR'), 0);
  }
});

test('instructions are looked up in the space of MSR[IS], data in that of MSR[DS]', (t) => {
  const fault = (msr: number) => {
    const processor = createProgram(['lwz r3,0(r4)'], msr, { 4: DATA });
    processor.writeTlb(62, 0, 0);
    writeEntry(processor, 0, { ea: CODE, size: Size['4K'], space: 0 });
    return runToInterrupt(processor, 1);
  };
  t.is(fault(0), -1);
  t.is(fault(Msr.DS), Vector.dataTlbError);
  t.is(fault(Msr.IS), Vector.instructionTlbError);
});

test('sc retires and saves the address of the next instruction', (t) => {
  const processor = createProgram(['sc'], USER);
  t.is(runToInterrupt(processor), Vector.systemCall);
  t.is(spr(processor, 'SRR0'), CODE + 4);
  t.is(spr(processor, 'SRR1'), USER);
  t.is(processor.clock.retiredInstructions, 1);
});

test('non-critical interrupts keep CE, ME and DE, critical ones ME, a machine check would keep nothing', (t) => {
  const KEPT = { base: Msr.CE | Msr.ME | Msr.DE, critical: Msr.ME, machineCheck: 0 } as const;
  const SAVED = { base: 'SRR', critical: 'CSRR', machineCheck: 'MCSRR' } as const;
  const causes: Record<number, (processor: ReturnType<typeof createProcessor>) => void> = {
    [Vector.criticalInput]: (processor) => processor.setCritical(true),
    [Vector.externalInput]: (processor) => processor.setExternal(true),
    [Vector.program]: (processor) => load(processor, ['trap']),
    [Vector.systemCall]: (processor) => load(processor, ['sc']),
    [Vector.dataTlbError]: (processor) => load(processor, ['lwz r3,0(r4)']),
    [Vector.debug]: (processor) => {
      setSpr(processor, 'DBCR0', 0x40000000);
      processor.raiseDebugEvent();
    },
  };
  for (const [vector, cause] of Object.entries(causes)) {
    const row = VECTORS[Number(vector)]!;
    const processor = createProgram([], EVERYWHERE, { 4: NOT_MAPPED });
    cause(processor);
    t.is(runToInterrupt(processor), row.ivor, row.name);
    t.is(processor.msr, KEPT[row.class], row.name);
    t.is(spr(processor, `${SAVED[row.class]}1`), EVERYWHERE, row.name);
    t.is(processor.pc, vectorAddress(row.ivor), row.name);
  }
});

test('the vector is IVPR with bits 16 to 27 of the IVOR', (t) => {
  const processor = createProgram(['sc']);
  setSpr(processor, 'IVPR', 0xc012_3456);
  setSpr(processor, 'IVOR8', 0xffff_9abc);
  runToInterrupt(processor);
  t.is(processor.pc, 0xc012_9ab0);
});

test('ESR[MCI] stays as it is when another interrupt writes ESR', (t) => {
  const processor = createProgram(['trap']);
  setSpr(processor, 'ESR', Esr.MCI | Esr.ST);
  runToInterrupt(processor);
  t.is(spr(processor, 'ESR'), (Esr.MCI | Esr.PTR) >>> 0);
});

test('rfi, rfci and rfmci return by their own pair of registers', (t) => {
  for (const [mnemonic, pair] of [
    ['rfi', 'SRR'],
    ['rfci', 'CSRR'],
    ['rfmci', 'MCSRR'],
  ]) {
    const processor = createProgram([mnemonic!]);
    setSpr(processor, `${pair}0`, CODE + 0x103);
    setSpr(processor, `${pair}1`, 0xffff_ffff);
    t.is(spr(processor, `${pair}1`), 0xffff_ffff, 'the register keeps what the MSR has no bit for');
    processor.run(1);
    t.is(processor.msr, MSR_IMPLEMENTED);
    processor.pc = CODE;
    processor.msr = 0;
    setSpr(processor, `${pair}1`, Msr.PR | Msr.ME);
    processor.run(1);
    t.is(processor.pc, CODE + 0x100);
    t.is(processor.msr, Msr.PR | Msr.ME);
  }
});

test('pending interrupts are taken in the order debug, critical, watchdog, external, fixed interval, decrementer', (t) => {
  const processor = createProgram(['nop']);
  processor.setCritical(true);
  processor.setExternal(true);
  setSpr(processor, 'DBCR0', 0x40000000);
  processor.raiseDebugEvent();
  // A write to the time base makes the edges of both timers: twice for the watchdog, which first only arms itself.
  setSpr(processor, 'TCR', 0x0cc0_0000);
  for (let edge = 0; edge < 2; edge++) {
    processor.writeSpr(sprn('TBLW'), 0);
    processor.writeSpr(sprn('TBLW'), 0x0011_1000);
  }
  setSpr(processor, 'DEC', 1);
  processor.run(1);
  const enabled = Msr.CE | Msr.EE | Msr.DE;
  const order: number[] = [];
  const clear: Record<number, () => void> = {
    [Vector.debug]: () => setSpr(processor, 'DBSR', 0xffff_ffff),
    [Vector.criticalInput]: () => processor.setCritical(false),
    [Vector.externalInput]: () => processor.setExternal(false),
    [Vector.watchdog]: () => setSpr(processor, 'TSR', 0x4000_0000),
    [Vector.fixedIntervalTimer]: () => setSpr(processor, 'TSR', 0x0400_0000),
    [Vector.decrementer]: () => setSpr(processor, 'TSR', 0x0800_0000),
  };
  for (let i = 0; i < 6; i++) {
    processor.msr = enabled;
    const vector = runToInterrupt(processor, 0);
    order.push(vector);
    clear[vector]?.();
  }
  t.deepEqual(order, [
    Vector.debug,
    Vector.criticalInput,
    Vector.watchdog,
    Vector.externalInput,
    Vector.fixedIntervalTimer,
    Vector.decrementer,
  ]);
});

test('EE masks the external input and the timers, CE the critical input', (t) => {
  const processor = createProgram(['b 0x10000']);
  processor.setExternal(true);
  processor.msr = Msr.CE | Msr.DE | Msr.ME;
  t.is(runToInterrupt(processor), -1);
  processor.setCritical(true);
  processor.msr = Msr.EE;
  t.is(runToInterrupt(processor), Vector.externalInput);
});

for (const [enable, registers] of [
  ['wrteei 1', {}],
  ['wrtee r5', { 5: Msr.EE }],
  ['mtmsr r5', { 5: Msr.EE | Msr.FP }],
] as const) {
  test(`an interrupt that waits is taken right after ${enable}`, (t) => {
    const processor = createProgram(['li r3,1', enable, 'li r3,2'], 0, registers);
    processor.setExternal(true);
    t.is(runToInterrupt(processor), Vector.externalInput);
    t.is(spr(processor, 'SRR0'), CODE + 8);
    t.is(processor.gpr(3), 1);
    t.is(processor.clock.retiredInstructions, 2);
  });
}

test('an interrupt that waits is taken where rfi returns to', (t) => {
  const processor = createProgram(['rfi']);
  setSpr(processor, 'SRR0', CODE + 0x80);
  setSpr(processor, 'SRR1', Msr.EE);
  processor.setExternal(true);
  t.is(runToInterrupt(processor), Vector.externalInput);
  t.is(spr(processor, 'SRR0'), CODE + 0x80);
});

test('an input is a level: it interrupts again until the device lets go', (t) => {
  const processor = createProgram(['nop', 'nop']);
  load(processor, ['rfi'], vectorAddress(Vector.externalInput));
  processor.msr = Msr.EE;
  processor.setExternal(true);
  processor.run(5);
  t.is(processor.statistics().interrupts[Vector.externalInput], 6, 'one after each return, and the first');
  processor.setExternal(false);
  processor.run(1);
  t.is(processor.pc, CODE);
  processor.run(1);
  t.is(processor.pc, CODE + 4);
});

const FPSCR_ZE = 0x10;
const FPSCR_FEX_ZX = 0x4400_0000;

test('an enabled floating-point exception interrupts the instruction that makes it', (t) => {
  for (const enable of [Msr.FE0, Msr.FE1]) {
    const processor = createProgram(['fdiv f3,f1,f2'], Msr.FP | enable);
    processor.fpscr = FPSCR_ZE;
    processor.setFpr(1, 0x3ff0_0000_0000_0000n);
    t.is(runToInterrupt(processor), Vector.program);
    t.is(spr(processor, 'ESR'), Esr.FP);
    t.is(spr(processor, 'SRR0'), CODE);
    t.is(processor.clock.retiredInstructions, 0);
  }
});

for (const [title, lines] of [
  ['mtmsr', ['mtmsr r5', 'nop']],
  ['rfi', ['rfi']],
  ['rfci', ['rfci']],
] as const) {
  test(`an exception that was masked interrupts late when ${title} sets FE0 or FE1`, (t) => {
    for (const enable of [Msr.FE0, Msr.FE1]) {
      const processor = createProgram(lines, Msr.FP, { 5: Msr.FP | enable });
      processor.fpscr = FPSCR_FEX_ZX | FPSCR_ZE;
      for (const pair of ['SRR', 'CSRR']) {
        setSpr(processor, `${pair}0`, CODE + 4);
        setSpr(processor, `${pair}1`, Msr.FP | enable);
      }
      t.is(runToInterrupt(processor), Vector.program);
      t.is(spr(processor, 'ESR'), Esr.FP | Esr.PIE);
      t.is(spr(processor, 'SRR0'), CODE + 4);
      t.is(processor.clock.retiredInstructions, 1);
    }
  });
}

test('machine check: nothing on this board raises one, its registers are there', (t) => {
  const processor = createProgram([`lwz r3,0(r4)`, 'b 0x10004'], Msr.ME, { 4: 0x8000_0000 });
  writeEntry(processor, 0, { ea: 0x8000_0000, pa: 0xf_8000_0000, size: Size['4K'] });
  processor.setGpr(3, 7);
  t.is(runToInterrupt(processor), -1);
  t.is(processor.gpr(3), 0, 'a physical address that nothing answers reads as 0');
  setSpr(processor, 'MCSR', 0xffff_ffff);
  t.is(spr(processor, 'MCSR'), 0);
});

test('interrupts are counted by vector', (t) => {
  const processor = createProgram(['sc', 'sc', 'trap']);
  load(processor, ['rfi'], vectorAddress(Vector.systemCall));
  load(processor, ['b 0x1600'], vectorAddress(Vector.program));
  processor.run(10);
  const { interrupts } = processor.statistics();
  t.is(interrupts[Vector.systemCall], 2);
  t.is(interrupts[Vector.program], 1);
  t.is(
    interrupts.reduce((sum, each) => sum + each),
    3,
  );
});

test('RAM ends where it ends', (t) => {
  const processor = createProgram(['stw r3,0(r4)', 'lwz r5,0(r4)'], 0, { 3: 7, 4: 0x8000_0000 });
  writeEntry(processor, 0, { ea: 0x8000_0000, pa: RAM_BYTES, size: Size['4K'] });
  processor.run(2);
  t.is(processor.gpr(5), 0);
});
