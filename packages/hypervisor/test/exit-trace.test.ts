import test from 'ava';
import { EXIT_TYPES, type Hypervisor, type HypervisorOptions, type LoggedExits } from '../src/index.js';
import { guestOf } from './guest-loop.js';

interface TracedExit {
  readonly type: string;
  readonly pc: number;
  readonly takenAtCycles: number;
  readonly durationCycles: number;
}

/** System calls, their returns, and SPR moves between them: exits of several kinds. The stack pointer is not 0, as in any kernel. */
const LOOP = ['mfspr r4,SPRG0', 'mtspr SPRG1,r4', 'mfmsr r5', 'wrtee r5', 'mtspr PID,r6', 'xori r6,r6,1', 'b -24'];
const INSTRUCTIONS = 20_000;

function tracedRun(options: HypervisorOptions = {}, sliceInstructions = INSTRUCTIONS): { exits: TracedExit[]; hypervisor: Hypervisor } {
  const exits: TracedExit[] = [];
  const trace = ({ count, types, pcs, takenAtCycles, durationCycles }: LoggedExits) => {
    for (let row = 0; row < count; row++) {
      exits.push({
        type: EXIT_TYPES[types[row] as number]?.name as string,
        pc: pcs[row] as number,
        takenAtCycles: takenAtCycles[row] as number,
        durationCycles: durationCycles[row] as number,
      });
    }
  };
  const hypervisor = guestOf(LOOP, { ...options, trace });
  for (let done = 0; done < INSTRUCTIONS; done += sliceInstructions) hypervisor.run(sliceInstructions);
  return { exits, hypervisor };
}

test('a trace has every exit, with the duration that exit timing sums up', (t) => {
  const { exits, hypervisor } = tracedRun({ hostTickHz: 250 });
  for (const { type, count, minCycles, maxCycles, sumCycles } of hypervisor.statistics().exits) {
    const durations = exits.filter((exit) => exit.type === type).map((exit) => exit.durationCycles);
    t.is(durations.length, count, type);
    t.is(
      durations.reduce((sum, each) => sum + each, 0),
      sumCycles,
      type,
    );
    if (count === 0) continue;
    t.is(Math.min(...durations), minCycles, type);
    t.is(Math.max(...durations), maxCycles, type);
  }
});

test('between the end of an exit and the next lies what exit timing calls the time in the guest', (t) => {
  const { exits, hypervisor } = tracedRun();
  let end = 0;
  const stretches = exits.map(({ takenAtCycles, durationCycles }) => {
    const stretch = takenAtCycles - end;
    end = takenAtCycles + durationCycles;
    return stretch;
  });
  const { timeInGuest } = hypervisor.statistics();
  t.is(stretches.length, timeInGuest.count);
  t.is(Math.min(...stretches), timeInGuest.minCycles);
  t.is(Math.max(...stretches), timeInGuest.maxCycles);
  t.is(
    stretches.reduce((sum, each) => sum + each, 0),
    timeInGuest.sumCycles,
  );
});

test('a trace is the same however a run is sliced, and complete whenever run returns', (t) => {
  const whole = tracedRun();
  const sliced = tracedRun({}, 8);
  t.true(whole.exits.length > 4096, 'the log has been handed over in between');
  t.deepEqual(sliced.exits, whole.exits);
});

test('a trace changes nothing, and counts by pc agree with it', (t) => {
  const traced = tracedRun({ countSites: true });
  const plain = guestOf(LOOP);
  plain.run(INSTRUCTIONS);
  t.deepEqual({ ...traced.hypervisor.statistics(), sites: undefined }, plain.statistics());
  const sites = new Map<number, Map<string, number>>();
  for (const { pc, type } of traced.exits) {
    const site = sites.get(pc) ?? new Map<string, number>();
    site.set(type, (site.get(type) ?? 0) + 1);
    sites.set(pc, site);
  }
  t.deepEqual(traced.hypervisor.statistics().sites, sites);
});

test('without exit timing exits are counted and take their time, but no durations are kept', (t) => {
  const timed = guestOf(LOOP);
  const untimed = guestOf(LOOP, { exitTiming: false });
  for (const hypervisor of [timed, untimed]) hypervisor.run(INSTRUCTIONS);
  t.is(untimed.processor.clock.cycles, timed.processor.clock.cycles);
  t.is(untimed.guestInstructions, timed.guestInstructions);
  const counts = (hypervisor: Hypervisor) => hypervisor.statistics().exits.map(({ type, count }) => [type, count]);
  t.deepEqual(counts(untimed), counts(timed));
  t.deepEqual(untimed.statistics().instructions, timed.statistics().instructions);
  for (const { sumCycles, maxCycles, sumOfSquares, parts } of untimed.statistics().exits) {
    t.deepEqual({ sumCycles, maxCycles, sumOfSquares, parts }, { sumCycles: 0, maxCycles: 0, sumOfSquares: 0, parts: {} });
  }
  t.is(untimed.statistics().timeInGuest.count, 0);
  t.true(timed.statistics().timeInGuest.count > 0);
});
