import test from 'ava';
import { Msr, Processor440, sprn } from '../../src/index.js';
import { RandomWords } from '../random-words.js';
import { CODE_BASE, CODE_WORDS, DATA_BASE, handlerCode, Layout, pageEntry, randomProgram } from './random-program.js';

const SEEDS = 6;
const SLICES = 20;
const COMPARED_SPRS = ['SRR0', 'SRR1', 'ESR', 'DEAR', 'SPRG1', 'SPRG2', 'TSR', 'DEC', 'PID', 'MMUCR'] as const;
/** Thresholds so low that all code is translated while it is compared. */
const EAGER = { warm: 2, hot: 6 };

function machine(engine: 'wasm' | 'interpreter', seed: number): Processor440 {
  const random = new RandomWords(seed);
  const silent = { read: () => 0, write: () => {} };
  const processor = new Processor440({
    ramSizeBytes: Layout.ramBytes,
    coreHz: 400e6,
    timebaseHz: 400e6,
    devices: silent,
    dcrs: silent,
    engine,
    translationThresholds: EAGER,
  });
  const { memory } = processor;
  const place = (pa: number, words: readonly number[]) => words.forEach((word, index) => void memory.write32(pa + 4 * index, word));
  for (let vector = 0; vector < 16; vector++) {
    processor.writeSpr(sprn(`IVOR${vector}`), vector * Layout.vectorBytes);
    place(vector * Layout.vectorBytes, handlerCode(vector));
  }
  place(Layout.code, randomProgram(random));
  for (let pa = Layout.data; pa < Layout.data + Layout.dataPages * 4096; pa += 4) memory.write32(pa, random.next());
  const entry = (index: number, ea: number, size: number, word2: number) => {
    processor.writeTlb(index, 1, ea);
    processor.writeTlb(index, 2, word2);
    processor.writeTlb(index, 0, ea | 0x200 | size);
  };
  // The vectors' 64 KB page is the supervisor's alone.
  entry(0, 0, 0x30, 0x07);
  for (let index = 0; index < Layout.codePages + Layout.dataPages; index++)
    entry(index + 1, pageEntry(index).ea, 0x10, pageEntry(index).word2);
  for (let n = 0; n < 32; n++) processor.setGpr(n, random.next());
  processor.setGpr(DATA_BASE, Layout.data);
  processor.setGpr(CODE_BASE, Layout.code);
  processor.lr = Layout.code + 4 * random.below(CODE_WORDS);
  processor.writeSpr(sprn('DECAR'), 500 + random.below(3000));
  processor.writeSpr(sprn('DEC'), 700);
  // Auto-reload, decrementer and fixed-interval interrupts.
  processor.writeSpr(sprn('TCR'), 0x04c00000);
  processor.msr = Msr.EE;
  processor.pc = Layout.code;
  return processor;
}

function stateOf(processor: Processor440): Record<string, number | string> {
  const state: Record<string, number | string> = {
    pc: processor.pc,
    msr: processor.msr,
    cr: processor.cr,
    lr: processor.lr,
    ctr: processor.ctr,
    xer: processor.xer,
    retired: processor.clock.retiredInstructions,
    timebase: processor.clock.timebase,
  };
  for (let n = 0; n < 32; n++) state[`r${n}`] = processor.gpr(n);
  const { interrupts, tlbWrites, softTlbFills } = processor.statistics();
  state.interrupts = interrupts.join();
  state.tlbWrites = tlbWrites;
  state.softTlbFills = softTlbFills;
  for (const name of COMPARED_SPRS) state[name] = processor.readSpr(sprn(name))!;
  const bytes = processor.memory.readBytes(Layout.code, Layout.data + Layout.dataPages * 4096 - Layout.code);
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  state.memory = hash;
  return state;
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`a random program with interrupts, TLB changes and stores into code runs alike in both engines (seed ${seed})`, (t) => {
    const random = new RandomWords(seed * 7919);
    const [one, other] = [machine('interpreter', seed), machine('wasm', seed)];
    for (let slice = 0; slice < SLICES; slice++) {
      const instructions = 1 + random.below(4000);
      const external = random.oneIn(4);
      for (const processor of [one, other]) {
        processor.setExternal(external);
        processor.run(instructions >> 1);
        processor.setExternal(false);
        processor.run(instructions);
      }
      t.deepEqual(stateOf(other), stateOf(one), `after slice ${slice}`);
    }
    t.true(other.translatorStatistics!.regions > 0);
  });
}
