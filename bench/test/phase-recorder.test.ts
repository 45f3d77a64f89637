import type { Measurement } from '@exitlab/results';
import test from 'ava';
import { measurementBetween, measurementSum } from '../src/machine-measurement.js';
import { PhaseRecorder } from '../src/phase-recorder.js';

/** What a machine has counted that makes an exit a byte, each of 10 cycles and 90 in the guest. */
function afterBytes(bytes: number): Measurement {
  return {
    exits: {
      MMIO: {
        count: bytes,
        minCycles: Math.min(bytes, 1) * 10,
        maxCycles: Math.min(bytes, 1) * 10,
        sumCycles: bytes * 10,
        sumSquaredCycles: bytes * 100,
        parts: { work: bytes * 10 },
      },
    },
    counts: { guestInstructions: bytes * 90 },
    modelledTime: { cycles: bytes * 100, guestCycles: bytes * 90, hypervisorCycles: bytes * 10, idleCycles: 0 },
  };
}

function phasesOf(console: string) {
  let bytes = 0;
  const recorder = new PhaseRecorder(() => afterBytes(bytes), measurementBetween, measurementSum);
  for (const byte of Buffer.from(console)) {
    bytes++;
    recorder.push(byte);
  }
  return recorder.phases;
}

const HELLO = 'hello\n';
const start = (name: string): string => `EXITLAB-START ${name} count=1\n`;
const end = (name: string): string => `RESULT ${name} ok checksum=0x00000000 us=1\n`;

test('a phase lasts from the end of its first line to the end of its last', (t) => {
  const [boot, crc, ...rest] = phasesOf(`${HELLO}${start('crc')}${end('crc')}${HELLO}`);
  t.deepEqual(boot, { name: 'boot', ...afterBytes(HELLO.length + start('crc').length) });
  t.deepEqual(crc, { name: 'crc', ...afterBytes(end('crc').length) });
  t.deepEqual(rest, []);
});

test('a phase in several parts is the sum of them, in the place of the first, without what is between', (t) => {
  const parts = `${start('console')}${end('console')}${HELLO}${start('crc')}${end('crc')}${HELLO}${start('console')}x\n${end('console')}`;
  const [, console, crc, ...rest] = phasesOf(parts);
  t.deepEqual(console, { name: 'console', ...afterBytes(2 * end('console').length + 2) });
  t.is(crc?.name, 'crc');
  t.deepEqual(rest, []);
});

test('an end without its start is no phase', (t) => {
  t.deepEqual(phasesOf(end('crc')), []);
});
