import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { disassemble } from '../../src/isa/disassembler.js';
import { effectsOf } from '../../src/isa/effects.js';
import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import type { InstructionClass } from '../../src/isa/instruction-row.js';
import { decode, type Instruction } from '../../src/isa/instruction-set.js';
import { Esr, Vector as Interrupt } from '../../src/isa/vectors.js';
import { type Case, generateCases } from '../differential/case-generator.js';
import { unexplained } from '../differential/known-differences.js';
import { At, DATA_PAGES, WINDOW_BYTES } from '../differential/layout.js';
import { buildRunner, qemuVersion, runOnProcessor, runOnQemu, withFolder } from '../differential/machines.js';
import { RandomWords } from '../random-words.js';
import { formatVector, type Vector } from './vector-file.js';

/**
 * Writes the committed vectors: cases whose results QEMU gave, and on which the manual and QEMU agree. Needs QEMU and the cross
 * compiler; `node packages/core/dist/test/vectors/write-vectors.js`.
 */
const SEED = 20;
const CASES = 16_000;
const CASES_A_MNEMONIC = 9;
const LONGEST_ACCESS_BYTES = 24;
/** What needs a reservation, or registers that only XER tells. */
const UNSUITABLE = /^(stwcx\.|lswx|stswx)$/;
const FPSCR_VX = 0x20000000n;
const FPSCR_VX_CAUSES = 0x01f80700n;

const FILE_OF_CLASS: { readonly [Class in InstructionClass]?: string } = {
  integer: 'integer',
  compare: 'integer',
  multiply: 'integer',
  divide: 'integer',
  mac: 'multiply-accumulate',
  branch: 'branch',
  cr: 'branch',
  load: 'load-store',
  store: 'load-store',
  float: 'floating-point',
  floatDivide: 'floating-point',
};

function field(instruction: Instruction, name: FieldName, word: number): number {
  const { shift, width } = instruction.encoding.fields.get(FIELDS[name].letter)!;
  return (word >>> shift) & (2 ** width - 1);
}

/** The words of memory that an access touches. */
function accessed(instruction: Instruction, word: number, record: Uint32Array): number[] {
  const { fields } = instruction.encoding;
  const { mnemonic, operands } = instruction.row;
  const ra = field(instruction, 'RA', word);
  const base = ra === 0 && operands.includes('RA0') ? 0 : record[At.gpr + ra]!;
  const offset = fields.has(FIELDS.D.letter)
    ? (word << 16) >> 16
    : fields.has(FIELDS.NB.letter)
      ? 0
      : record[At.gpr + field(instruction, 'RB', word)]!;
  const ea = (base + offset) >>> 0;
  let lengthBytes = 8;
  if (mnemonic.endsWith('mw')) lengthBytes = 4 * (32 - field(instruction, 'RT', word));
  else if (mnemonic.endsWith('swi')) lengthBytes = field(instruction, 'NB', word) || 32;
  if (lengthBytes > LONGEST_ACCESS_BYTES) return [];
  const first = ea & ~3;
  return Array.from({ length: ((ea + lengthBytes - 1 - first) >>> 2) + 1 }, (_, index) => first + 4 * index);
}

/** The value of a resource's cell, by the cell's name. */
function cellOf(resource: string): string | undefined {
  if (/^[rf]\d+$/.test(resource) || ['lr', 'ctr', 'fpscr', 'pc'].includes(resource)) return resource;
  if (/^cr\d$/.test(resource)) return 'cr';
  return resource.startsWith('xer') ? 'xer' : undefined;
}

function cellValue(name: string, record: Uint32Array): bigint {
  if (name.startsWith('r')) return BigInt(record[At.gpr + Number(name.slice(1))]!);
  if (name === 'fpscr') return BigInt(record[At.fpscr]!);
  if (name.startsWith('f')) {
    const place = At.fpr + 2 * Number(name.slice(1));
    return (BigInt(record[place]!) << 32n) | BigInt(record[place + 1]!);
  }
  if (name.startsWith('m')) return BigInt(record[At.data + ((Number.parseInt(name.slice(1), 16) - record[At.window]!) >>> 2)]!);
  return BigInt(record[{ cr: At.cr, xer: At.xer, ctr: At.ctr, lr: At.lr, pc: At.pc }[name as 'cr']]!);
}

/** FPSCR as mtfsf leaves it: VX sums up its causes. */
function withSummary(fpscr: bigint): bigint {
  return (fpscr & FPSCR_VX_CAUSES) === 0n ? fpscr : fpscr | FPSCR_VX;
}

/** The case as a vector; undefined where it interrupted, or is too long, or says nothing that two machines agree on. */
function vectorOf({ words, record }: Case, result: Uint32Array): Vector | undefined {
  const word = words[0]!;
  const instruction = decode(word);
  const effects = effectsOf(word);
  if (!instruction || !effects || words.length > 1 || UNSUITABLE.test(instruction.row.mnemonic)) return undefined;
  if (result[At.vector] !== Interrupt.program || result[At.esr] !== Esr.PTR || result[At.srr0] === record[At.pc]) return undefined;
  const moves = effects.memory !== 'none';
  const memory = moves ? accessed(instruction, word, record) : [];
  if (moves && memory.length === 0) return undefined;
  const window = record[At.window]!;
  if (memory.some((address) => address < window || address >= window + WINDOW_BYTES || window < DATA_PAGES.all)) return undefined;

  const read = [...effects.reads].map(cellOf);
  const written = [...effects.writes].map(cellOf).filter((name) => name !== 'pc');
  // Parts of these are written: the whole must be known.
  const partial = written.filter((name) => name === 'cr' || name === 'xer' || name === 'fpscr');
  const memoryCells = memory.map((address) => `m${address.toString(16)}`);
  const named = (names: readonly (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))];
  const before = new Map(named([...read, ...partial, ...memoryCells]).map((name) => [name, cellValue(name, record)]));
  const stored = effects.memory === 'store' ? memoryCells : [];
  const after = new Map(named([...written, ...stored]).map((name) => [name, cellValue(name, result)]));
  if (effects.writes.has('pc')) {
    before.set('pc', cellValue('pc', record));
    after.set('pc', BigInt(result[At.srr0]!));
  }
  const status = before.get('fpscr');
  if (status !== undefined) before.set('fpscr', withSummary(status));
  for (const [name, value] of before) if (value === 0n && !name.startsWith('m')) before.delete(name);
  return { word, before, after };
}

function collect(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  const counts = new Map<string, number>();
  withFolder((folder) => {
    const runner = buildRunner(folder);
    const cases = generateCases(new RandomWords(SEED), CASES);
    const qemu = runOnQemu(runner, cases, folder);
    const ours = runOnProcessor(runner, cases);
    cases.forEach((each, index) => {
      const used = new Map<string, number>();
      const instruction = decode(each.words[0]!);
      const file = instruction && FILE_OF_CLASS[instruction.row.class];
      if (!file) return;
      const count = counts.get(instruction.mnemonic) ?? 0;
      if (count >= CASES_A_MNEMONIC) return;
      if (unexplained(each, qemu[index]!, ours[index]!, used).length > 0) return;
      if ([...used.keys()].some((reason) => !/SRR1|FPSCR\[FR\]|registers do not have/.test(reason))) return;
      const vector = vectorOf(each, qemu[index]!);
      if (!vector || disassemble(vector.word, 0).startsWith('.long')) return;
      counts.set(instruction.mnemonic, count + 1);
      const lines = files.get(file) ?? [];
      if (count === 0) lines.push(`# ${instruction.mnemonic}`);
      files.set(file, lines);
      lines.push(formatVector(vector));
    });
  });
  return files;
}

/** Lines of one mnemonic stand together, in the order of its first. */
function grouped(lines: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.startsWith('#') ? line.slice(2) : (decode(Number.parseInt(line, 16))?.mnemonic ?? '');
    const group = groups.get(name) ?? [];
    group.push(line);
    groups.set(name, group);
  }
  return [...groups.values()].flat();
}

for (const [name, lines] of collect()) {
  const header = [
    `# Instruction vectors (${name}): results of ${qemuVersion()} where they agree with the manual; written by write-vectors.ts, seed ${SEED}.`,
    '# Cells are name=value in hexadecimal; see vector-file.ts. Registers that "before" leaves out are 0; "after" has all that may be written. FPSCR[FR] after is not to be compared: QEMU clears it.',
    'word,before,after',
  ];
  const path = fileURLToPath(new URL(`../../../test/vectors/${name}.csv`, import.meta.url));
  writeFileSync(path, `${[...header, ...grouped(lines)].join('\n')}\n`);
}
