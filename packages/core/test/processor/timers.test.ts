import test from 'ava';
import * as fc from 'fast-check';
import { StopReason } from '../../src/hardware.js';
import { Msr, Vector } from '../../src/isa/vectors.js';
import type { Processor440 } from '../../src/processor/processor-440.js';
import { Tcr, Tsr } from '../../src/processor/timers.js';
import { CODE, createProcessor, createProgram, load, runToInterrupt, setSpr, spr } from './bare-machine.js';

const LOOP = ['b 0x10000'];
const CRITICAL = Msr.CE;
const tsr = (processor: Processor440, bit: number) => (spr(processor, 'TSR') & bit) !== 0;
/** Code FP or WP in TCR. */
const period = (field: number, code: number) => (code * (field & -field)) >>> 0;

function createTimed(tcr: number, msr: number = Msr.EE): Processor440 {
  const processor = createProgram(LOOP, msr);
  setSpr(processor, 'TCR', tcr);
  return processor;
}

// --- decrementer --------------------------------------------------------------------------------------------------------------
test('the decrementer interrupts when it comes to 0, at exactly that instruction', (t) => {
  const processor = createTimed(Tcr.DIE);
  setSpr(processor, 'DEC', 1234);
  t.is(runToInterrupt(processor, 100_000), Vector.decrementer);
  t.is(processor.clock.retiredInstructions, 1234);
  t.is(spr(processor, 'DEC'), 0);
});

test('then it stays at 0', (t) => {
  const processor = createTimed(0);
  setSpr(processor, 'DEC', 10);
  processor.run(50);
  t.is(spr(processor, 'DEC'), 0);
  t.true(tsr(processor, Tsr.DIS));
});

test('writing 0 stops it without an exception', (t) => {
  const processor = createTimed(Tcr.DIE);
  setSpr(processor, 'DEC', 10);
  processor.run(5);
  setSpr(processor, 'DEC', 0);
  t.is(runToInterrupt(processor, 1000), -1);
  t.false(tsr(processor, Tsr.DIS));
});

test('with TCR[ARE] it takes DECAR in place of 0 and goes on', (t) => {
  const processor = createTimed(Tcr.DIE | Tcr.ARE);
  setSpr(processor, 'DECAR', 100);
  setSpr(processor, 'DEC', 10);
  t.is(runToInterrupt(processor, 1000), Vector.decrementer);
  t.is(spr(processor, 'DEC'), 100);
  setSpr(processor, 'TSR', Tsr.DIS);
  processor.pc = CODE;
  processor.msr = Msr.EE;
  t.is(runToInterrupt(processor, 1000), Vector.decrementer);
  t.is(processor.clock.retiredInstructions, 110);
});

test('a reload of 0 stops it', (t) => {
  const processor = createTimed(Tcr.ARE);
  setSpr(processor, 'DEC', 1);
  processor.run(1);
  t.is(spr(processor, 'DEC'), 0);
  setSpr(processor, 'TSR', Tsr.DIS);
  processor.run(100);
  t.false(tsr(processor, Tsr.DIS));
});

test('short periods over a long time are counted at once', (t) => {
  const processor = createTimed(Tcr.ARE);
  setSpr(processor, 'DECAR', 3);
  setSpr(processor, 'DEC', 1);
  processor.clock.advance(2 ** 40 + 2);
  t.is(spr(processor, 'DEC'), 3 - ((2 ** 40 + 1) % 3));
});

test('the exception waits in TSR[DIS] for DIE and EE, and a one written clears it', (t) => {
  const processor = createTimed(0, 0);
  setSpr(processor, 'DEC', 5);
  processor.run(10);
  setSpr(processor, 'TCR', Tcr.DIE);
  t.is(runToInterrupt(processor, 5), -1);
  setSpr(processor, 'TSR', ~Tsr.DIS >>> 0);
  t.true(tsr(processor, Tsr.DIS), 'zeros written leave it');
  processor.msr = Msr.EE;
  t.is(runToInterrupt(processor, 5), Vector.decrementer);
  setSpr(processor, 'TSR', Tsr.DIS);
  processor.msr = Msr.EE;
  processor.pc = CODE;
  t.is(runToInterrupt(processor, 5), -1);
});

test('reading takes the value before the instruction itself', (t) => {
  const processor = createProgram(['mtspr 22,r3', 'nop', 'mfspr r4,22'], 0, { 3: 100 });
  processor.run(3);
  t.is(processor.gpr(4), 98);
});

// --- time base ----------------------------------------------------------------------------------------------------------------
test('the time base counts instructions at their rate', (t) => {
  for (const [coreHz, timebaseHz, ticks] of [
    [1, 1, 1000],
    [4, 1, 250],
    [3, 1, 333],
    [400e6, 33.333e6, 83],
  ] as const) {
    const processor = createProcessor({ coreHz, timebaseHz });
    load(processor, LOOP);
    processor.run(1000);
    t.is(spr(processor, 'TBL'), ticks);
    t.is(processor.clock.timebase, ticks);
  }
});

test('it can be written by halves, carries into TBU, and does not disturb the decrementer', (t) => {
  const processor = createProgram(LOOP);
  setSpr(processor, 'DEC', 500);
  setSpr(processor, 'TBLW', 0xffff_fff0);
  setSpr(processor, 'TBUW', 7);
  processor.run(0x20);
  t.is(spr(processor, 'TBU'), 8);
  t.is(spr(processor, 'TBL'), 0x10);
  t.is(spr(processor, 'DEC'), 500 - 0x20);
});

test('TBLW and TBUW are for the supervisor and only to write', (t) => {
  const processor = createProgram(['mfspr r3,284'], 0, { 3: 0x55 });
  processor.run(1);
  t.is(processor.gpr(3), 0x55);
  const user = createProgram(['mtspr 284,r3'], Msr.PR);
  t.is(runToInterrupt(user), Vector.program);
});

// --- fixed interval -----------------------------------------------------------------------------------------------------------
test('the fixed-interval timer follows a bit of the time base: 2**13, 2**17, 2**21, 2**25 ticks', (t) => {
  for (const [code, log2] of [13, 17, 21, 25].entries()) {
    const processor = createTimed(Tcr.FIE | period(Tcr.FP, code));
    processor.clock.advance(2 ** (log2 - 1) - 10);
    t.is(runToInterrupt(processor, 100), Vector.fixedIntervalTimer);
    t.is(processor.clock.timebase, 2 ** (log2 - 1));
    setSpr(processor, 'TSR', Tsr.FIS);
    processor.clock.advance(2 ** log2 - 10);
    processor.msr = Msr.EE;
    processor.pc = CODE;
    t.is(runToInterrupt(processor, 100), Vector.fixedIntervalTimer);
    t.is(processor.clock.timebase, 2 ** (log2 - 1) + 2 ** log2);
  }
});

test('a write to the time base that sets the bit is such an edge, one that leaves it set is none', (t) => {
  const processor = createTimed(0);
  setSpr(processor, 'TBLW', 0x1000);
  t.true(tsr(processor, Tsr.FIS));
  setSpr(processor, 'TSR', Tsr.FIS);
  setSpr(processor, 'TBLW', 0x1800);
  t.false(tsr(processor, Tsr.FIS));
});

test('a time base that has all bits of its upper word set counts, and interrupts, as exactly as any other', (t) => {
  const processor = createTimed(Tcr.FIE);
  setSpr(processor, 'TBUW', 0xffffffff);
  setSpr(processor, 'TBLW', 0xff0);
  t.is(runToInterrupt(processor, 100), Vector.fixedIntervalTimer);
  t.is(processor.clock.retiredInstructions, 16);
  t.is(spr(processor, 'TBL'), 0x1000);
  t.is(spr(processor, 'TBU'), 0xffffffff);
});

// --- watchdog -----------------------------------------------------------------------------------------------------------------
const WATCHDOG_LOG2 = [21, 25, 29, 33] as const;
function nextTimeOut(processor: Processor440, code = 0): void {
  const half = 2 ** (WATCHDOG_LOG2[code]! - 1);
  const { timebase } = processor.clock;
  const toEdge = 2 * half - ((timebase + half) % (2 * half));
  processor.clock.advance(toEdge);
}

test('the watchdog arms, then asks for its interrupt, then resets as TCR[WRC] says', (t) => {
  for (const [code, wrc] of [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 1],
  ] as const) {
    const processor = createTimed((period(Tcr.WP, code) | (wrc << 28)) >>> 0);
    nextTimeOut(processor, code);
    t.true(tsr(processor, Tsr.ENW));
    t.false(tsr(processor, Tsr.WIS));
    nextTimeOut(processor, code);
    t.true(tsr(processor, Tsr.WIS));
    t.is(processor.run(1), StopReason.limit);
    nextTimeOut(processor, code);
    t.is(processor.run(1), StopReason.reset);
    t.is((spr(processor, 'TSR') & Tsr.WRS) >>> 28, wrc);
    t.is((spr(processor, 'DBSR') >>> 28) & 3, wrc);
  }
});

test('without WRC the third time-out does nothing', (t) => {
  const processor = createTimed(0);
  for (let i = 0; i < 5; i++) nextTimeOut(processor);
  t.is(processor.run(1), StopReason.limit);
  t.is(spr(processor, 'TSR') & Tsr.WRS, 0);
});

test('software that clears ENW or WIS in time is never reset', (t) => {
  for (const bit of [Tsr.ENW, Tsr.WIS]) {
    const processor = createTimed(0x3000_0000);
    for (let i = 0; i < 6; i++) {
      nextTimeOut(processor);
      if (tsr(processor, Tsr.WIS)) setSpr(processor, 'TSR', bit === Tsr.ENW ? (Tsr.ENW | Tsr.WIS) >>> 0 : bit);
    }
    t.is(processor.run(1), StopReason.limit);
  }
});

test('its interrupt is critical and wants WIE and CE', (t) => {
  const processor = createTimed(0, CRITICAL);
  nextTimeOut(processor);
  nextTimeOut(processor);
  t.is(runToInterrupt(processor), -1);
  setSpr(processor, 'TCR', Tcr.WIE);
  processor.msr = Msr.EE;
  t.is(runToInterrupt(processor), -1);
  processor.msr = CRITICAL;
  t.is(runToInterrupt(processor), Vector.watchdog);
  t.is(spr(processor, 'CSRR0'), CODE);
  t.is(spr(processor, 'CSRR1'), CRITICAL);
});

test('a run stops for each time-out by itself', (t) => {
  const processor = createTimed(0x3000_0000);
  processor.clock.advance(2 ** 20 - 5);
  processor.run(5);
  nextTimeOut(processor);
  processor.clock.advance(2 ** 21 - 50);
  t.is(processor.run(1000), StopReason.reset);
  t.is(processor.clock.retiredInstructions, 55);
});

test('TCR[WRC] can be set and not be cleared', (t) => {
  const processor = createTimed(0x1000_0000);
  setSpr(processor, 'TCR', 0);
  t.is(spr(processor, 'TCR'), 0x1000_0000);
  setSpr(processor, 'TCR', 0x2000_0000);
  t.is(spr(processor, 'TCR'), 0x3000_0000);
});

// --- a law --------------------------------------------------------------------------------------------------------------------
test('timers do not depend on when someone looks at them', (t) => {
  const step = fc.record({ cycles: fc.integer({ min: 0, max: 2 ** 22 }), look: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 0, max: 5000 }), fc.boolean(), (steps, dec, reload) => {
      const [watched, unwatched] = [createTimed(reload ? Tcr.ARE : 0), createTimed(reload ? Tcr.ARE : 0)];
      for (const processor of [watched, unwatched]) {
        setSpr(processor, 'DECAR', 777);
        setSpr(processor, 'DEC', dec);
      }
      for (const { cycles, look } of steps) {
        for (const processor of [watched, unwatched]) processor.clock.advance(cycles);
        if (look) spr(watched, 'TSR');
      }
      for (const name of ['TSR', 'DEC', 'TBL']) t.is(spr(watched, name), spr(unwatched, name));
    }),
    { numRuns: 20 },
  );
});

test('mftb reads what the clock says at that instruction, whatever the rates and whatever was written before', (t) => {
  const rates = fc.constantFrom([400e6, 400e6], [400e6, 66_666_667], [333e6, 1e6], [1e6, 333e6]);
  fc.assert(
    fc.property(rates, fc.nat(0xffffffff), fc.nat(0xffffffff), fc.integer({ min: 1, max: 5000 }), (hz, upper, lower, steps) => {
      const [coreHz, timebaseHz] = hz as [number, number];
      for (const engine of ['interpreter', 'wasm'] as const) {
        const processor = createProcessor({ coreHz, timebaseHz, engine });
        load(processor, ['mftb r3,268', 'mftb r4,269', 'b 0x10000']);
        setSpr(processor, 'TBUW', upper);
        setSpr(processor, 'TBLW', lower);
        processor.run(3 * steps);
        const before = [spr(processor, 'TBL')];
        processor.run(1);
        before.push(spr(processor, 'TBU'));
        processor.run(1);
        t.deepEqual([processor.gpr(3), processor.gpr(4)], before);
      }
    }),
    { numRuns: 20 },
  );
});
