import { isDeepStrictEqual } from 'node:util';
import type { ExecutionContext } from 'ava';
import { type HypervisorOptions, LINUX_3_4 } from '../src/index.js';
import { RandomGuestMachine } from './random-guest-machine.js';

const STEPS = 40;
/** Most guests get nowhere at some time; soon, so that it costs little. */
const ENDLESS_FAULT_LIMIT = 200;
/** One a guest, in turn. */
const OPTIONS: readonly HypervisorOptions[] = [
  {},
  {},
  { countSites: true },
  { policy: { ...LINUX_3_4, shadowSlots: 7, mapping: 'lazy' } },
  { policy: { ...LINUX_3_4, hardwarePids: 'flush', replacement: 'random' } },
  { hostTickHz: 25_000 },
];

/**
 * Runs a random privileged guest interpreted, translated, and translated with exit routines, and compares all that can be seen each time
 * that the host has a look, until the hypervisor gives the guest up.
 *
 * @returns exits that routines have handled
 */
export function compareGuests(t: ExecutionContext, seed: number): number {
  const options = { ...OPTIONS[seed % OPTIONS.length]!, endlessFaultLimit: ENDLESS_FAULT_LIMIT };
  const interpreted = new RandomGuestMachine(seed, 'interpreter', options);
  const others = [
    { name: 'translated', machine: new RandomGuestMachine(seed, 'wasm', { ...options, exitRoutines: false }) },
    { name: 'with exit routines', machine: new RandomGuestMachine(seed, 'wasm', options) },
  ] as const;
  for (let step = 0; step < STEPS && !interpreted.isGivenUp; step++) {
    interpreted.step();
    const expected = interpreted.state();
    for (const { name, machine } of others) {
      machine.step();
      const state = machine.state();
      // Cheaper than AVA's comparison, which then tells the difference.
      if (!isDeepStrictEqual(state, expected)) t.deepEqual(state, expected, `guest ${seed} ${name}, after step ${step}`);
    }
  }
  return others[1].machine.processor.hostInstructions;
}
