import test from 'ava';
import { type BenchDefinition, benchCells, cellSpec, PATCHED_AT } from '../src/bench-definition.js';
import { bundledGuests } from '../src/bundled-guests.js';
import { hostMachine } from '../src/host-machine.js';
import { runBench } from '../src/run-bench.js';
import { runGuest } from '../src/run-guest.js';

const surroundings = { toolVersion: 'test', secondsNow: () => 0, dateNow: () => new Date(0) };
const definition = (strategies: readonly string[], without?: Readonly<Record<string, string>>): BenchDefinition => ({
  name: 'test',
  guests: [{ ...bundledGuests().find(({ name }) => name === 'syscall')!, ...(without && { without }) }],
  strategies,
  repetitions: 1,
  timeoutSeconds: 60,
});

test('a bench runs the strategy that patches once for each time at which it can, each a row of its own', async (t) => {
  t.timeout(120_000);
  const { runs, failures } = await runBench(definition(PATCHED_AT), {
    ...surroundings,
    runGuest: (spec, io) => runGuest(spec, io, surroundings),
    machine: hostMachine(),
    signal: new AbortController().signal,
    onEvent: () => {},
  });
  t.deepEqual(failures, []);
  t.deepEqual(
    runs.map(({ strategy, policy }) => [strategy, policy.patchTime]),
    [
      ['patched:static', 'static'],
      ['patched:load', 'load'],
      ['patched:trap', 'trap'],
    ],
  );
  t.deepEqual(runs[0]!.exits, runs[1]!.exits, 'patched in the file or at load, the code is the same');
});

test('only what is patched beforehand changes the file that is run', async (t) => {
  const bench = definition(['trap', ...PATCHED_AT]);
  const [trap, atStatic, atLoad] = await Promise.all(benchCells(bench).map((cell) => cellSpec(cell, bench)));
  t.deepEqual(atLoad!.kernel.bytes, trap!.kernel.bytes);
  t.true(atStatic!.kernel.bytes.length > trap!.kernel.bytes.length);
});

test('a guest that goes without a strategy goes without it at every time', (t) => {
  t.deepEqual(
    benchCells(definition(['trap', ...PATCHED_AT], { patched: 'no symbols' })).map(({ strategy }) => strategy),
    ['trap'],
  );
});
