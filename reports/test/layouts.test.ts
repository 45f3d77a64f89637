import { LAYOUTS_SCHEMA, type LayoutSample, type LayoutsResult } from '@exitlab/results';
import { syntheticBench } from '@exitlab/results/synthetic';
import test from 'ava';
import { compareLayouts, exitShares, layoutsDocument, markdown } from '../src/index.js';

const sample = (cycles: number, exits: Record<string, number>, search = 0, inTimer = 0): LayoutSample => ({
  exits,
  timerInterrupts: { count: 1, exits: inTimer },
  cycles,
  deviceSearchCycles: search,
});
const result: LayoutsResult = {
  schema: LAYOUTS_SCHEMA,
  toolVersion: '0.1.0',
  coreHz: 400_000_000,
  layouts: 3,
  strategies: ['pv', 'patched:load'],
  rows: [
    { guest: 'linux', workload: 'console', strategy: 'pv', samples: [100, 110, 105].map((cycles) => sample(cycles, { MMIO: 9 }, 5)) },
    {
      guest: 'linux',
      workload: 'console',
      strategy: 'patched:load',
      samples: [108, 107, 120].map((cycles) => sample(cycles, { MMIO: 8 }, 10)),
    },
    {
      guest: 'linux',
      workload: 'threads',
      strategy: 'pv',
      samples: [1, 1, 1].map(() => sample(50, { SYSCALL: 10, EMUL_RFI: 14, DEC: 2 }, 0, 3)),
    },
    {
      guest: 'linux',
      workload: 'threads',
      strategy: 'patched:load',
      samples: [1, 1, 1].map(() => sample(40, { SYSCALL: 12, EMUL_RFI: 15, DTLBVIRT: 90 })),
    },
    { guest: 'linux', workload: 'crc', strategy: 'pv', samples: [1, 1, 1].map(() => sample(50, { DEC: 2 })) },
    { guest: 'linux', workload: 'crc', strategy: 'patched:load', samples: [1, 1, 1].map(() => sample(50, { DEC: 2 })) },
  ],
  host: syntheticBench().host,
};

test('exits are shared out among system calls, timer interrupts and others, and virtual misses are none of them', (t) => {
  const shares = exitShares(sample(1, { SYSCALL: 10, EMUL_RFI: 14, DEC: 2, ITLBVIRT: 50, DTLBVIRT: 60 }, 0, 3));
  t.deepEqual(shares, { all: 26, calls: 20, timer: 5, others: 1 });
});

test('times are compared by their medians, and in each layout', (t) => {
  const [console] = compareLayouts(result);
  t.is(console?.time.median, 108 / 105);
  t.is(console?.time.least, 107 / 110);
  t.is(console?.time.most, 120 / 105);
  t.is(console?.timeWithoutSearch.median, 98 / 100);
  t.is(console?.baseSpread, 1.1);
});

test('the report begins with the workloads where more exits are made or more time is taken, and only those', (t) => {
  const text = markdown(layoutsDocument(result, 'exitlab layouts …'));
  t.true(text.includes('Made by `exitlab layouts …`'));
  const first = text.slice(text.indexOf('## Where'), text.indexOf('## linux'));
  t.deepEqual(
    first
      .split('\n')
      .filter((line) => line.startsWith('| linux'))
      .map((line) =>
        line
          .split('|')
          .slice(3, 13)
          .map((cell) => cell.trim()),
      ),
    [
      ['console', '9', '8', '-1 to -1', '0', '0', '0', '0', '9', '8'],
      ['threads', '26', '27', '1 to 1', '20', '24', '5', '0', '1', '3'],
    ],
  );
});
