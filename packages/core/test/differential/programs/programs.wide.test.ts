import test from 'ava';
import { VECTORS, Vector } from '../../../src/isa/vectors.js';
import { buildRunner, processorWith, qemuVersion, withFolder } from '../machines.js';
import { firstDifference, interruptsOf } from './block-comparison.js';
import { JUDGED } from './memory-pieces.js';
import { ProgramImage } from './program-image.js';
import { OTHER_WORDS } from './unjudged.js';

/** EXITLAB_SEED runs the program of this seed, and no other. */
const ONLY = process.env.EXITLAB_SEED === undefined ? undefined : Number(process.env.EXITLAB_SEED);
/** Programs with translated code kept, and with room for a few of them, so that it comes and goes. */
const IMAGES = [
  { first: 300, count: 300, thresholds: { warm: 2, hot: 16 } },
  { first: 600, count: 300, thresholds: { warm: 2, hot: 64, keptInstructions: 4000 } },
] as const;
/** Of all instructions, those that translated code retires. */
const LEAST_TRANSLATED = 0.9;
/** Conditional branches to absolute addresses reach no code of a program, and the time base is another one on QEMU. */
const NEVER = ['bca', 'bcla', 'mftb'];
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

for (const { first, count, thresholds } of IMAGES) {
  if (ONLY !== undefined) continue;
  test.serial(`random programs ${first} to ${first + count - 1} go the same way on QEMU, interpreted and translated`, (t) => {
    t.log(qemuVersion());
    const { theirs, executed, translator, used, failures } = compare(first, count, thresholds);
    const { interpretedInstructions, retiredInstructions } = translator;
    const interpreted = Object.values(interpretedInstructions).reduce((sum, instructions) => sum + instructions);
    const translated = 1 - interpreted / retiredInstructions;
    t.log(`${retiredInstructions} instructions, ${(100 * translated).toFixed(1)} % of them translated`);
    const vectors = theirs.flatMap(interruptsOf);
    for (const { name, ivor } of VECTORS) {
      const times = vectors.filter((vector) => vector === ivor).length;
      if (times > 0) t.log(`${times} ${name}`);
    }

    t.deepEqual(failures.slice(0, MOST_REPORTED), [], `${failures.length} runs of programs differ`);
    t.true(translated > LEAST_TRANSLATED);
    t.deepEqual(
      USUAL_VECTORS.filter((vector) => !vectors.includes(vector)),
      [],
      'every kind of interrupt that a program can cause is taken',
    );
    const never = JUDGED.filter(({ mnemonic, row }) => !executed.has(mnemonic) && !/^float/.test(row.class));
    t.deepEqual(
      never.map(({ mnemonic }) => mnemonic),
      NEVER,
      'every instruction but floating-point arithmetic is executed in some program',
    );
    const unused = OTHER_WORDS.map(({ reason }) => reason).filter((reason) => !used.has(reason));
    t.deepEqual(unused, [], 'a known difference that is no longer seen goes from the table');
  });
}

if (ONLY !== undefined) {
  const { thresholds } = IMAGES.find(({ first, count }) => ONLY >= first && ONLY < first + count) ?? IMAGES[0];
  test(`the random program ${ONLY} goes the same way on QEMU, interpreted and translated`, (t) => {
    t.deepEqual(compare(ONLY, 1, thresholds).failures, []);
  });
}

/** Runs programs of consecutive seeds on all machines. */
function compare(first: number, count: number, translationThresholds: (typeof IMAGES)[number]['thresholds']) {
  return withFolder((folder) => {
    const runner = buildRunner(folder, 'program-runner');
    const image = new ProgramImage(first, count);
    const theirs = image.runOnQemu(runner, folder);
    const interpreter = processorWith(runner, { engine: 'interpreter', countInstructions: true });
    const wasm = processorWith(runner, { engine: 'wasm', translationThresholds });
    const used = new Set<string>();
    const failures = Object.entries({ interpreter, wasm }).flatMap(([engine, processor]) =>
      image.runOn(processor).flatMap((block, n) => {
        const difference = firstDifference(theirs[n]!, block, used);
        return difference ? [`EXITLAB_SEED=${first + n}, ${engine}: ${difference}`] : [];
      }),
    );
    const executed = new Set(interpreter.instructionMix()!.keys());
    return { theirs, executed, translator: wasm.translatorStatistics!, used, failures };
  });
}
