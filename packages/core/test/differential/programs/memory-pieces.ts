import { INSTRUCTION_SET, type Instruction } from '../../../src/isa/instruction-set.js';
import { drawInstruction, loadConstant } from '../../random-instruction.js';
import type { RandomWords } from '../../random-words.js';
import { Block, DATA_REGISTERS, Ea, Register, WINDOW_STRIDE, WINDOWS } from './layout.js';
import type { Part } from './program-text.js';
import type { Surroundings } from './surroundings.js';
import { LEFT_OUT } from './unjudged.js';

const isJudged = (instruction: Instruction) => !LEFT_OUT.some(({ applies }) => applies(instruction));
export const JUDGED = INSTRUCTION_SET.filter(isJudged);

const MANY = /^(lmw|stmw|lsw[ix]|stsw[ix])$/;
const RESERVING = /^(lwarx|stwcx\.)$/;
const integerAccess = ({ row }: Instruction) => (row.class === 'load' || row.class === 'store') && !row.float;
const SINGLE = JUDGED.filter((i) => integerAccess(i) && !MANY.test(i.row.mnemonic) && !RESERVING.test(i.row.mnemonic));
const SEVERAL = JUDGED.filter(({ row }) => MANY.test(row.mnemonic));
const CACHE = JUDGED.filter(({ row }) => row.class === 'cache');

export const FLOAT_MOVES = JUDGED.filter(({ row }) => /^(fmr|fneg|fabs|fnabs|fsel)$/.test(row.mnemonic));
const FLOAT_ACCESSES = JUDGED.filter(({ row }) => row.float && (row.class === 'load' || row.class === 'store'));

const DATA_BYTES = Block.code - Block.data;
const PAGE_BYTES = 4096;
const { data, linear, code, scratch, scratch2 } = Register;

export function dataRegister(random: RandomWords, ...others: readonly number[]): number {
  for (;;) {
    const register = random.pick(DATA_REGISTERS);
    if (!others.includes(register)) return register;
  }
}

/** A data register that can be a base: 0 would be none. */
function baseRegister(random: RandomWords, ...others: readonly number[]): number {
  return dataRegister(random, 0, ...others);
}

/** Mostly aligned; the others cross words, lines and pages. */
function offset(random: RandomWords, lengthBytes: number): number {
  const limit = DATA_BYTES - 64;
  switch (random.below(8)) {
    case 0:
      return random.below(limit);
    case 1:
      return PAGE_BYTES * (1 + random.below(3)) - random.below(12);
    case 2:
      return random.below(limit) & -lengthBytes;
    // Few places, so that what is stored is loaded again.
    default:
      return 4 * random.below(32) + PAGE_BYTES * random.below(4);
  }
}

/** An access by `instruction` to a place that is `displacement` beyond what `base` holds; `base` may be written. */
function accessAt(random: RandomWords, instruction: Instruction, base: number, displacement: number): Part[] {
  const { row, encoding } = instruction;
  const updates = !row.operands.includes('RA0');
  const target = row.class === 'load' && updates ? dataRegister(random, base) : dataRegister(random);
  if (encoding.fields.has('d')) return [drawInstruction(random, instruction, { t: target, a: base, d: displacement & 0xffff })];
  if (updates || random.oneIn(2)) {
    return [`li r${scratch},${displacement}`, drawInstruction(random, instruction, { t: target, a: base, b: scratch })];
  }
  return [`addi r${scratch},r${base},${displacement}`, drawInstruction(random, instruction, { t: target, a: 0, b: scratch })];
}

/** Any load or store but those of several registers. */
export function access(random: RandomWords): Part[] {
  const instruction = random.pick(SINGLE);
  const base = random.pick([data, data, data, linear, linear, ...(instruction.row.class === 'load' ? [code] : [])]);
  const place = offset(random, 4);
  const updates = !instruction.row.operands.includes('RA0');
  if (!updates && random.oneIn(2)) return accessAt(random, instruction, base, place);
  const displacement = random.below(200) - 100;
  const register = random.oneIn(2) ? scratch2 : baseRegister(random);
  return [`addi r${register},r${base},${place - displacement}`, ...accessAt(random, instruction, register, displacement)];
}

/** An access to one of thousands of pages, which a register's value decides. */
export function wildAccess(random: RandomWords): Part[] {
  const register = baseRegister(random);
  // 64 KB beyond the start, so that a negative displacement stays in it.
  return [
    `rlwinm r${register},r${random.pick(DATA_REGISTERS)},0,${random.pick([8, 14])},31`,
    `addis r${register},r${register},${(Ea.wild >>> 16) + 1}`,
    ...accessAt(random, random.pick(SINGLE), register, random.below(200) - 100),
  ];
}

/** An access to a page that the program maps itself, or has not mapped. */
export function windowAccess(random: RandomWords): Part[] {
  const ea = Ea.window + WINDOW_STRIDE * random.below(WINDOWS) + offset(random, 4) + 100;
  return [...loadConstant(scratch2, ea), ...accessAt(random, random.pick(SINGLE), scratch2, random.below(200) - 100)];
}

/**
 * An access of several registers or a string, inside one page or where all are mapped: how much of it is done before an interrupt in
 * its middle is undefined. XER never counts more than twelve bytes in a program.
 */
export function multipleAccess(random: RandomWords): Part[] {
  const instruction = random.pick(SEVERAL);
  const base = random.pick([data, data, linear, ...(instruction.row.class === 'load' ? [code] : [])]);
  const first = 8 + random.below(21);
  const isMultiple = /mw$/.test(instruction.row.mnemonic);
  const page = PAGE_BYTES * random.below(4) + random.below(PAGE_BYTES - 128);
  const place = base === linear ? random.below(DATA_BYTES - 160) : page;
  const target = isMultiple ? 8 + random.below(24) : first;
  const address = [`addi r${scratch2},r${base},${place}`];
  if (isMultiple) return [...address, drawInstruction(random, instruction, { t: target, a: scratch2, d: random.below(16) })];
  if (instruction.encoding.fields.has('n')) {
    return [...address, drawInstruction(random, instruction, { t: target, a: scratch2, n: 1 + random.below(16) })];
  }
  return [...address, `li r${scratch},${random.below(8)}`, drawInstruction(random, instruction, { t: target, a: scratch2, b: scratch })];
}

/**
 * A move between floating-point registers, or an access that crosses no quadword, as that would be an Alignment interrupt, which QEMU
 * has not. Arithmetic is the subject of the single instructions: QEMU sets FPSCR otherwise in many cases.
 */
export function floatingPoint(random: RandomWords): Part[] {
  if (random.oneIn(3)) return [drawInstruction(random, random.pick(FLOAT_MOVES))];
  const instruction = random.pick(FLOAT_ACCESSES);
  const place = 8 * random.below(16) + PAGE_BYTES * random.below(4);
  const displacement = random.below(200) - 100;
  const base = random.pick([data, data, linear]);
  return [`addi r${scratch2},r${base},${place - displacement}`, ...accessAt(random, instruction, scratch2, displacement)];
}

/**
 * lwarx, something that does not touch memory, and stwcx. to the same word. QEMU compares address and value with those of lwarx, which
 * the 440 does not; it raises Alignment where the word is not aligned; and without a reservation it does not look at the address.
 */
export function reservation(random: RandomWords, { dropsData }: Surroundings, computation: Part): Part[] {
  const base = dropsData ? linear : random.pick([data, data, linear]);
  const place = 4 * random.below(32) + PAGE_BYTES * random.below(4);
  if (random.oneIn(6)) return [`li r${scratch},${place}`, `stwcx. r${dataRegister(random)},r${linear},r${scratch}`];
  return [
    `li r${scratch},${place}`,
    `lwarx r${dataRegister(random)},r${base},r${scratch}`,
    computation,
    `stwcx. r${dataRegister(random)},r${base},r${scratch}`,
  ];
}

/**
 * A cache operation on the start of a line, as DEAR is that in QEMU. dcbi, which is a load in QEMU, and reads of the instruction cache
 * get a page that everyone may write.
 */
export function cacheOperation(random: RandomWords): Part[] {
  const instruction = random.pick(CACHE);
  const base = instruction.row.privileged ? linear : random.pick([data, data, linear, code]);
  const isZeroing = instruction.row.mnemonic === 'dcbz';
  return [
    `addi r${scratch2},r${isZeroing && base === code ? data : base},${offset(random, 32) & -32}`,
    drawInstruction(random, instruction, { a: 0, b: scratch2, t: 0 }),
  ];
}
