import test from 'ava';
import { applyEntryState } from '../../src/board/entry-state.js';
import { RecordedProcessor } from '../recorded-processor.js';

test('a kernel is entered as by QEMU: stack in r1, device tree in r3, all else 0', (t) => {
  const processor = new RecordedProcessor();
  applyEntryState(processor, { entryPa: 0x1000, deviceTreePa: 0x180_0000 });
  const expected = new Array<number>(32).fill(0);
  expected[1] = 0x00ff_fff8;
  expected[3] = 0x0180_0000;
  t.deepEqual(processor.gprs, expected);
  t.is(processor.pc, 0x1000);
  t.deepEqual([processor.msr, processor.cr, processor.lr, processor.ctr, processor.xer], [0, 0, 0, 0, 0]);
});

test('two TLB entries map memory and devices onto themselves for the supervisor; the others are invalid', (t) => {
  const processor = new RecordedProcessor();
  applyEntryState(processor, { entryPa: 0, deviceTreePa: 0 });
  t.deepEqual(processor.tlb.slice(0, 2), [
    { word0: 0x0000_0290, word1: 0x0000_0000, word2: 0x07, tid: 0 },
    { word0: 0xe000_0290, word1: 0xe000_0000, word2: 0x07, tid: 0 },
  ]);
  t.true(processor.tlb.slice(2).every((entry) => entry.word0 === 0));
});
