import test from 'ava';
import * as fc from 'fast-check';
import { StopReason } from '../../src/hardware.js';
import { Msr, Vector } from '../../src/isa/vectors.js';
import { Dbcr0, Dbsr } from '../../src/processor/debug-facility.js';
import type { Processor440 } from '../../src/processor/processor-440.js';
import type { Processor440Options } from '../../src/processor/processor-options.js';
import { CODE, createProcessor, createProgram, DATA, load, runToInterrupt, setSpr, spr, vectorAddress } from './bare-machine.js';

/** A loop of calls, faults and stores, with handlers: something of everything. */
const BUSY = [
  ...['addi r3,r3,1', 'stwu r3,4(r4)', 'sc', 'mulli r5,r3,7', 'tlbsx r6,0,r4', 'trap', 'mftb r7', 'xor r8,r7,r5', 'lwarx r9,0,r4'],
  ...['stwcx. r3,0,r4', 'clrlwi r4,r4,20', 'oris r4,r4,2', 'b 0x10000'],
];
function createBusy(options: Partial<Processor440Options> = {}): Processor440 {
  const processor = createProcessor(options);
  load(processor, BUSY);
  processor.msr = Msr.EE;
  processor.setGpr(4, DATA);
  load(processor, ['mfspr r20,26', 'addi r21,r21,1', 'rfi'], vectorAddress(Vector.systemCall));
  load(processor, ['mfspr r20,26', 'addi r20,r20,4', 'mtspr 26,r20', 'rfi'], vectorAddress(Vector.program));
  load(processor, ['addi r22,r22,1', 'lis r23,0x800', 'mtspr 336,r23', 'rfi'], vectorAddress(Vector.decrementer));
  setSpr(processor, 'DECAR', 97);
  setSpr(processor, 'DEC', 50);
  setSpr(processor, 'TCR', 0x0440_0000);
  return processor;
}

/** Everything of a machine that a guest can see. */
function stateOf(processor: Processor440): unknown {
  return {
    registers: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
    others: [processor.pc, processor.msr, processor.cr, processor.xer, processor.ctr, processor.lr],
    special: ['SRR0', 'SRR1', 'ESR', 'DEAR', 'DEC', 'TSR', 'TCR'].map((name) => spr(processor, name)),
    retired: processor.clock.retiredInstructions,
    timebase: processor.clock.timebase,
    memory: Buffer.from(processor.memory.readBytes(DATA, 4096)).toString('hex'),
    interrupts: processor.statistics().interrupts,
    tlbWrites: processor.statistics().tlbWrites,
  };
}

test('run retires exactly the number of instructions asked for, whatever happens among them', (t) => {
  const processor = createBusy();
  let total = 0;
  for (const count of [1, 2, 3, 0, 7, 100, 1, 999, 5000]) {
    t.is(processor.run(count), StopReason.limit);
    total += count;
    t.is(processor.clock.retiredInstructions, total);
  }
});

test('how a run is divided into calls makes no difference', (t) => {
  const whole = createBusy();
  whole.run(3000);
  const expected = stateOf(whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (parts) => {
      const divided = createBusy();
      for (const part of parts) divided.run(Math.min(part, 3000 - divided.clock.retiredInstructions));
      divided.run(3000 - divided.clock.retiredInstructions);
      t.deepEqual(stateOf(divided), expected);
    }),
    { numRuns: 15 },
  );
});

test('two runs of the same machine end in the same state, and machines beside it do not disturb it', (t) => {
  const [first, second, other] = [createBusy(), createBusy(), createProgram(['li r3,-1', 'b 0x10000'])];
  for (let i = 0; i < 20; i++) {
    first.run(101);
    other.run(77);
  }
  second.run(2020);
  t.deepEqual(stateOf(first), stateOf(second));
  t.is(other.gpr(3), 0xffff_ffff);
});

test('an instruction that faults is executed again after its handler has mended the cause', (t) => {
  const processor = createProgram(['lwz r3,0(r4)', 'nop'], 0, { 4: 0x4002_0000, 10: 0x4002_0210, 11: DATA, 12: 0x3f });
  load(processor, ['tlbwe r10,r0,0', 'tlbwe r11,r0,1', 'tlbwe r12,r0,2', 'rfi'], vectorAddress(Vector.dataTlbError));
  processor.memory.write32(DATA, 0xabcd);
  processor.run(5);
  t.is(processor.gpr(3), 0xabcd);
  t.is(processor.pc, CODE + 4);
  t.is(processor.clock.retiredInstructions, 5, 'four of the handler and the load');
});

test('requestStop ends a run at the next instruction, and the one after goes on', (t) => {
  let device: Processor440 | undefined;
  const dcrs = { read: () => 0, write: () => device?.requestStop() };
  const processor = createProcessor({ dcrs });
  device = processor;
  load(processor, ['nop', 'mtdcr 16,r3', 'nop', 'nop']);
  t.is(processor.run(4), StopReason.stopped);
  t.is(processor.clock.retiredInstructions, 2);
  t.is(processor.run(2), StopReason.limit);
  t.is(processor.clock.retiredInstructions, 4);
});

test('an interrupt that a device raises while an instruction accesses it comes after that instruction', (t) => {
  const dcrs = { read: () => 0, write: () => {} };
  const processor = createProcessor({ dcrs });
  dcrs.write = () => processor.setExternal(true);
  load(processor, ['nop', 'mtdcr 16,r3', 'nop', 'nop']);
  processor.msr = Msr.EE;
  t.is(runToInterrupt(processor), Vector.externalInput);
  t.is(spr(processor, 'SRR0'), CODE + 8);
});

test('generated code takes and counts interrupts as the interpreter does, and leaves ESR[MCI] alone', (t) => {
  const [interpreted, translated] = [
    createBusy({ engine: 'interpreter' }),
    createBusy({ engine: 'wasm', translationThresholds: { warm: 4, hot: 64 } }),
  ];
  for (const processor of [interpreted, translated]) {
    setSpr(processor, 'ESR', 0x8000_0000);
    processor.run(20_000);
  }
  t.deepEqual(stateOf(translated), stateOf(interpreted));
  t.true(translated.translatorStatistics!.regions > 0);
  t.is(spr(translated, 'ESR') >>> 31, 1);
});

test('translated code gives way to single steps when they are switched on under it', (t) => {
  for (const engine of ['interpreter', 'wasm'] as const) {
    const processor = createBusy({ engine, translationThresholds: { warm: 4, hot: 64 } });
    processor.run(5000);
    setSpr(processor, 'DBCR0', (Dbcr0.IDM | Dbcr0.ICMP) >>> 0);
    processor.msr = processor.msr | Msr.DE;
    const before = processor.clock.retiredInstructions;
    t.is(runToInterrupt(processor), Vector.debug);
    t.is(processor.clock.retiredInstructions, before + 1);
  }
});

// --- MSR[WE] ------------------------------------------------------------------------------------------------------------------
test('with MSR[WE] and nothing to come the run returns wait, and stays there', (t) => {
  const processor = createProgram(['mtmsr r3', 'nop'], 0, { 3: Msr.WE | Msr.EE });
  t.is(processor.run(10), StopReason.wait);
  t.is(processor.clock.retiredInstructions, 1);
  t.is(processor.pc, CODE + 4);
  t.is(processor.run(10), StopReason.wait);
  t.is(processor.clock.retiredInstructions, 1);
});

test('MSR[WE] lets time pass to the next timer interrupt, which saves it and clears it', (t) => {
  const processor = createProgram(['mtmsr r3', 'nop'], 0, { 3: Msr.WE | Msr.EE });
  setSpr(processor, 'TCR', 0x0400_0000);
  setSpr(processor, 'DEC', 1_000_000);
  t.is(runToInterrupt(processor), Vector.decrementer);
  t.is(processor.clock.retiredInstructions, 1);
  t.is(processor.clock.cycles, 1_000_000);
  t.is(spr(processor, 'SRR1'), Msr.WE | Msr.EE);
  t.is(processor.msr, 0);
});

test('MSR[WE] ends by an input, without time passing', (t) => {
  const processor = createProgram(['mtmsr r3', 'nop'], 0, { 3: Msr.WE | Msr.EE });
  processor.run(10);
  processor.setExternal(true);
  t.is(runToInterrupt(processor), Vector.externalInput);
  t.is(processor.clock.cycles, 1);
});

// --- reset --------------------------------------------------------------------------------------------------------------------
test('DBCR0[RST] resets at once, and DBSR[MRR] says which reset', (t) => {
  for (const kind of [1, 2, 3]) {
    const processor = createProgram(['mtspr 308,r3', 'nop'], 0, { 3: (kind << 28) >>> 0 });
    t.is(processor.run(10), StopReason.reset);
    t.is(processor.clock.retiredInstructions, 1);
    t.is((spr(processor, 'DBSR') & Dbsr.MRR) >>> 28, kind);
  }
});

// --- reservation --------------------------------------------------------------------------------------------------------------
const CR0_EQ = 0x2000_0000;
const stored = (processor: Processor440) => processor.cr & CR0_EQ;

test('stwcx. stores after lwarx, and only once', (t) => {
  const processor = createProgram(['lwarx r3,0,r4', 'stwcx. r5,0,r4', 'stwcx. r6,0,r4'], 0, { 4: DATA, 5: 5, 6: 6 });
  processor.run(2);
  t.truthy(stored(processor));
  processor.run(1);
  t.falsy(stored(processor));
  t.is(processor.memory.read32(DATA), 5);
});

test('the reservation has no address: stwcx. elsewhere stores, too', (t) => {
  const processor = createProgram(['lwarx r3,0,r4', 'stwcx. r5,0,r6'], 0, { 4: DATA, 5: 5, 6: DATA + 64 });
  processor.run(2);
  t.truthy(stored(processor));
  t.is(processor.memory.read32(DATA + 64), 5);
});

test('neither interrupts nor other stores break a reservation, the host can', (t) => {
  const processor = createProgram(['lwarx r3,0,r4', 'sc', 'stw r5,0(r4)', 'stwcx. r5,0,r4'], 0, { 4: DATA, 5: 5 });
  load(processor, ['rfi'], vectorAddress(Vector.systemCall));
  processor.run(5);
  t.truthy(stored(processor));
  processor.pc = CODE;
  processor.run(4);
  processor.clearReservation();
  processor.run(1);
  t.falsy(stored(processor));
});

test('a stwcx. that misses keeps the reservation for when it is done again', (t) => {
  const processor = createProgram(['lwarx r3,0,r4', 'stwcx. r5,0,r6'], 0, { 4: DATA, 5: 5, 6: 0x4000_0000 });
  t.is(runToInterrupt(processor), Vector.dataTlbError);
  processor.pc = CODE + 4;
  processor.setGpr(6, DATA);
  processor.run(1);
  t.truthy(stored(processor));
});

test('without a reservation stwcx. still misses', (t) => {
  const processor = createProgram(['stwcx. r5,0,r6'], 0, { 6: 0x4000_0000 });
  t.is(runToInterrupt(processor), Vector.dataTlbError);
});
