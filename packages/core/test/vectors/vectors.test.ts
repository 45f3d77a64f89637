import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { disassemble, mnemonicOf } from '../../src/isa/disassembler.js';
import { Msr } from '../../src/isa/vectors.js';
import { Processor440 } from '../../src/processor/processor-440.js';
import { parseVectors, type Vector } from './vector-file.js';

const FOLDER = fileURLToPath(new URL('../../../test/vectors/', import.meta.url));
const RAM_BYTES = 8 << 20;
const CODE_EA = 0xc0000000;
const DEFAULT_PC = 0xc0200020;
const FPSCR_FR = 0x00040000;

/** A processor that sees its RAM at 0, and once more at CODE_EA. */
function createProcessor(): Processor440 {
  const nothing = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: RAM_BYTES, coreHz: 1, timebaseHz: 1, devices: nothing, dcrs: nothing });
  for (const [index, ea] of [0, CODE_EA].entries()) {
    processor.writeTlb(index, 0, ea | 0x290);
    processor.writeTlb(index, 1, 0);
    processor.writeTlb(index, 2, 0x7);
  }
  return processor;
}

/** Each cell's register or memory word, by its name. */
function readCell(processor: Processor440, name: string): bigint {
  const number = Number(name.slice(1));
  if (/^r\d/.test(name)) return BigInt(processor.gpr(number));
  if (/^f\d/.test(name)) return processor.fpr(number);
  if (name.startsWith('m')) return BigInt(processor.memory.read32(Number.parseInt(name.slice(1), 16)));
  if (name === 'fpscr') return BigInt((processor.fpscr & ~FPSCR_FR) >>> 0);
  return BigInt(processor[name as 'cr' | 'xer' | 'ctr' | 'lr' | 'pc']);
}

function writeCell(processor: Processor440, name: string, value: bigint): void {
  const number = Number(name.slice(1));
  if (/^r\d/.test(name)) processor.setGpr(number, Number(value));
  else if (/^f\d/.test(name)) processor.setFpr(number, value);
  else if (name.startsWith('m')) processor.memory.write32(Number.parseInt(name.slice(1), 16), Number(value));
  else processor[name as 'cr' | 'xer' | 'ctr' | 'lr' | 'pc' | 'fpscr'] = Number(value);
}

const REGISTERS = [
  ...Array.from({ length: 32 }, (_, n) => `r${n}`),
  ...Array.from({ length: 32 }, (_, n) => `f${n}`),
  ...['cr', 'xer', 'ctr', 'lr', 'fpscr'],
];

/** What the instruction leaves that it should not, or does not leave that it should. */
function check(processor: Processor440, { word, before, after }: Vector): string[] {
  for (const name of REGISTERS) writeCell(processor, name, before.get(name) ?? 0n);
  for (const [name, value] of before) writeCell(processor, name, value);
  processor.msr = Msr.FP;
  const pc = Number(before.get('pc') ?? DEFAULT_PC);
  processor.pc = pc;
  processor.memory.write32(pc - CODE_EA, word);
  processor.run(1);
  const expected = new Map([
    ...REGISTERS.map((name) => [name, before.get(name) ?? 0n] as const),
    ['pc', BigInt(pc + 4)] as const,
    ...after,
  ]);
  return [...expected].flatMap(([name, value]) => {
    const wanted = name === 'fpscr' ? value & ~BigInt(FPSCR_FR) : value;
    const found = readCell(processor, name);
    return found === wanted ? [] : [`${disassemble(word, pc)}: ${name} is ${found.toString(16)}, not ${wanted.toString(16)}`];
  });
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.csv'))) {
  test(`instructions do what QEMU does: ${file}`, (t) => {
    const vectors = parseVectors(readFileSync(`${FOLDER}${file}`, 'utf8'));
    const processor = createProcessor();
    t.deepEqual(
      vectors.flatMap((vector) => check(processor, vector)),
      [],
    );
    t.log(`${vectors.length} vectors of ${new Set(vectors.map(({ word }) => mnemonicOf(word))).size} instructions`);
    t.true(vectors.length > 100);
  });
}
