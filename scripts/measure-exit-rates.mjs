// Prints how many exits of each kind the hypervisor handles in a second of host time: `node scripts/measure-exit-rates.mjs [engine]`.
import { measureExitRates } from '../bench/dist/src/index.js';

const engines = process.argv[2] === undefined ? ['interpreter', 'wasm'] : [process.argv[2]];
const SECONDS_PER_CASE = 2;
const millions = (rate) => (rate / 1e6).toFixed(2).padStart(6);

for (const engine of engines) {
  for (const { name, exitsPerSecond, lowPerSecond, highPerSecond } of await measureExitRates(engine, SECONDS_PER_CASE)) {
    const interval = `${millions(lowPerSecond)} to ${millions(highPerSecond)}`;
    process.stdout.write(
      `${engine.padEnd(12)}${name.padEnd(10)}${millions(exitsPerSecond)} million exits a second (95 %: ${interval}; host time)\n`,
    );
  }
}
