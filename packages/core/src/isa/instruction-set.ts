import { constant, type I32 } from '../semantics/expression.js';
import {
  type Encoding,
  FIELDS,
  type FieldBits,
  type FieldName,
  type FieldRow,
  parsePicture,
  swapHalves,
  VARIANT_FIELDS,
  type VariantName,
} from './encoding.js';
import type { Fields, InstructionRow } from './instruction-row.js';
import { BRANCH } from './instructions/branch.js';
import { FLOATING_POINT } from './instructions/floating-point.js';
import { INTEGER } from './instructions/integer.js';
import { LOAD_STORE } from './instructions/load-store.js';
import { MULTIPLY_ACCUMULATE } from './instructions/multiply-accumulate.js';
import { SYSTEM } from './instructions/system.js';

/** Every instruction of the PowerPC 440EP, with its FPU. */
export const INSTRUCTIONS: readonly InstructionRow[] = [
  ...INTEGER,
  ...MULTIPLY_ACCUMULATE,
  ...BRANCH,
  ...LOAD_STORE,
  ...SYSTEM,
  ...FLOATING_POINT,
];

/** An instruction with its variant bits (OE, Rc, LK, AA) chosen: what a decoder yields and an engine has code for. */
export interface Instruction {
  /** 1 and up, dense; 0 means "illegal" in decode tables. */
  readonly id: number;
  /** With the variant's suffix: `addo.`, `bla`. */
  readonly mnemonic: string;
  readonly row: InstructionRow;
  readonly encoding: Encoding;
  /** Fixed bits of this variant and their values. */
  readonly mask: number;
  readonly value: number;
  readonly variant: { readonly [Name in VariantName]: boolean };
}

function variantsOf(row: InstructionRow): Omit<Instruction, 'id'>[] {
  const encoding = parsePicture(row.picture);
  const present = VARIANT_FIELDS.filter(({ letter }) => encoding.fields.has(letter));
  return Array.from({ length: 1 << present.length }, (_, choice) => {
    let { mask, value } = encoding;
    let mnemonic = row.mnemonic;
    const variant: Record<VariantName, boolean> = { OE: false, LK: false, AA: false, Rc: false };
    present.forEach(({ name, letter, suffix }, index) => {
      const bit = 1 << encoding.fields.get(letter)!.shift;
      mask |= bit;
      if (!(choice & (1 << index))) return;
      value |= bit;
      variant[name] = true;
      mnemonic += suffix;
    });
    return { mnemonic, row, encoding, mask: mask >>> 0, value: value >>> 0, variant };
  });
}

/** All variants, in table order. */
export const INSTRUCTION_SET: readonly Instruction[] = INSTRUCTIONS.flatMap(variantsOf).map((each, index) => ({ id: index + 1, ...each }));

const BY_MNEMONIC = new Map(INSTRUCTION_SET.map((each) => [each.mnemonic, each]));
export function instructionByMnemonic(mnemonic: string): Instruction | undefined {
  return BY_MNEMONIC.get(mnemonic);
}

/**
 * A two-step decoder: the primary opcode chooses a base and how many low bits of the word to add to it. Entries are instruction ids,
 * 0 where the 440 has no such instruction. The interpreter reads the same numbers from its memory.
 */
export interface DecodeTable {
  /** By primary opcode: the mask of the low bits that discriminate, and the index of the first entry. */
  readonly lowMask: Uint32Array;
  readonly base: Uint32Array;
  readonly ids: Uint16Array;
}

export function buildDecodeTable(instructions: readonly Instruction[]): DecodeTable {
  const lowMask = new Uint32Array(64);
  const base = new Uint32Array(64);
  const ids: number[] = [];
  for (let primary = 0; primary < 64; primary++) {
    const mine = instructions.filter(({ value }) => value >>> 26 === primary);
    const bits = mine.reduce((widest, { mask }) => Math.max(widest, 32 - Math.clz32(mask & 0x03ffffff)), 0);
    const entries = new Array<number>(2 ** bits).fill(0);
    lowMask[primary] = entries.length - 1;
    base[primary] = ids.length;
    for (const { id, mask, value, mnemonic } of mine) {
      const free = ~mask & (entries.length - 1);
      // Every combination of the bits that are not fixed, from none to all: subtracting carries across the others.
      let chosen = 0;
      do {
        const low = (value & (entries.length - 1)) | chosen;
        if (entries[low] !== 0) throw new Error(`the encoding of ${mnemonic} overlaps another`);
        entries[low] = id;
        chosen = (chosen - free) & free;
      } while (chosen !== 0);
    }
    ids.push(...entries);
  }
  return { lowMask, base, ids: Uint16Array.from(ids) };
}

export const DECODE_TABLE: DecodeTable = buildDecodeTable(INSTRUCTION_SET);

/** The instruction of a word; undefined where the 440 raises Program (illegal). Reserved bits are ignored, as the core does. */
export function decode(word: number): Instruction | undefined {
  const primary = word >>> 26;
  const id = DECODE_TABLE.ids[DECODE_TABLE.base[primary]! + (word & DECODE_TABLE.lowMask[primary]!)]!;
  return id === 0 ? undefined : INSTRUCTION_SET[id - 1];
}

/** The value of a field of a word, as the ISA reads it: sign-extended, scaled, SPR halves in order. */
export function fieldValue(name: FieldName, { shift, width }: FieldBits, word: number): number {
  const field: FieldRow = FIELDS[name];
  const { kind } = field;
  const raw = (word >>> shift) & ((1 << width) - 1);
  if (kind === 'spr' || kind === 'dcr') return swapHalves(raw);
  if (kind !== 'signed' && kind !== 'relative') return raw;
  const extended = (raw << (32 - width)) >> (32 - width);
  return extended << (field.scaleLog2 ?? 0);
}

/** Presents an instruction's fields to its semantics, each by `read`; only the fields of its picture are there. */
export function fieldsOf(instruction: Instruction, read: (name: FieldName, bits: FieldBits) => I32): Fields {
  const fields: Record<string, unknown> = { ...instruction.variant };
  for (const name of Object.keys(FIELDS) as FieldName[]) {
    const bits = instruction.encoding.fields.get(FIELDS[name].letter);
    if (!bits) continue;
    Object.defineProperty(fields, name, { get: () => read(name, bits), enumerable: true });
  }
  return fields as Fields;
}

/** The fields of one particular word, as constants. */
export function constantFields(instruction: Instruction, word: number): Fields {
  let prototype = CONSTANT_FIELDS.get(instruction);
  if (!prototype) {
    prototype = constantFieldsPrototype(instruction);
    CONSTANT_FIELDS.set(instruction, prototype);
  }
  const fields = Object.create(prototype) as WordFields;
  fields.word = word;
  return fields as unknown as Fields;
}

interface WordFields {
  word: number;
}

/** Getters over a word, made once an instruction: a translator reads fields a million times. */
const CONSTANT_FIELDS = new Map<Instruction, object>();

function constantFieldsPrototype(instruction: Instruction): object {
  const prototype: object = { word: 0, ...instruction.variant };
  for (const name of Object.keys(FIELDS) as FieldName[]) {
    const bits = instruction.encoding.fields.get(FIELDS[name].letter);
    if (!bits) continue;
    Object.defineProperty(prototype, name, {
      get(this: WordFields) {
        return constant(fieldValue(name, bits, this.word));
      },
      enumerable: true,
    });
  }
  return prototype;
}
