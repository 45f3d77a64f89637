import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import { decode, INSTRUCTION_SET, type Instruction } from '../../src/isa/instruction-set.js';
import { SPRS } from '../../src/isa/special-purpose-registers.js';
import { Msr } from '../../src/isa/vectors.js';
import type { RandomWords } from '../random-words.js';
import { At, atSpr, DATA_PAGES, Flag, RECORD_SPRS, RECORD_WORDS, slotEntry, WINDOW_BYTES } from './layout.js';

/** An instruction with the state it meets. */
export interface Case {
  /** The instruction under test is the last; others prepare it (lwarx before stwcx.). */
  readonly words: readonly number[];
  readonly record: Uint32Array;
}

const INTERESTING = [
  0, 1, 2, 0xffffffff, 0x80000000, 0x7fffffff, 0x8000, 0x7fff, 0xffff, 0xffff8000, 0x10000, 31, 32, 33, 63, 0xff, 0x01010101,
];
const INTERESTING_DOUBLES = [
  0n,
  1n << 63n,
  0x3ff0000000000000n, // 1
  0xbff0000000000000n,
  0x4000000000000000n,
  0x3fe0000000000000n, // 0.5
  0x7ff0000000000000n, // infinities
  0xfff0000000000000n,
  0x7ff8000000000000n, // quiet and signalling NaNs
  0x7ff0000000000001n,
  0xfff4000000000000n,
  0x0000000000000001n, // denormals, and the edges of normal
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0x36a0000000000000n, // the smallest single denormal, and below
  0x3690000000000001n,
  0x380fffffc0000000n, // edges of single range
  0x3810000000000000n,
  0x47efffffe0000000n,
  0x47effffff0000000n,
  0x41dfffffffc00000n, // edges of the word conversions
  0x41e0000000000000n,
  0xc1e0000000000000n,
  0xc1e0000000200000n,
  0x3fdfffffffffffffn,
  0x4330000000000001n,
];

/** MSR bits that a case may set: all that neither wait nor let anything asynchronous in. */
const FREE_MSR_BITS = [Msr.PR, Msr.FP, Msr.ME, Msr.FE0, Msr.FE1, Msr.DE, Msr.CE, Msr.EE, Msr.DWE];
const TRANSLATION_BITS = [Msr.IS, Msr.DS];
/** Registers that time changes; comparing them says nothing. */
const TIMED_SPRS: ReadonlySet<number> = new Set([22, 268, 269, 284, 285, 336]);
/** Registers that the runner or the machine depends on: supervisors do not write them here. */
const KEPT_SPRS: ReadonlySet<number> = new Set([22, 63, 284, 285, 308, 340, ...Array.from({ length: 16 }, (_, i) => 400 + i)]);
const UNMAPPED_EA = 0x50000000;
/** mtspr and mfspr differ in one bit of the extended opcode. */
const MTSPR_TO_MFSPR = 0x7c0003a6 ^ 0x7c0002a6;
const READ_BACK_REGISTER = 30;
/** Where the TLB cases' own pages are. */
const TLB_PAGES_EA = 0x40000000;
const TLB_CASE_INDICES = 32;
/** Sizes that the 440 has, as the code in word 0. */
const PAGE_SIZES = [0, 1, 2, 3, 4, 5, 7, 9];

/** Vector instructions of later processors that QEMU 7.2 decodes for the 440EP and then has no interrupt vector for: it aborts. */
function isFatalToQemu(word: number): boolean {
  const primary = word >>> 26;
  const low = word & 0x3f;
  return primary === 60 || (primary === 4 && low === 0x05) || (primary === 59 && low <= 0x01);
}

export class CaseGenerator {
  readonly #random: RandomWords;

  constructor(random: RandomWords) {
    this.#random = random;
  }

  value(): number {
    const random = this.#random;
    if (random.oneIn(3)) return random.pick(INTERESTING);
    return random.oneIn(6) ? (1 << random.below(32)) >>> 0 : random.next();
  }

  #double(): bigint {
    const random = this.#random;
    if (random.oneIn(3)) return random.pick(INTERESTING_DOUBLES);
    const bits = (BigInt(random.next()) << 32n) | BigInt(random.next());
    if (random.oneIn(4)) return bits;
    // Exponents near each other, so that sums and products neither vanish nor overflow all the time; at times a single.
    const exponent = BigInt(random.oneIn(4) ? random.pick([1, 2, 52, 896, 897, 874, 1150, 2045, 2046]) : 1023 + random.below(80) - 40);
    const fraction = random.oneIn(2) ? bits & 0xfffffe0000000n : bits & 0xfffffffffffffn;
    return (bits & (1n << 63n)) | (exponent << 52n) | fraction;
  }

  #setDouble(record: Uint32Array, register: number, bits: bigint): void {
    record[At.fpr + 2 * register] = Number(bits >> 32n);
    record[At.fpr + 2 * register + 1] = Number(bits & 0xffffffffn);
  }

  #msr(): number {
    const random = this.#random;
    let msr = 0;
    for (const bit of FREE_MSR_BITS) if (random.oneIn(2)) msr |= bit;
    for (const bit of TRANSLATION_BITS) if (random.oneIn(64)) msr |= bit;
    return msr;
  }

  /** A case for one instruction of the table; `index` is its slot. */
  forInstruction(instruction: Instruction, index: number): Case {
    const random = this.#random;
    const { mask, value, encoding } = instruction;
    let word = ((random.next() & ~(mask | encoding.reserved)) | value) >>> 0;
    if (encoding.reserved !== 0 && random.oneIn(40)) word |= random.next() & encoding.reserved;
    return this.#build(instruction, word >>> 0, index);
  }

  /** A word that is no instruction of the 440. */
  illegal(index: number): Case {
    const random = this.#random;
    for (;;) {
      const primary = random.oneIn(2) ? random.below(64) : random.pick([4, 19, 31, 59, 63]);
      const word = ((primary << 26) | (random.next() & 0x03ffffff)) >>> 0;
      if (decode(word) === undefined && !isFatalToQemu(word)) return this.#build(undefined, word, index);
    }
  }

  #build(instruction: Instruction | undefined, drawn: number, index: number): Case {
    const random = this.#random;
    const record = new Uint32Array(RECORD_WORDS);
    record[At.pc] = slotEntry(index);
    record[At.msr] = this.#msr();
    record[At.window] = this.#window();
    record[At.cr] = this.value();
    record[At.xer] = random.next() & 0xe000007f;
    record[At.ctr] = random.oneIn(2) ? random.below(3) : this.value();
    record[At.lr] = this.value();
    for (let n = 0; n < 32; n++) record[At.gpr + n] = this.value();
    for (let n = 0; n < 32; n++) record[At.data + n] = this.value();
    let words: readonly number[] = [drawn];
    if (instruction) {
      if (instruction.row.float) this.#prepareFloat(record);
      words = this.#prepare(instruction, drawn, record);
    }
    record[At.word] = words.at(-1)!;
    return { words, record };
  }

  #window(): number {
    const { all, readOnly, supervisor, unmapped } = DATA_PAGES;
    const random = this.#random;
    if (!random.oneIn(4)) return all + 64 * random.below(32);
    return random.pick([readOnly - 64, readOnly + 512, supervisor - 64, supervisor + 512, unmapped - 64, all + 1024 - 64]);
  }

  #prepareFloat(record: Uint32Array): void {
    const random = this.#random;
    record[At.flags]! |= Flag.float;
    if (!random.oneIn(16)) record[At.msr]! |= Msr.FP;
    for (let n = 0; n < 32; n++) this.#setDouble(record, n, this.#double());
    const rounding = random.oneIn(2) ? 0 : random.below(4);
    // Not exceptions and their enables together: that would be an exception pending before the instruction.
    const status = random.oneIn(3) ? random.next() & 0xf8 : random.oneIn(3) ? random.next() & 0x9fff_f700 : 0;
    record[At.fpscr] = (status | rounding) >>> 0;
  }

  /** Gives the operands values that lead somewhere; returns the words to execute. */
  #prepare(instruction: Instruction, drawn: number, record: Uint32Array): readonly number[] {
    const { row } = instruction;
    switch (row.class) {
      case 'load':
      case 'store':
      case 'cache':
        return this.#prepareMemory(instruction, drawn, record);
      case 'branch':
        return [this.#prepareBranch(instruction, drawn, record)];
      case 'interrupt':
        return [this.#prepareReturn(instruction, drawn, record)];
      case 'system':
        return this.#prepareSystem(instruction, drawn, record);
      case 'tlb':
        return [this.#prepareTlb(instruction, drawn, record)];
      default:
        return [drawn];
    }
  }

  #field(instruction: Instruction, name: FieldName, word: number): number {
    const { shift, width } = instruction.encoding.fields.get(FIELDS[name].letter)!;
    return (word >>> shift) & (2 ** width - 1);
  }
  #withField(instruction: Instruction, name: FieldName, word: number, value: number): number {
    const { shift, width } = instruction.encoding.fields.get(FIELDS[name].letter)!;
    const mask = 2 ** width - 1;
    return ((word & ~(mask << shift)) | ((value & mask) << shift)) >>> 0;
  }

  #prepareMemory(instruction: Instruction, drawn: number, record: Uint32Array): readonly number[] {
    const random = this.#random;
    const { row, encoding } = instruction;
    let word = drawn;
    const lengthBytes = this.#accessBytes(instruction, word, record);
    let ea = record[At.window]! + random.below(Math.max(1, WINDOW_BYTES - lengthBytes + 1));
    if (!random.oneIn(4)) ea &= ~7;
    if (random.oneIn(24)) ea = (UNMAPPED_EA + random.below(1 << 20)) >>> 0;
    const ra = this.#field(instruction, 'RA', word);
    const zeroBase = ra === 0 && row.operands.includes('RA0');
    if (encoding.fields.has(FIELDS.D.letter)) {
      // With base 0 a positive displacement would lead into the runner itself.
      if (zeroBase) word |= 0x8000;
      const d = ((word & 0xffff) << 16) >> 16;
      record[At.gpr + ra] = ea - d;
    } else if (encoding.fields.has(FIELDS.NB.letter)) {
      if (ra === 0) word = this.#withField(instruction, 'RA', word, 5);
      record[At.gpr + this.#field(instruction, 'RA', word)] = ea;
    } else {
      const rb = this.#field(instruction, 'RB', word);
      if (zeroBase) record[At.gpr + rb] = ea;
      else if (ra === rb) record[At.gpr + ra] = ea >>> 1;
      else record[At.gpr + ra] = ea - record[At.gpr + rb]!;
    }
    word = word >>> 0;
    if (row.mnemonic !== 'stwcx.' || random.oneIn(4)) return [word];
    // The reservation that it needs, by a lwarx of another register at the same place.
    const rb = this.#field(instruction, 'RB', word);
    const taken = [ra, rb, this.#field(instruction, 'RS', word)];
    const free = [28, 29, 30, 31].find((n) => !taken.includes(n))!;
    return [(0x7c000028 | (free << 21) | (ra << 16) | (rb << 11)) >>> 0, word];
  }

  /** How far an access reaches, setting XER's count where that decides. */
  #accessBytes(instruction: Instruction, word: number, record: Uint32Array): number {
    const { mnemonic } = instruction.row;
    if (/^(lmw|stmw)$/.test(mnemonic)) return 4 * (32 - this.#field(instruction, 'RT', word));
    if (/^(lswi|stswi)$/.test(mnemonic)) return this.#field(instruction, 'NB', word) || 32;
    if (/^(lswx|stswx)$/.test(mnemonic)) {
      const count = this.#random.below(41);
      record[At.xer] = (record[At.xer]! & ~0x7f) | count;
      return count;
    }
    return 8;
  }

  /** A place in the slot other than the instruction itself, or nowhere. */
  #target(record: Uint32Array): number {
    const random = this.#random;
    if (random.oneIn(12)) return (UNMAPPED_EA + random.below(1 << 16)) >>> 0;
    return record[At.pc]! + 4 * random.pick([-7, -5, -3, -1, 1, 2, 4, 6, 7]) + random.below(4);
  }

  #prepareBranch(instruction: Instruction, drawn: number, record: Uint32Array): number {
    const { row, variant } = instruction;
    const random = this.#random;
    if (row.mnemonic === 'b' || row.mnemonic === 'bc') {
      const name = row.mnemonic === 'b' ? 'LI' : 'BD';
      // Absolute targets at the top of the address space, where nothing is mapped.
      const words = variant.AA ? -1 - random.below(4000) : random.pick([-7, -5, -3, -1, 1, 2, 4, 6, 7]);
      return this.#withField(instruction, name, drawn, words);
    }
    record[At.lr] = this.#target(record);
    if (row.mnemonic === 'bcctr') record[At.ctr] = this.#target(record);
    if (row.mnemonic === 'tw' && random.oneIn(4)) record[At.gpr + this.#field(instruction, 'RA', drawn)] = this.value();
    return drawn;
  }

  #prepareReturn(instruction: Instruction, drawn: number, record: Uint32Array): number {
    if (instruction.row.mnemonic === 'sc') return drawn;
    record[At.flags]! |= Flag.system;
    this.#setSprs(record);
    if (instruction.row.mnemonic === 'rfmci') record[At.flags]! |= Flag.enterByRfi;
    for (const [address, state] of [
      [26, 27],
      [58, 59],
      [570, 571],
    ] as const) {
      record[atSpr(address)] = this.#target(record);
      record[atSpr(state)] = this.#safeMsr(this.#random.next());
    }
    return drawn;
  }

  /** Neither waiting nor, mostly, in an address space where nothing is mapped. */
  #safeMsr(value: number): number {
    const msr = value & ~Msr.WE;
    return (this.#random.oneIn(8) ? msr : msr & ~(Msr.IS | Msr.DS)) >>> 0;
  }

  #setSprs(record: Uint32Array): void {
    RECORD_SPRS.forEach((sprn, n) => {
      record[At.spr + n] = sprn === 947 || sprn === 888 ? 0 : sprn === 946 ? this.#random.next() & 0x000100ff : this.value();
    });
  }

  #prepareSystem(instruction: Instruction, drawn: number, record: Uint32Array): readonly number[] {
    const random = this.#random;
    const { mnemonic } = instruction.row;
    record[At.flags]! |= Flag.system;
    this.#setSprs(record);
    const user = (record[At.msr]! & Msr.PR) !== 0;
    if (mnemonic === 'mtmsr') {
      const rs = this.#field(instruction, 'RS', drawn);
      record[At.gpr + rs] = this.#safeMsr(random.next());
    }
    if (/^m[ft](spr|tb)$/.test(mnemonic)) {
      const writes = mnemonic === 'mtspr';
      for (;;) {
        const sprn = random.oneIn(4) ? random.below(1024) : random.pick(SPRS).sprn;
        if (!user && writes && KEPT_SPRS.has(sprn)) continue;
        if (!writes && TIMED_SPRS.has(sprn)) continue;
        const word = this.#withField(instruction, 'SPR', drawn, ((sprn >>> 5) | (sprn << 5)) & 0x3ff);
        // What was written is read back, at times.
        const readBack = writes && !TIMED_SPRS.has(sprn) && random.oneIn(3);
        return readBack ? [word, (((word & ~0x03e00000) ^ MTSPR_TO_MFSPR) | (READ_BACK_REGISTER << 21)) >>> 0] : [word];
      }
    }
    if (/^m[ft]dcr$/.test(mnemonic) && !user) {
      // No device answers here.
      const dcrn = 0x300 + random.below(0x100);
      return [this.#withField(instruction, 'DCR', drawn, ((dcrn >>> 5) | (dcrn << 5)) & 0x3ff)];
    }
    return [drawn];
  }

  #prepareTlb(instruction: Instruction, drawn: number, record: Uint32Array): number {
    const random = this.#random;
    const { mnemonic } = instruction.row;
    if (mnemonic === 'tlbsync') return drawn;
    record[At.flags]! |= Flag.system | Flag.tlb;
    this.#setSprs(record);
    const index = random.below(TLB_CASE_INDICES);
    record[At.tlbIndex] = index;
    const word0 = () => {
      const size = random.pick(PAGE_SIZES);
      const aligned = random.oneIn(8) ? 0xfffffc00 : -(1024 * 4 ** size);
      return (TLB_PAGES_EA | (random.next() & 0x0ffffc00 & aligned) | (random.next() & 0x300) | (size << 4)) >>> 0;
    };
    record[At.tlbWord0] = word0();
    record[At.tlbWord1] = random.next() & 0xfffffc0f;
    record[At.tlbWord2] = random.next() & 0xffbf;
    record[At.tlbMmucr] = random.next() & 0x000100ff;
    const ra = this.#field(instruction, 'RA', drawn);
    let word = drawn;
    if (mnemonic === 'tlbsx' || mnemonic === 'tlbsx.') {
      const rb = this.#field(instruction, 'RB', drawn);
      const matching = !random.oneIn(4);
      const ea = matching ? record[At.tlbWord0]! ^ random.below(0x1000) : TLB_PAGES_EA | random.below(0x10000000);
      // Most searches are in the entry's own process and address space, some in the other space.
      const space = random.oneIn(6) ? 0x100 : 0;
      if (!random.oneIn(4)) record[atSpr(946)] = (record[At.tlbMmucr]! & 0xff) | (((record[At.tlbWord0]! ^ space) & 0x100) << 8);
      if (ra === 0) record[At.gpr + rb] = ea;
      else if (ra === rb) record[At.gpr + ra] = ea >>> 1;
      else record[At.gpr + ra] = ea - record[At.gpr + rb]!;
      return word;
    }
    word = this.#withField(instruction, 'WS', word, random.below(3));
    const rs = this.#field(instruction, 'RS', word);
    if (mnemonic === 'tlbwe') record[At.gpr + rs] = this.#field(instruction, 'WS', word) === 0 ? word0() : random.next();
    record[At.gpr + ra] = index;
    return word;
  }
}

/** Cases spread evenly over the table, with a share of illegal words; case `n` belongs in slot `n`. */
export function generateCases(random: RandomWords, count: number): Case[] {
  const generator = new CaseGenerator(random);
  const kinds = INSTRUCTION_SET.length + 8;
  return Array.from({ length: count }, (_, n) => {
    const instruction = INSTRUCTION_SET[n % kinds];
    return instruction ? generator.forInstruction(instruction, n) : generator.illegal(n);
  });
}
