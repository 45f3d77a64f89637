import type { ExecutionContext } from 'ava';
import { RandomMachine } from './random-machine.js';

const STEPS = 40;

/** Runs a random program in both engines and compares all that can be seen, each time that the host has a look. */
export function compareEngines(t: ExecutionContext, seed: number): void {
  const [one, other] = [new RandomMachine(seed, 'interpreter'), new RandomMachine(seed, 'wasm')];
  for (let step = 0; step < STEPS; step++) {
    one.step();
    other.step();
    t.deepEqual(other.state(), one.state(), `program ${seed} after step ${step}`);
  }
  t.true(other.processor.translatorStatistics!.regions > 0, `program ${seed} is translated`);
}
