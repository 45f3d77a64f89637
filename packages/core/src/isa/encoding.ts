/**
 * An instruction word drawn as a picture: 32 characters, most significant bit first, blanks ignored. `0` and `1` are fixed bits, `/` is
 * reserved (ignored when executing, 0 when assembling), a letter belongs to an operand field. The drawing is the only place where an
 * encoding stands; decoder, assembler and disassembler are derived from it.
 */
export interface Encoding {
  /** Bits that are fixed in the picture. */
  readonly mask: number;
  /** Their values. */
  readonly value: number;
  /** Bits drawn as reserved. */
  readonly reserved: number;
  /** Fields by letter. */
  readonly fields: ReadonlyMap<string, FieldBits>;
}

/** A field's place: `(word >>> shift) & (2**width - 1)`. */
export interface FieldBits {
  readonly shift: number;
  readonly width: number;
}

export function parsePicture(picture: string): Encoding {
  const bits = picture.replaceAll(' ', '');
  if (bits.length !== 32) throw new Error(`an instruction picture has 32 bits, not ${bits.length}: ${picture}`);
  let mask = 0;
  let value = 0;
  let reserved = 0;
  const fields = new Map<string, FieldBits>();
  for (let index = 0; index < 32; index++) {
    const shift = 31 - index;
    const bit = 1 << shift;
    const letter = bits[index]!;
    if (letter === '0' || letter === '1') {
      mask |= bit;
      if (letter === '1') value |= bit;
    } else if (letter === '/') {
      reserved |= bit;
    } else {
      const before = fields.get(letter);
      if (before && before.shift !== shift + 1) throw new Error(`field ${letter} is in two pieces: ${picture}`);
      fields.set(letter, { shift, width: (before?.width ?? 0) + 1 });
    }
  }
  return { mask: mask >>> 0, value: value >>> 0, reserved: reserved >>> 0, fields };
}

/**
 * What an operand denotes, for the assembler's syntax. `gprOrZero` is a register where 0 means the number 0; `count` is a byte count
 * of which 0 stands for the largest.
 */
export type OperandKind =
  | 'gpr'
  | 'gprOrZero'
  | 'fpr'
  | 'crField'
  | 'crBit'
  | 'signed'
  | 'unsigned'
  | 'count'
  | 'mask'
  | 'relative'
  | 'spr'
  | 'dcr';

/** One operand field of the Power ISA: its letter in the pictures and how its value reads. */
export interface FieldRow {
  readonly letter: string;
  readonly kind: OperandKind;
  /** The value is shifted left by this much (branch displacements). */
  readonly scaleLog2?: number;
}

/** The fields by their names in the manual. Letters repeat where fields never meet in one picture. */
export const FIELDS = {
  RT: { letter: 't', kind: 'gpr' },
  RS: { letter: 't', kind: 'gpr' },
  RA: { letter: 'a', kind: 'gpr' },
  /** RA where the manual writes (RA|0). */
  RA0: { letter: 'a', kind: 'gprOrZero' },
  RB: { letter: 'b', kind: 'gpr' },
  FRT: { letter: 't', kind: 'fpr' },
  FRS: { letter: 't', kind: 'fpr' },
  FRA: { letter: 'a', kind: 'fpr' },
  FRB: { letter: 'b', kind: 'fpr' },
  FRC: { letter: 'c', kind: 'fpr' },
  D: { letter: 'd', kind: 'signed' },
  SI: { letter: 'i', kind: 'signed' },
  UI: { letter: 'u', kind: 'unsigned' },
  SH: { letter: 'h', kind: 'unsigned' },
  MB: { letter: 'm', kind: 'unsigned' },
  ME: { letter: 'e', kind: 'unsigned' },
  NB: { letter: 'n', kind: 'count' },
  TO: { letter: 'x', kind: 'unsigned' },
  MO: { letter: 'x', kind: 'unsigned' },
  CT: { letter: 'x', kind: 'unsigned' },
  TH: { letter: 'x', kind: 'unsigned' },
  /** Which of the eight reserved no-ops. */
  N: { letter: 'x', kind: 'unsigned' },
  BF: { letter: 'f', kind: 'crField' },
  BFA: { letter: 'g', kind: 'crField' },
  /** BF of mtfsfi: a field of FPSCR. */
  BFF: { letter: 'f', kind: 'unsigned' },
  BT: { letter: 't', kind: 'crBit' },
  BA: { letter: 'a', kind: 'crBit' },
  BB: { letter: 'b', kind: 'crBit' },
  BC: { letter: 'c', kind: 'crBit' },
  BO: { letter: 'o', kind: 'unsigned' },
  BI: { letter: 'i', kind: 'crBit' },
  BD: { letter: 'd', kind: 'relative', scaleLog2: 2 },
  LI: { letter: 'l', kind: 'relative', scaleLog2: 2 },
  FXM: { letter: 'm', kind: 'mask' },
  FLM: { letter: 'm', kind: 'mask' },
  U: { letter: 'u', kind: 'unsigned' },
  SPR: { letter: 's', kind: 'spr' },
  DCR: { letter: 's', kind: 'dcr' },
  WS: { letter: 'w', kind: 'unsigned' },
  E: { letter: 'y', kind: 'unsigned' },
  /** BTF of mtfsb0 and mtfsb1: a bit of FPSCR. */
  BTF: { letter: 't', kind: 'unsigned' },
  L: { letter: 'L', kind: 'unsigned' },
} as const satisfies Record<string, FieldRow>;

export type FieldName = keyof typeof FIELDS;

/** One-bit fields that select a variant of an instruction, with the suffix each adds to the mnemonic, in the order they are written. */
export const VARIANT_FIELDS = [
  { name: 'OE', letter: 'O', suffix: 'o' },
  { name: 'LK', letter: 'K', suffix: 'l' },
  { name: 'AA', letter: 'A', suffix: 'a' },
  { name: 'Rc', letter: 'r', suffix: '.' },
] as const;
export type VariantName = (typeof VARIANT_FIELDS)[number]['name'];

/** SPR and DCR numbers are encoded with their two five-bit halves swapped (Power ISA, mfspr). */
export function swapHalves(number: number): number {
  return ((number >>> 5) & 0x1f) | ((number & 0x1f) << 5);
}
