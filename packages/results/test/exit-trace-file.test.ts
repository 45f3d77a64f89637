import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ExitTraceFile, type TracedExits } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-trace-'));
const TYPES = ['MMIO', 'DCR', 'EMUL_MFSPR'];
/** A cycle is 2.5 ns. */
const CORE_HZ = 400e6;
const PAGE_BYTES = 4096;
/** More exits than the writer collects. */
const MANY = 20_000;

interface ReadExit {
  readonly type: number;
  readonly pc: number;
  readonly nanoseconds: number;
  readonly durationNanoseconds: number;
}

/** The records of a trace.dat file with one CPU, by the rules of its own head (trace-cmd.dat.v6(5) and events/header_event). */
function readTrace(file: string): ReadExit[] {
  const bytes = readFileSync(file);
  const place = bytes.indexOf('flyrecord\0') + 10;
  const [offset, size] = [Number(bytes.readBigUInt64LE(place)), Number(bytes.readBigUInt64LE(place + 8))];
  const exits: ReadExit[] = [];
  for (let page = offset; page < offset + size; page += PAGE_BYTES) {
    let nanoseconds = Number(bytes.readBigUInt64LE(page));
    const end = page + 16 + Number(bytes.readBigUInt64LE(page + 8));
    for (let at = page + 16; at < end; ) {
      const header = bytes.readUInt32LE(at);
      nanoseconds += header >>> 5;
      if ((header & 31) === 30) {
        nanoseconds += bytes.readUInt32LE(at + 4) * 2 ** 27;
        at += 8;
        continue;
      }
      const record = at + 4;
      exits.push({
        type: bytes.readUInt32LE(record + 8),
        pc: bytes.readUInt32LE(record + 12),
        nanoseconds,
        durationNanoseconds: Number(bytes.readBigUInt64LE(record + 16)),
      });
      at = record + 4 * (header & 31);
    }
  }
  return exits;
}

const exitsOf = (rows: readonly (readonly [type: number, pc: number, takenAt: number, duration: number])[]): TracedExits => ({
  count: rows.length,
  types: rows.map((row) => row[0]),
  pcs: rows.map((row) => row[1]),
  takenAtCycles: rows.map((row) => row[2]),
  durationCycles: rows.map((row) => row[3]),
});

test('every exit is in the file with its time to the nanosecond, however they are handed over and whatever lies between them', (t) => {
  const exit = fc.tuple(
    fc.nat(TYPES.length - 1),
    fc.nat(0xffffffff),
    fc.oneof(fc.nat(1000), fc.nat(2 ** 30), fc.constantFrom(0, 53_687_091, 53_687_092, 2 ** 40)),
    fc.oneof(fc.nat(1000), fc.constantFrom(0, 2 ** 35)),
  );
  fc.assert(
    fc.property(fc.array(exit, { maxLength: 400 }), fc.nat(100), (steps, cut) => {
      let takenAt = 0;
      const rows = steps.map(([type, pc, since, duration]) => {
        takenAt += since;
        return [type, pc, takenAt, duration] as const;
      });
      const path = join(folder, 'law.dat');
      const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest');
      file.add(exitsOf(rows.slice(0, cut)));
      file.add(exitsOf(rows.slice(cut)));
      file.close();
      t.deepEqual(
        readTrace(path),
        rows.map(([type, pc, cycles, duration]) => ({
          type,
          pc,
          nanoseconds: Math.round(cycles * 2.5),
          durationNanoseconds: Math.round(duration * 2.5),
        })),
      );
    }),
    { numRuns: 50 },
  );
});

test('a trace that was never closed can be read up to the last piece', (t) => {
  const path = join(folder, 'open.dat');
  const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest');
  file.add(exitsOf(Array.from({ length: MANY }, (_, n) => [n % 3, 4 * n, 400 * n, 300] as const)));
  const unfinished = readTrace(path);
  t.true(unfinished.length > MANY / 2 && unfinished.length < MANY);
  t.deepEqual(
    unfinished.map(({ pc }) => pc),
    unfinished.map((_, n) => 4 * n),
  );
  file.close();
  t.is(readTrace(path).length, MANY);
});

test('a trace without exits is a complete file, and says what a record would be', (t) => {
  const path = join(folder, 'none.dat');
  new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest').close();
  t.deepEqual(readTrace(path), []);
  const text = readFileSync(path, 'latin1');
  t.true(text.startsWith('\x17\x08\x44tracing6\0'));
  t.true(text.includes('{ 0, "MMIO" }, { 1, "DCR" }, { 2, "EMUL_MFSPR" }'));
});

test('what is no file, or lies nowhere, is refused in one sentence', (t) => {
  for (const path of ['/dev/null', join(folder, 'no/such/folder.dat'), folder]) {
    const { message } = t.throws(() => new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest'), {
      name: 'ResultFileError',
    });
    t.regex(message, /^Cannot write the trace [^\n]*\.$/);
  }
});
