import test from 'ava';
import { EXIT_LOOPS, exitLoopMachine } from '../src/index.js';

for (const loop of EXIT_LOOPS) {
  test(`the loop of ${loop.name} makes the exits that its rate is computed from, and no others`, (t) => {
    const { hypervisor, run, exitsPerCall } = exitLoopMachine(loop, 'interpreter');
    const before = hypervisor.statistics().exits;
    run();
    const made = hypervisor.statistics().exits.map(({ type, count }, index) => ({ type, count: count - (before[index]?.count ?? 0) }));
    const total = made.reduce((sum, { count }) => sum + count, 0);
    t.true(Math.abs(total - exitsPerCall) <= 1, `${total} exits, ${exitsPerCall} in the mean`);
    t.deepEqual(
      made.filter(({ count }) => count > 0).map(({ type }) => type),
      [...loop.types],
    );
  });
}
