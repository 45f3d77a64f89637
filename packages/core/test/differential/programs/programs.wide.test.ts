import test from 'ava';
import { VECTORS, Vector } from '../../../src/isa/vectors.js';
import { buildRunner, processorWith, qemuVersion, withFolder } from '../machines.js';
import { firstDifference, interruptsOf } from './block-comparison.js';
import { ProgramImage } from './program-image.js';

/** EXITLAB_SEED runs the program of one seed instead. */
const ONLY = process.env.EXITLAB_SEED === undefined ? undefined : Number(process.env.EXITLAB_SEED);
const IMAGES = ONLY === undefined ? [1, 300, 600].map((first, n) => ({ first, count: n === 0 ? 299 : 150 })) : [{ first: ONLY, count: 1 }];
/** So low that all that runs a few times is translated. */
const THRESHOLDS = { warm: 2, hot: 16 };
/** Of all instructions, those that translated code retires. */
const LEAST_TRANSLATED = 0.9;
const MOST_REPORTED = 10;
const USUAL_VECTORS = [
  Vector.dataStorage,
  Vector.instructionStorage,
  Vector.program,
  Vector.floatingPointUnavailable,
  Vector.systemCall,
  Vector.dataTlbError,
  Vector.instructionTlbError,
];

for (const { first, count } of IMAGES) {
  test.serial(`random programs ${first} to ${first + count - 1} go the same way on QEMU, interpreted and translated`, (t) => {
    withFolder((folder) => {
      t.log(qemuVersion());
      const runner = buildRunner(folder, 'program-runner');
      const image = new ProgramImage(first, count);
      const theirs = image.runOnQemu(runner, folder);
      const failures: string[] = [];
      for (const engine of ['interpreter', 'wasm'] as const) {
        const processor = processorWith(runner, engine, THRESHOLDS);
        const ours = image.runOn(processor);
        for (const [n, block] of ours.entries()) {
          const difference = firstDifference(theirs[n]!, block);
          if (difference) failures.push(`EXITLAB_SEED=${first + n}, ${engine}: ${difference}`);
        }
        const statistics = processor.translatorStatistics;
        if (statistics && ONLY === undefined) {
          const { cold, nearEvent, fallBack, access } = statistics.interpretedInstructions;
          const translated = 1 - (cold + nearEvent + fallBack + access) / statistics.retiredInstructions;
          t.log(`${statistics.retiredInstructions} instructions, ${(100 * translated).toFixed(1)} % of them translated`);
          t.true(translated > LEAST_TRANSLATED);
        }
      }
      const vectors = theirs.flatMap(interruptsOf);
      const counts = VECTORS.map(({ name, ivor }) => [name, vectors.filter((vector) => vector === ivor).length] as const);
      for (const [name, times] of counts) if (times > 0) t.log(`${times} ${name}`);
      t.deepEqual(failures.slice(0, MOST_REPORTED), [], `${failures.length} runs of programs differ`);
      if (ONLY === undefined) {
        const seen = USUAL_VECTORS.filter((vector) => vectors.includes(vector));
        t.deepEqual(seen, USUAL_VECTORS, 'every kind of interrupt that a program can cause is taken');
      }
    });
  });
}
