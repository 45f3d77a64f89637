import test from 'ava';
import * as fc from 'fast-check';
import { Msr, Vector } from '../../src/isa/vectors.js';
import type { Access } from '../../src/mmu/access.js';
import type { Processor440 } from '../../src/processor/processor-440.js';
import { CODE, createProcessor, load, type Page, runToInterrupt, Size, setSpr, writeEntry } from '../processor/bare-machine.js';

type AccessKind = keyof typeof Access;
/** The place that an access reached, or the interrupt that it got. */
type Result = { vector: number } | { pa: number };

/**
 * What an access ought to do, by looking at all 64 entries each time as the book describes it, without any memory of the past.
 */
function expectation(processor: Processor440, ea: number, access: AccessKind): Result {
  const { msr } = processor;
  const space = msr & (access === 'execute' ? Msr.IS : Msr.DS) ? 1 : 0;
  const pid = processor.readSpr(48)!;
  for (let index = 0; index < 64; index++) {
    const { word0, word1, word2, tid } = processor.readTlb(index);
    const size = (word0 >>> 4) & 15;
    if (!(word0 & 0x200) || ![0, 1, 2, 3, 4, 5, 7, 9].includes(size)) continue;
    const bytes = 1024 * 4 ** size;
    const base = Math.floor(word0 / bytes) * bytes;
    if (ea < base || ea >= base + bytes || (word0 >>> 8) % 2 !== space || (tid !== 0 && tid !== pid)) continue;
    const bit = { read: 1, write: 2, execute: 4 }[access] * (msr & Msr.PR ? 8 : 1);
    const isFetch = access === 'execute';
    if (!(word2 & bit)) return { vector: isFetch ? Vector.instructionStorage : Vector.dataStorage };
    return { pa: Math.floor(word1 / bytes) * bytes + (ea - base) };
  }
  return { vector: access === 'execute' ? Vector.instructionTlbError : Vector.dataTlbError };
}

/** Everything happens in two pages of 4 KB at `WINDOW`, so that entries overlap; it is mapped to RAM from 256 KB on. */
const WINDOW = 0x5000_0000;
const WINDOW_BYTES = 0x2000;
const FRAMES = 0x40000;
const FRAME_BYTES = 0x30000;

type Step =
  | { kind: 'entry'; index: number; page: Page }
  | { kind: 'invalidate'; index: number }
  | { kind: 'permissions'; index: number; word2: number }
  | { kind: 'pid'; pid: number }
  | { kind: 'msr'; msr: number }
  | { kind: 'access'; ea: number; access: AccessKind };

const index = fc.integer({ min: 0, max: 7 });
const page: fc.Arbitrary<Page> = fc.record({
  ea: fc.integer({ min: 0, max: WINDOW_BYTES / 1024 - 1 }).map((n) => WINDOW + 1024 * n),
  pa: fc.integer({ min: 0, max: 127 }).map((n) => FRAMES + 1024 * n),
  size: fc.constantFrom(Size['1K'], Size['1K'], Size['4K'], Size['4K'], Size['16K'], Size['64K'], 6),
  space: fc.constantFrom<(0 | 1)[]>(0, 0, 0, 1),
  tid: fc.constantFrom(0, 0, 0, 1, 2),
  word2: fc.constantFrom(0x3f, 0x3f, 0x3f, 0x07, 0x38, 0x09, 0x36, 0),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('entry' as const), index, page }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('invalidate' as const), index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('permissions' as const), index, word2: fc.integer({ min: 0, max: 63 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pid' as const), pid: fc.integer({ min: 0, max: 12 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('msr' as const),
      msr: fc.constantFrom(0, 0, Msr.DS, Msr.IS, Msr.PR, Msr.PR | Msr.IS | Msr.DS),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('access' as const),
      ea: fc.integer({ min: 0, max: WINDOW_BYTES / 4 - 1 }).map((n) => WINDOW + 4 * n),
      access: fc.constantFrom('read' as const, 'write' as const, 'execute' as const),
    }),
  },
);

/** Each word of the frames is `li r5,n`, n its number: what is read or executed tells its place. */
const LI_R5 = 0x38a00000;
const placeOf = (word: number): number => FRAMES + 4 * (word & 0xffff);
function fillFrames(processor: Processor440): void {
  for (let n = 0; n < FRAME_BYTES / 4; n++) processor.memory.write32(FRAMES + 4 * n, LI_R5 | n);
}

/** Where the one word is that a store has changed; it is put back. */
function findStore(processor: Processor440): number {
  const words = new DataView(processor.memory.readBytes(FRAMES, FRAME_BYTES).buffer);
  for (let n = 0; n < FRAME_BYTES / 4; n++) {
    if (words.getUint32(4 * n) === (LI_R5 | n)) continue;
    processor.memory.write32(FRAMES + 4 * n, LI_R5 | n);
    return FRAMES + 4 * n;
  }
  return -1;
}

/** Executes one access and says what it did, in the terms of {@link expectation}. */
function perform(processor: Processor440, ea: number, access: AccessKind): Result {
  const { msr } = processor;
  processor.setGpr(3, 0);
  processor.setGpr(4, ea);
  processor.pc = { read: CODE, write: CODE + 4, execute: ea }[access];
  const vector = runToInterrupt(processor, 1);
  processor.msr = msr;
  if (vector >= 0) return { vector };
  return { pa: access === 'write' ? findStore(processor) : placeOf(processor.gpr(access === 'read' ? 3 : 5)) };
}

function change(processor: Processor440, step: Exclude<Step, { kind: 'access' }>): void {
  if (step.kind === 'entry') writeEntry(processor, step.index, step.page);
  else if (step.kind === 'invalidate') processor.writeTlb(step.index, 0, 0);
  else if (step.kind === 'permissions') processor.writeTlb(step.index, 2, step.word2);
  else if (step.kind === 'pid') setSpr(processor, 'PID', step.pid);
  else processor.msr = step.msr;
}

for (const engine of ['interpreter', 'wasm'] as const) {
  test(`the fast path of translation agrees with a plain search of the TLB after any changes (${engine})`, (t) => {
    const processor = createProcessor({ engine });
    load(processor, ['lwz r3,0(r4)', 'stw r3,0(r4)']);
    fillFrames(processor);
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        for (let i = 0; i < 8; i++) processor.writeTlb(i, 0, 0);
        processor.msr = 0;
        setSpr(processor, 'PID', 0);
        for (const each of steps) {
          if (each.kind !== 'access') change(processor, each);
          else t.deepEqual(perform(processor, each.ea, each.access), expectation(processor, each.ea, each.access));
        }
      }),
      { numRuns: 200 },
    );
  });
}
