import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ExitTraceFile, type TraceRecordPlace } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-trace-'));
const TYPES = ['MMIO', 'DCR', 'EMUL_MFSPR'];
/** A cycle is 2.5 ns. */
const CORE_HZ = 400e6;
const PAGE_BYTES = 1 << 19;
/** The event whose duration is a word; the other's is a doubleword. */
const SHORT_EVENT = 1;
/** So many exits leave room for some hundreds on the page. */
const ALMOST_A_PAGE = 32_300;
/** More exits than the writer collects. */
const MANY = 50_000;

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
        type: bytes.readUInt8(record + 3),
        pc: bytes.readUInt32LE(record + 4),
        nanoseconds,
        durationNanoseconds:
          bytes.readUInt8(record) === SHORT_EVENT ? bytes.readUInt32LE(record + 8) : Number(bytes.readBigUInt64LE(record + 8)),
      });
      at = record + 4 * (header & 31);
    }
  }
  return exits;
}

/** To the nearest whole number; of two, the even one. */
function whole(nanoseconds: number): number {
  return nanoseconds % 1 === 0.5 ? 2 * Math.round(nanoseconds / 2) : Math.round(nanoseconds);
}

type Row = readonly [type: number, pc: number, takenAtCycles: number, durationCycles: number];

test('every exit is in the file with its time to the nanosecond, whatever lies between them and however long they take', (t) => {
  const exit = fc.tuple(
    fc.nat(TYPES.length - 1),
    fc.nat(0xffffffff),
    fc.oneof(fc.nat(1000), fc.nat(2 ** 30), fc.constantFrom(0, 53_687_091, 53_687_092, 2 ** 40)),
    fc.oneof(fc.nat(1000), fc.constantFrom(0, 2 ** 35)),
  );
  fc.assert(
    fc.property(fc.constantFrom(0, ALMOST_A_PAGE), fc.array(exit, { maxLength: 3000 }), (before, steps) => {
      let takenAt = 0;
      const first = Array.from({ length: before }, () => [0, 0x1000, 1, 1] as const);
      const rows = [...first, ...steps].map(([type, pc, since, duration]) => {
        takenAt += since;
        return [type, pc, takenAt, duration] as const satisfies Row;
      });
      const path = join(folder, 'law.dat');
      const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest');
      for (const row of rows) file.add(...row);
      file.close();
      t.deepEqual(
        readTrace(path),
        rows.map(([type, pc, cycles, duration]) => ({
          type,
          pc,
          nanoseconds: whole(cycles * 2.5),
          durationNanoseconds: whole(duration * 2.5),
        })),
      );
    }),
    { numRuns: 15 },
  );
});

/** Who makes exits `n` at time `7 n`, and writes a record by itself wherever that fits. */
class SelfWriter {
  readonly #place: TraceRecordPlace;
  readonly #file: ExitTraceFile;
  /** Exits that did not fit. */
  added = 0;

  constructor(file: ExitTraceFile) {
    const words = new Uint32Array(file.layout.placeBytes / 4);
    this.#place = { words, next: 0, last: 0, originNanoseconds: 0, sinceOriginNanoseconds: 0 };
    this.#file = file;
    file.recordIn(this.#place);
  }

  take(n: number): void {
    const place = this.#place;
    const { time, type, pc, duration, sizeBytes } = this.#file.layout;
    const sinceOrigin = 7 * n - place.originNanoseconds;
    if (place.next > place.last || sinceOrigin >= time.limit) {
      this.#file.add(n % 3, 4 * n, 7 * n, n);
      this.added++;
      return;
    }
    const set = ({ offset }: { offset: number }, value: number) => {
      place.words[(place.next + offset) / 4] = value;
    };
    set(time, ((sinceOrigin - place.sinceOriginNanoseconds) << time.shift) | time.bits);
    set(type, ((n % 3) << type.shift) | type.bits);
    set(pc, 4 * n);
    set(duration, n);
    place.next += sizeBytes;
    place.sinceOriginNanoseconds = sinceOrigin;
  }
}

test('who lends the place may write records there by itself, as the layout says, and the file is the same to the byte', (t) => {
  const path = join(folder, 'lent.dat');
  const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: 1e9 }, 'guest');
  const writer = new SelfWriter(file);
  for (let n = 0; n < MANY; n++) writer.take(n);
  file.close();
  t.true(writer.added > 0 && writer.added < 10);
  const addedPath = join(folder, 'added.dat');
  const addedFile = new ExitTraceFile(addedPath, { typeNames: TYPES, coreHz: 1e9 }, 'guest');
  for (let n = 0; n < MANY; n++) addedFile.add(n % 3, 4 * n, 7 * n, n);
  addedFile.close();
  t.true(readFileSync(path).equals(readFileSync(addedPath)));
  t.deepEqual(
    readTrace(path),
    Array.from({ length: MANY }, (_, n) => ({ type: n % 3, pc: 4 * n, nanoseconds: 7 * n, durationNanoseconds: n })),
  );
});

test('the last page, of which little is used, takes little room on the disk', (t) => {
  const path = join(folder, 'short.dat');
  const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest');
  file.add(0, 0x1000, 400, 300);
  file.close();
  const { size, blocks } = statSync(path);
  t.is(size, 2 * PAGE_BYTES);
  t.true(blocks * 512 < PAGE_BYTES / 4, `${blocks} blocks`);
  t.is(readTrace(path).length, 1);
});

test('a trace that was never closed can be read up to the last piece', (t) => {
  const path = join(folder, 'open.dat');
  const file = new ExitTraceFile(path, { typeNames: TYPES, coreHz: CORE_HZ }, 'guest');
  for (let n = 0; n < MANY; n++) file.add(n % 3, 4 * n, 400 * n, 300);
  const unfinished = readTrace(path);
  t.true(unfinished.length > MANY / 2 && unfinished.length < MANY);
  t.deepEqual(
    unfinished.map(({ pc }) => pc),
    unfinished.map((_, n) => 4 * n),
  );
  file.close();
  t.is(readTrace(path).length, MANY);
});

test('a trace that can grow no further says so in one sentence, and can be read up to its last page', (t) => {
  const path = join(folder, 'limited.dat');
  const program = `
    import { ExitTraceFile } from ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)};
    const file = new ExitTraceFile(${JSON.stringify(path)}, { typeNames: ['MMIO'], coreHz: ${CORE_HZ} }, 'guest');
    try {
      for (let n = 0; n < 200_000; n++) file.add(0, 4 * n, 400 * n, 300);
    } catch (error) {
      console.log(error.name, error.message);
    }`;
  // The head, two pages, and half of one: the limit is in blocks of 512 bytes.
  const limit = 3.5 * (PAGE_BYTES / 512);
  const script = `ulimit -f ${limit} && exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, program], { encoding: 'utf8' });
  t.is(stderr, '');
  t.is(stdout, `ResultFileError Cannot write the trace ${path} further: a file may not be that large here.\n`);
  const read = readTrace(path);
  t.true(read.length > MANY && read.length < 2 * MANY);
  t.deepEqual(
    read.map(({ pc }) => pc),
    read.map((_, n) => 4 * n),
  );
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
