import { type DcrBus, type DeviceBus, type HostRoutineBuilder, Processor440 } from '@exitlab/core';
import test from 'ava';
import { HostCell, LOG_ROWS, RECORD_BYTES } from '../src/host-area.js';
import { Hypervisor, type HypervisorOptions, type LoggedExits } from '../src/index.js';
import { CLOCK_HZ, guestOf } from './guest-loop.js';
import { type KeptRecord, RecordKeeper, whole } from './record-keeper.js';

const LOOP = ['mfspr r4,SPRG0', 'mtspr SPRG1,r4', 'mfmsr r5', 'wrtee r5', 'mtspr PID,r6', 'xori r6,r6,1', 'b -24'];
const INSTRUCTIONS = 20_000;

test('a recorder has every exit that the log has, rounded to nanoseconds, however little it has room for', (t) => {
  // A clock of 100 MHz has whole nanoseconds, one of 400 MHz halves, and the third neither.
  for (const coreHz of [100e6, CLOCK_HZ, 333e6]) {
    for (const room of [1, 2, 10, 1000]) {
      const recorder = new RecordKeeper(coreHz, room);
      const logged: KeptRecord[] = [];
      const trace = ({ count, types, pcs, takenAtCycles, durationCycles }: LoggedExits) => {
        const nanoseconds = (cycles = 0) => whole(cycles * (1e9 / coreHz));
        for (let row = 0; row < count; row++) {
          const times = { takenAtNanoseconds: nanoseconds(takenAtCycles[row]), durationNanoseconds: nanoseconds(durationCycles[row]) };
          logged.push({ type: types[row] as number, pc: pcs[row] as number, ...times });
        }
      };
      guestOf(LOOP, { recorder, trace, hostTickHz: 250 }, coreHz).run(INSTRUCTIONS);
      t.true(logged.length > 10_000);
      t.deepEqual(recorder.records(), logged, `${coreHz} Hz, room for ${room}`);
      t.true(recorder.added > 0 && recorder.added < logged.length, 'routines record what there is room for');
    }
  }
});

test('recording alone changes nothing, and is the same however a run is sliced', (t) => {
  const plain = guestOf(LOOP);
  plain.run(INSTRUCTIONS);
  const [atOnce, sliced] = [8, INSTRUCTIONS].map((slice) => {
    const recorder = new RecordKeeper(CLOCK_HZ);
    const hypervisor = guestOf(LOOP, { recorder });
    for (let done = 0; done < INSTRUCTIONS; done += slice) hypervisor.run(slice);
    t.deepEqual(hypervisor.statistics(), plain.statistics());
    t.is(hypervisor.processor.clock.cycles, plain.processor.clock.cycles);
    return recorder.records();
  });
  t.deepEqual(sliced, atOnce);
});

/** The accesses of all exit routines to memory at a fixed address, as offsets in the host's memory. */
function accessesOf(options: HypervisorOptions): ReadonlySet<number> {
  const bus: DeviceBus & DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: 1 << 20, devices: bus, dcrs: bus, coreHz: CLOCK_HZ, timebaseHz: CLOCK_HZ });
  const accesses = new Set<number>();
  const install = processor.installHostRoutine.bind(processor);
  processor.installHostRoutine = (vector, write) =>
    install(vector, (code) => {
      for (const name of ['word32', 'setWord32', 'double', 'setDouble'] as const) {
        const access = (code[name] as (...operands: unknown[]) => unknown).bind(code);
        Object.assign(code, {
          [name]: (address: unknown, offset: number, ...rest: unknown[]) => {
            accesses.add(offset - processor.hostMemory.base);
            return access(address, offset, ...rest);
          },
        } satisfies Partial<Record<keyof HostRoutineBuilder, unknown>>);
      }
      write(code);
    });
  new Hypervisor(processor, { bus, dcr: bus }, options);
  return accesses;
}

test('where nobody wants to know of each exit, the routines have no code for it', (t) => {
  const forLog = (at: number) => at === HostCell.logCount || (at >= HostCell.logTakenAt && at < HostCell.logTakenAt + 24 * LOG_ROWS);
  const forRecords = (at: number) =>
    (at >= HostCell.recordOrigin && at <= HostCell.recordElapsed) || (at >= HostCell.records && at < HostCell.records + RECORD_BYTES);
  const plain = [...accessesOf({})];
  t.true(plain.includes(HostCell.enteredAtCycles), 'accesses are seen');
  t.deepEqual(
    plain.filter((at) => forLog(at) || forRecords(at)),
    [],
  );
  const logged = [...accessesOf({ trace: () => {} })];
  const recorded = [...accessesOf({ recorder: new RecordKeeper(CLOCK_HZ) })];
  // And each adds nothing but its own.
  t.deepEqual(
    logged.filter((at) => !plain.includes(at)).filter((at) => !forLog(at)),
    [],
  );
  t.is(logged.filter(forLog).length, 5);
  t.deepEqual(
    recorded.filter((at) => !plain.includes(at)).filter((at) => !forRecords(at)),
    [],
  );
  t.is(recorded.filter(forRecords).length, 8);
});
