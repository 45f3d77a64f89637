import test from 'ava';
import { disassemble } from '../../src/isa/disassembler.js';
import { RandomWords } from '../random-words.js';
import { generateCases } from './case-generator.js';
import { At, recordFieldName } from './layout.js';
import { buildRunner, runOnProcessor, withFolder } from './machines.js';

const SEED = 27;
/** Two or so for each instruction: every case becomes a region of its own in the translator, which is slow to make. */
const CASES = 800;
/** The translator takes up a place when it has been entered 256 times. */
const ROUNDS = 270;

test('translated instructions leave the same state as interpreted ones', (t) => {
  withFolder((folder) => {
    const runner = buildRunner(folder);
    const cases = generateCases(new RandomWords(SEED), CASES);
    const interpreted = runOnProcessor(runner, cases, { engine: 'interpreter', rounds: ROUNDS });
    const translated = runOnProcessor(runner, cases, { engine: 'wasm', rounds: ROUNDS });
    const differences = cases.flatMap(({ words, record }, index) =>
      [...translated[index]!].flatMap((value, place) => {
        const expected = interpreted[index]![place]!;
        const code = disassemble(words.at(-1)!, record[At.pc]!);
        return value === expected ? [] : [`${code}: ${recordFieldName(place)} is ${value.toString(16)}, not ${expected.toString(16)}`];
      }),
    );
    t.deepEqual(differences.slice(0, 20), []);
  });
});
