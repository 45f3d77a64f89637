import test from 'ava';
import { Esr, Msr, Vector } from '../../src/isa/vectors.js';
import { Dbcr0, Dbsr } from '../../src/processor/debug-facility.js';
import type { Processor440 } from '../../src/processor/processor-440.js';
import { CODE, createProgram, DATA, load, runToInterrupt, setSpr, spr, USER, vectorAddress } from './bare-machine.js';

type Registers = Readonly<Record<string, number>>;

/** A program with the debug facility set up in internal mode, or without IDM in trace mode; DATA is in r4. */
function debug(lines: readonly string[], events: number, msr: number, registers: Registers = {}, mode: number = Dbcr0.IDM): Processor440 {
  const processor = createProgram(lines, msr, { 3: 0x11223344, 4: DATA });
  for (const [name, value] of Object.entries(registers)) setSpr(processor, name, value >>> 0);
  setSpr(processor, 'DBCR0', (mode | events) >>> 0);
  return processor;
}
const dbsr = (processor: Processor440) => spr(processor, 'DBSR');
const unsigned = (bits: number) => bits >>> 0;

interface Event {
  readonly title: string;
  readonly lines: readonly string[];
  readonly enable: number;
  readonly registers?: Registers;
  /** DBSR's bits, where they are not those that enable it. */
  readonly dbsr?: number;
  readonly csrr0: number;
  readonly retired: number;
  readonly msr?: number;
}

const EVENTS: readonly Event[] = [
  { title: 'IAC1', lines: ['nop', 'nop'], enable: Dbcr0.IAC1, registers: { IAC1: CODE + 4 }, csrr0: CODE + 4, retired: 1 },
  { title: 'IAC4', lines: ['nop', 'nop'], enable: Dbcr0.IAC4, registers: { IAC4: CODE + 4 }, csrr0: CODE + 4, retired: 1 },
  {
    title: 'IAC of what cannot even be fetched',
    lines: ['bla 0x1000000'],
    enable: Dbcr0.IAC2,
    registers: { IAC2: 0x1000000 },
    csrr0: 0x1000000,
    retired: 1,
  },
  { title: 'DAC1 read', lines: ['nop', 'lwz r5,8(r4)'], enable: Dbcr0.DAC1R, registers: { DAC1: DATA + 8 }, csrr0: CODE + 4, retired: 1 },
  { title: 'DAC2 write', lines: ['nop', 'stb r5,8(r4)'], enable: Dbcr0.DAC2W, registers: { DAC2: DATA + 8 }, csrr0: CODE + 4, retired: 1 },
  { title: 'DAC of dcbf as of a store', lines: ['dcbf 0,r4'], enable: Dbcr0.DAC1W, registers: { DAC1: DATA }, csrr0: CODE, retired: 0 },
  { title: 'DAC of icbi as of a load', lines: ['icbi 0,r4'], enable: Dbcr0.DAC1R, registers: { DAC1: DATA }, csrr0: CODE, retired: 0 },
  { title: 'DAC of dcbz', lines: ['dcbz 0,r4'], enable: Dbcr0.DAC1W, registers: { DAC1: DATA }, csrr0: CODE, retired: 0 },
  { title: 'ICMP', lines: ['nop', 'nop'], enable: Dbcr0.ICMP, csrr0: CODE + 4, retired: 1 },
  { title: 'ICMP of a branch', lines: ['b 0x10040'], enable: Dbcr0.ICMP, csrr0: CODE + 0x40, retired: 1 },
  { title: 'BRT of a branch', lines: ['nop', 'b 0x10040'], enable: Dbcr0.BRT, csrr0: CODE + 4, retired: 1 },
  { title: 'TRAP', lines: ['nop', 'trap'], enable: Dbcr0.TRAP, csrr0: CODE + 4, retired: 1 },
  { title: 'RET of rfi', lines: ['rfi'], enable: Dbcr0.RET, csrr0: CODE, retired: 0 },
  { title: 'RET of rfci', lines: ['rfci'], enable: Dbcr0.RET, csrr0: CODE, retired: 0 },
  { title: 'IRPT', lines: ['nop', 'sc'], enable: Dbcr0.IRPT, csrr0: vectorAddress(Vector.systemCall), retired: 2 },
];

for (const { title, lines, enable, registers, csrr0, retired } of EVENTS) {
  test(`with MSR[DE] the event interrupts at once: ${title}`, (t) => {
    const processor = debug(lines, enable, Msr.DE | Msr.ME, registers);
    if (title === 'IRPT') runToInterrupt(processor);
    t.is(runToInterrupt(processor), Vector.debug);
    t.is(spr(processor, 'CSRR0'), csrr0);
    t.is(dbsr(processor), unsigned(enable));
    t.is(processor.clock.retiredInstructions, retired);
    t.is(processor.msr & Msr.DE, 0);
    t.is(processor.pc, vectorAddress(Vector.debug));
  });
}

/** Those that may happen while MSR[DE] = 0 in internal mode, and those that cannot. */
const LATE = new Set([
  'IAC1',
  'IAC4',
  'DAC1 read',
  'DAC2 write',
  'DAC of dcbf as of a store',
  'DAC of icbi as of a load',
  'DAC of dcbz',
  'RET of rfi',
]);
const NEVER = new Set(['ICMP', 'ICMP of a branch', 'BRT of a branch', 'RET of rfci']);

for (const { title, lines, enable, registers } of EVENTS.filter(({ title }) => LATE.has(title))) {
  test(`without MSR[DE] the event is noted and interrupts when DE comes: ${title}`, (t) => {
    const processor = debug(lines, enable, 0, registers);
    for (const name of ['SRR0', 'CSRR0']) setSpr(processor, name, CODE + 0x100);
    t.is(runToInterrupt(processor, lines.length), -1);
    t.is(dbsr(processor), unsigned(enable | Dbsr.IDE));
    setSpr(processor, 'DBCR0', Dbcr0.IDM);
    load(processor, ['mtmsr r9', 'nop'], CODE + 0x200);
    processor.setGpr(9, Msr.DE);
    processor.pc = CODE + 0x200;
    t.is(runToInterrupt(processor), Vector.debug);
    t.is(spr(processor, 'CSRR0'), CODE + 0x204, 'the instruction after the one that set DE');
  });
}

for (const { title, lines, enable } of EVENTS.filter(({ title }) => NEVER.has(title))) {
  test(`without MSR[DE] the event cannot happen in internal mode: ${title}`, (t) => {
    const processor = debug(lines, enable, 0);
    t.is(runToInterrupt(processor, lines.length), -1);
    t.is(dbsr(processor), 0);
  });
}

for (const { title, lines, enable, registers } of EVENTS.filter(({ title }) => !/ICMP|IRPT|TRAP|fetched/.test(title))) {
  test(`in trace mode the event is noted and nothing else: ${title}`, (t) => {
    const processor = debug(lines, enable, Msr.DE, registers, 0);
    t.is(runToInterrupt(processor, lines.length), -1);
    t.is(dbsr(processor), unsigned(enable));
    t.is(processor.clock.retiredInstructions, lines.length);
  });
}

test('a late event is forgotten if its bit is cleared before DE is set; IDE alone asks for nothing', (t) => {
  const processor = debug(['lwz r5,0(r4)', 'nop'], Dbcr0.DAC1R, 0, { DAC1: DATA });
  processor.run(1);
  setSpr(processor, 'DBSR', Dbcr0.DAC1R);
  t.is(dbsr(processor), unsigned(Dbsr.IDE));
  processor.msr = Msr.DE;
  t.is(runToInterrupt(processor, 1), -1);
});

test('rfci that sets DE lets the interrupt in where it returns to', (t) => {
  const processor = debug(['rfci'], 0, 0);
  setSpr(processor, 'CSRR0', CODE + 0x80);
  setSpr(processor, 'CSRR1', Msr.DE);
  processor.raiseDebugEvent();
  t.is(runToInterrupt(processor), Vector.debug);
  t.is(spr(processor, 'CSRR0'), CODE + 0x80);
  t.is(dbsr(processor), unsigned(Dbsr.UDE | Dbsr.IDE));
});

test('a trap without DE, or outside internal mode, is noted and still a Program interrupt', (t) => {
  for (const [mode, msr, bits] of [
    [Dbcr0.IDM, 0, Dbcr0.TRAP | Dbsr.IDE],
    [0, Msr.DE, Dbcr0.TRAP],
  ] as const) {
    const processor = debug(['trap'], Dbcr0.TRAP, msr, {}, mode);
    t.is(runToInterrupt(processor), Vector.program);
    t.is(spr(processor, 'ESR'), Esr.PTR);
    t.is(dbsr(processor), unsigned(bits));
  }
});

test('a trap whose condition does not hold is no event', (t) => {
  const processor = debug(['tweq r3,r4'], Dbcr0.TRAP, Msr.DE);
  t.is(runToInterrupt(processor, 1), -1);
  t.is(dbsr(processor), 0);
});

test('with DE off an interrupt is a late event; a critical one is none in internal mode', (t) => {
  const base = debug(['sc'], Dbcr0.IRPT, 0);
  base.run(1);
  t.is(dbsr(base), unsigned(Dbcr0.IRPT | Dbsr.IDE));
  const critical = debug(['nop'], Dbcr0.IRPT, Msr.CE | Msr.DE);
  critical.setCritical(true);
  t.is(runToInterrupt(critical), Vector.criticalInput);
  t.is(dbsr(critical), 0);
});

test('single stepping: ICMP interrupts after each instruction, and sc completes', (t) => {
  const processor = debug(['li r5,1', 'sc', 'li r5,2'], Dbcr0.ICMP, Msr.DE);
  // The handler clears the event and returns.
  processor.setGpr(20, Dbcr0.ICMP);
  load(processor, ['mtspr 304,r20', 'rfci'], vectorAddress(Vector.debug));
  load(processor, ['rfi'], vectorAddress(Vector.systemCall));
  processor.run(1 + 2 + 1 + 2 + 1 + 2 + 1 + 2);
  t.is(processor.gpr(5), 2);
  t.is(processor.statistics().interrupts[Vector.debug], 4, 'after li, sc, rfi and li');
});

test('an instruction that clears DE completes; its ICMP event waits', (t) => {
  const processor = debug(['mtmsr r0', 'nop'], Dbcr0.ICMP, Msr.DE);
  t.is(runToInterrupt(processor, 2), -1);
  t.is(dbsr(processor), Dbcr0.ICMP);
});

test('an instruction that faults does not complete', (t) => {
  const processor = debug(['lwz r3,0(r5)'], Dbcr0.ICMP, Msr.DE);
  processor.setGpr(5, 0x4000_0000);
  t.is(runToInterrupt(processor), Vector.dataTlbError);
  t.is(dbsr(processor), 0);
});

test('a branch is a BRT event only if it is taken', (t) => {
  const taken = (code: string, ctr = 0, cr = 0) => {
    const processor = debug([code], Dbcr0.BRT, Msr.DE);
    processor.ctr = ctr;
    processor.cr = cr;
    return runToInterrupt(processor, 1) === Vector.debug;
  };
  t.true(taken('bdnz 0x10010', 2));
  t.false(taken('bdnz 0x10010', 1));
  t.true(taken('bdz 0x10010', 1));
  t.true(taken('beq 0x10010', 0, 0x2000_0000));
  t.false(taken('beq 0x10010', 0, 0));
  t.true(taken('bne cr7,0x10010', 0, 0));
  t.true(taken('blr'));
  t.true(taken('bctr', 0x10010));
  t.false(taken('nop'));
});

test("a user's rfi is privileged and no RET event", (t) => {
  const processor = debug(['rfi'], Dbcr0.RET, Msr.DE | USER);
  t.is(runToInterrupt(processor), Vector.program);
  t.is(dbsr(processor), 0);
});

// --- compares -----------------------------------------------------------------------------------------------------------------
const field = (value: number, lastBit: number) => (value << (31 - lastBit)) >>> 0;
const MODE = { mask: 1, inclusive: 2, exclusive: 3 } as const;

/** How many of ten instructions run before the event comes; 10 where it does not. */
function instructionsBefore(dbcr1: number, registers: Registers, msr: number = Msr.DE, enable: number = Dbcr0.IAC1): number {
  const processor = debug(new Array(10).fill('nop'), enable, msr, { DBCR1: dbcr1, ...registers });
  runToInterrupt(processor, 10);
  return processor.clock.retiredInstructions;
}

test('an instruction range includes its first and not its second address', (t) => {
  const range = { IAC1: CODE + 12, IAC2: CODE + 20 };
  t.is(instructionsBefore(field(MODE.inclusive, 9), range), 3);
  t.is(instructionsBefore(field(MODE.inclusive, 9), { IAC1: CODE - 8, IAC2: CODE }), 10);
  t.is(instructionsBefore(field(MODE.exclusive, 9), { IAC1: CODE, IAC2: CODE + 20 }), 5);
  t.is(instructionsBefore(field(MODE.inclusive, 25), { IAC3: CODE + 8, IAC4: CODE + 16 }, Msr.DE, Dbcr0.IAC3), 2);
});

test('a range records the events that are enabled, and cannot happen without DE', (t) => {
  const registers = { DBCR1: field(MODE.inclusive, 9), IAC1: CODE, IAC2: CODE + 4 };
  const both = debug(['nop'], Dbcr0.IAC1 | Dbcr0.IAC2, Msr.DE, registers);
  runToInterrupt(both);
  t.is(dbsr(both), Dbcr0.IAC1 | Dbcr0.IAC2);
  const disabled = debug(['nop'], Dbcr0.IAC1, 0, registers);
  disabled.run(1);
  t.is(dbsr(disabled), 0);
});

test('auto-toggle turns a range inside out at each event', (t) => {
  const registers = { DBCR1: field(MODE.inclusive, 9) | field(1, 15), IAC1: CODE + 8, IAC2: CODE + 16 };
  const processor = debug(new Array(10).fill('nop'), Dbcr0.IAC1, 0, registers, 0);
  const events: number[] = [];
  for (let i = 0; i < 10; i++) {
    setSpr(processor, 'DBSR', Dbcr0.IAC1);
    processor.run(1);
    if (dbsr(processor) & Dbcr0.IAC1) events.push(i);
  }
  t.deepEqual(events, [2, 4], 'entering the range, leaving it');
});

test('a compare may be for users, for the supervisor, or for one address space', (t) => {
  const at = { IAC1: CODE };
  for (const [us, msr, expected] of [
    [2, 0, 0],
    [2, USER, 10],
    [3, 0, 10],
    [3, USER, 0],
    [1, 0, 10],
  ] as const) {
    t.is(instructionsBefore(field(us, 1), at, Msr.DE | msr), expected, `US ${us}`);
  }
  for (const [er, msr, expected] of [
    [2, 0, 0],
    [2, Msr.IS, 10],
    [3, 0, 10],
    [3, Msr.IS, 0],
    [1, 0, 10],
  ] as const) {
    t.is(instructionsBefore(field(er, 3), at, Msr.DE | msr), expected, `ER ${er}`);
  }
});

/** Whether an access of DATA + 8 or so is an event; if it is, it must not have been done. */
function watched(code: string, dbcr2: number, registers: Registers, enable: number = Dbcr0.DAC1R | Dbcr0.DAC1W, msr = 0): boolean {
  const processor = debug([code], enable, Msr.DE | msr, { DBCR2: dbcr2, ...registers });
  processor.memory.write32(DATA + 8, 0x11223344);
  processor.memory.write32(DATA + 12, 0x55667788);
  const loaded = processor.gpr(5);
  if (runToInterrupt(processor, 1) !== Vector.debug) return false;
  return (
    processor.memory.read32(DATA + 8) === 0x11223344 && processor.memory.read32(DATA + 12) === 0x55667788 && processor.gpr(5) === loaded
  );
}

test('a data address is that of the first byte', (t) => {
  t.true(watched('lwz r5,8(r4)', 0, { DAC1: DATA + 8 }));
  t.false(watched('lwz r5,8(r4)', 0, { DAC1: DATA + 9 }));
  t.true(watched('stw r4,9(r4)', 0, { DAC1: DATA + 9 }));
  t.true(watched('lwz r5,8(r4)', field(MODE.mask, 9), { DAC1: DATA + 11, DAC2: 0xffff_fffc }));
  t.false(watched('lwz r5,12(r4)', field(MODE.mask, 9), { DAC1: DATA + 11, DAC2: 0xffff_fffc }));
});

test('data ranges are as those of instructions', (t) => {
  const range = { DAC1: DATA + 8, DAC2: DATA + 12 };
  for (const [offset, inside] of [
    [4, false],
    [8, true],
    [11, true],
    [12, false],
  ] as const) {
    t.is(watched(`lbz r5,${offset}(r4)`, field(MODE.inclusive, 9), range), inside);
    t.is(watched(`lbz r5,${offset}(r4)`, field(MODE.exclusive, 9), range), !inside);
  }
});

test('loads and stores are enabled apart, and each is compared in its space and state', (t) => {
  const at = { DAC1: DATA + 8 };
  t.false(watched('lwz r5,8(r4)', 0, at, Dbcr0.DAC1W));
  t.false(watched('stw r5,8(r4)', 0, at, Dbcr0.DAC1R));
  t.false(watched('lwz r5,8(r4)', field(3, 1), at));
  t.true(watched('lwz r5,8(r4)', field(3, 1), at, Dbcr0.DAC1R, USER));
  t.true(watched('lwz r5,8(r4)', field(3, 3), at, Dbcr0.DAC1R, Msr.DS));
  t.false(watched('lwz r5,8(r4)', field(2, 3), at, Dbcr0.DAC1R, Msr.DS));
});

const VALUE = { and: 1, or: 2, andOr: 3 } as const;
const dvc1 = (mode: number, lanes: number) => (field(mode, 13) | field(lanes, 23)) >>> 0;

test('a data value is compared in the byte lanes that are enabled', (t) => {
  const at = (DVC1: number, DAC1 = DATA + 8) => ({ DAC1, DVC1 });
  t.true(watched('lwz r5,8(r4)', dvc1(VALUE.and, 0b1111), at(0x11223344)));
  t.false(watched('lwz r5,8(r4)', dvc1(VALUE.and, 0b1111), at(0x11223345)));
  t.true(watched('lwz r5,8(r4)', dvc1(VALUE.and, 0b1110), at(0x11223345)));
  t.true(watched('lwz r5,8(r4)', dvc1(VALUE.or, 0b1111), at(0xff22ffff)));
  t.false(watched('lwz r5,8(r4)', dvc1(VALUE.or, 0b1011), at(0xff22ffff)));
  t.true(watched('lwz r5,8(r4)', dvc1(VALUE.andOr, 0b1111), at(0xffff3344)));
  t.false(watched('lwz r5,8(r4)', dvc1(VALUE.andOr, 0b1111), at(0xff22ff44)));
  t.true(watched('stw r3,8(r4)', dvc1(VALUE.and, 0b1111), at(0x11223344)), 'a store is compared with what it stores');
  t.true(watched('lhz r5,10(r4)', dvc1(VALUE.and, 0b0011), at(0x00003344, DATA + 10)), 'a halfword lies in the lanes of its address');
  t.false(watched('lhz r5,10(r4)', dvc1(VALUE.and, 0b0111), at(0x00223344, DATA + 10)), 'a lane that is not accessed does not match');
  t.true(watched('lwz r5,10(r4)', dvc1(VALUE.and, 0b1100), at(0x55660000, DATA + 10)), 'an unaligned word lies in two');
});

test('the soft TLB hides nothing from a data compare that comes late, and works again after it', (t) => {
  const processor = createProgram(['lwz r5,0(r4)', 'mtspr 308,r6', 'lwz r5,0(r4)', 'lwz r5,4(r4)'], Msr.DE, {
    4: DATA,
    6: (Dbcr0.IDM | Dbcr0.DAC1R) >>> 0,
  });
  setSpr(processor, 'DAC1', DATA);
  t.is(runToInterrupt(processor), Vector.debug);
  t.is(spr(processor, 'CSRR0'), CODE + 8);
  setSpr(processor, 'DBCR0', 0);
  setSpr(processor, 'DBSR', 0xffff_ffff);
  processor.pc = CODE;
  processor.run(1);
  const { softTlbFills } = processor.statistics();
  for (let i = 0; i < 3; i++) {
    processor.pc = CODE;
    processor.run(1);
  }
  t.is(processor.statistics().softTlbFills, softTlbFills);
});

test('writing ones to DBSR clears, zeros leave alone', (t) => {
  const processor = debug(['nop'], 0, 0);
  processor.raiseDebugEvent();
  setSpr(processor, 'DBSR', Dbsr.IDE);
  t.is(dbsr(processor), Dbsr.UDE);
  setSpr(processor, 'DBSR', 0);
  t.is(dbsr(processor), Dbsr.UDE);
});
