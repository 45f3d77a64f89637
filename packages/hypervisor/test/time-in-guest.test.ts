import test from 'ava';
import type { Hypervisor } from '../src/index.js';
import { CLOCK_HZ, guestOf } from './guest-loop.js';

const INSTRUCTIONS = 3000;
/** Five instructions of the guest between two exits. */
const LOOP = ['mfspr r4,SPRG0', 'nop', 'nop', 'nop', 'nop', 'b -20'];

function statisticsAfter(sliceInstructions: number): ReturnType<Hypervisor['statistics']> {
  const hypervisor = guestOf(LOOP);
  for (let done = 0; done < INSTRUCTIONS; done += sliceInstructions) hypervisor.run(sliceInstructions);
  return hypervisor.statistics();
}

test('time in the guest counts entries, one for each exit, however a run is sliced', (t) => {
  const whole = statisticsAfter(INSTRUCTIONS);
  const exits = whole.exits.reduce((sum, { count }) => sum + count, 0);
  t.is(whole.timeInGuest.count, exits);
  t.is(whole.timeInGuest.maxCycles, 5);
  for (const slice of [1, 2, 8, 100]) t.deepEqual(statisticsAfter(slice), whole, `slices of ${slice}`);
});

test('an interrupt raised between two slices ends the stretch, as the signal does that brings it', (t) => {
  const hypervisor = guestOf(['b 0']);
  hypervisor.vcpu.setMsr(0x8000);
  hypervisor.run(100);
  t.is(hypervisor.statistics().timeInGuest.count, 1, 'the page of the code had to be mapped');
  hypervisor.pulseExternal();
  hypervisor.run(1);
  const { timeInGuest, exits } = hypervisor.statistics();
  t.is(exits.find(({ type }) => type === 'SIGNAL')?.count, 1);
  t.true(timeInGuest.count >= 2);
  t.is(timeInGuest.maxCycles, 100);
});

test('each tick of the host that finds the guest running is an exit of its own, and takes its time', (t) => {
  const hostTickHz = 250;
  const seconds = 0.1;
  const decExits = (hypervisor: Hypervisor) => hypervisor.statistics().exits.find(({ type }) => type === 'DEC')?.count;
  const ticking = guestOf(['b 0'], { hostTickHz });
  ticking.run(CLOCK_HZ * seconds);
  t.is(decExits(ticking), hostTickHz * seconds);
  t.is(ticking.vcpu.pending, 0, 'the guest knows nothing of it');
  const quiet = guestOf(['b 0']);
  quiet.run(CLOCK_HZ * seconds);
  t.is(decExits(quiet), 0);
  t.true(ticking.processor.clock.cycles > quiet.processor.clock.cycles);
});
