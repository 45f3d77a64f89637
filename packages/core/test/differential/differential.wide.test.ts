import test from 'ava';
import { disassemble, mnemonicOf } from '../../src/isa/disassembler.js';
import { INSTRUCTION_SET } from '../../src/isa/instruction-set.js';
import { Vector } from '../../src/isa/vectors.js';
import { RandomWords } from '../random-words.js';
import { type Case, generateCases } from './case-generator.js';
import { KNOWN_DIFFERENCES, unexplained } from './known-differences.js';
import { At, MOST_CASES, recordFieldName, TRAP } from './layout.js';
import { buildRunner, qemuVersion, runOnProcessor, runOnQemu, withFolder } from './machines.js';

/** EXITLAB_SEED repeats a run; a new one widens it. */
const SEED = Number(process.env.EXITLAB_SEED ?? 440);
const BATCHES = 8;
const MOST_REPORTED = 20;

function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function describe({ words, record }: Case, fields: readonly number[], qemu: Uint32Array, ours: Uint32Array): string {
  const code = words.map((word) => `${disassemble(word, record[At.pc]!)} (${hexadecimal(word)})`).join('; ');
  const values = fields
    .slice(0, 6)
    .map((index) => `${recordFieldName(index)}: QEMU ${hexadecimal(qemu[index]!)}, ours ${hexadecimal(ours[index]!)}`);
  return `${code}, MSR ${hexadecimal(record[At.msr]!)}: ${values.join('; ')}`;
}

/** The case came to the trap behind its instruction: no interrupt, no branch. */
function completed({ record }: Case, result: Uint32Array): boolean {
  return result[At.vector] === Vector.program && result[At.srr0] !== record[At.pc] && record[At.word] !== TRAP;
}

test('random instructions leave the same state on QEMU and here, but for the known differences', (t) => {
  t.log(qemuVersion());
  const used = new Map<string, number>();
  const executed = new Map<string, number>();
  const failures: string[] = [];
  let total = 0;
  withFolder((folder) => {
    const runner = buildRunner(folder);
    for (let batch = 0; batch < BATCHES; batch++) {
      const cases = generateCases(new RandomWords(SEED + batch), MOST_CASES);
      const qemu = runOnQemu(runner, cases, folder);
      const ours = runOnProcessor(runner, cases);
      cases.forEach((each, index) => {
        const mnemonic = mnemonicOf(each.record[At.word]!) ?? 'illegal';
        if (completed(each, ours[index]!)) executed.set(mnemonic, (executed.get(mnemonic) ?? 0) + 1);
        const left = unexplained(each, qemu[index]!, ours[index]!, used);
        if (left.length > 0) failures.push(`seed ${SEED + batch}, case ${index}: ${describe(each, left, qemu[index]!, ours[index]!)}`);
      });
      total += cases.length;
    }
  });
  t.log(`${total} cases, seeds ${SEED} to ${SEED + BATCHES - 1}`);
  for (const [reason, count] of [...used].sort(([, a], [, b]) => b - a)) t.log(`${count}: ${reason}`);

  t.deepEqual(failures.slice(0, MOST_REPORTED), [], `${failures.length} cases differ`);
  const unused = KNOWN_DIFFERENCES.map(({ reason }) => reason).filter((reason) => !used.has(reason));
  t.deepEqual(unused, [], 'a known difference that is no longer seen goes from the table');
  const never = INSTRUCTION_SET.map(({ mnemonic }) => mnemonic).filter((mnemonic) => !executed.has(mnemonic));
  t.deepEqual(never, ['sc'], 'every instruction completes in some case; sc always interrupts');
});
