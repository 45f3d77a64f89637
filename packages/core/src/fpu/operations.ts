/**
 * What the unit can be asked to do. An operation's id says it all: a kind in the low bits, and the variations of that kind as flags,
 * so that no second table is consulted while executing.
 */

export const Kind = {
  add: 0,
  multiply: 1,
  multiplyAdd: 2,
  divide: 3,
  roundToSingle: 4,
  compareUnordered: 5,
  compareOrdered: 6,
  toWord: 7,
  toWordTruncating: 8,
  move: 9,
  negate: 10,
  absolute: 11,
  negativeAbsolute: 12,
  select: 13,
  reciprocalEstimate: 14,
  reciprocalSquareRootEstimate: 15,
  moveFromFpscr: 16,
  moveToFields: 17,
  moveToFieldImmediate: 18,
  clearBit: 19,
  setBit: 20,
  moveFieldToCr: 21,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const KIND_MASK = 0x1f;
/** The result is rounded to single precision. */
export const SINGLE = 0x20;
/** The addend (FRB) is subtracted. */
export const SUBTRACT = 0x40;
/** The rounded result changes sign (`fnmadd`, `fnmsub`), unless it is a NaN. */
export const NEGATE = 0x80;

/**
 * Operation ids by mnemonic, for {@link FloatingPointUnit.execute}. Operands are register numbers 0 to 31 in the parameters of their
 * name, but for:
 * - `fcmpu`, `fcmpo`: the result's low four bits are for CR field BF, which `frt` names;
 * - `mtfsf`: `fra` is FLM (8 bits); `mtfsfi`: `fra` is BF, `frb` is U; `mtfsb0`, `mtfsb1`: `fra` is BT;
 * - `mcrfs`: `fra` is BFA, and the result's low four bits are for CR field BF, which `frt` names.
 */
export const FpOperation = {
  fadd: Kind.add,
  fadds: Kind.add | SINGLE,
  fsub: Kind.add | SUBTRACT,
  fsubs: Kind.add | SUBTRACT | SINGLE,
  fmul: Kind.multiply,
  fmuls: Kind.multiply | SINGLE,
  fdiv: Kind.divide,
  fdivs: Kind.divide | SINGLE,
  fmadd: Kind.multiplyAdd,
  fmadds: Kind.multiplyAdd | SINGLE,
  fmsub: Kind.multiplyAdd | SUBTRACT,
  fmsubs: Kind.multiplyAdd | SUBTRACT | SINGLE,
  fnmadd: Kind.multiplyAdd | NEGATE,
  fnmadds: Kind.multiplyAdd | NEGATE | SINGLE,
  fnmsub: Kind.multiplyAdd | NEGATE | SUBTRACT,
  fnmsubs: Kind.multiplyAdd | NEGATE | SUBTRACT | SINGLE,
  fres: Kind.reciprocalEstimate | SINGLE,
  frsqrte: Kind.reciprocalSquareRootEstimate,
  frsp: Kind.roundToSingle | SINGLE,
  fctiw: Kind.toWord,
  fctiwz: Kind.toWordTruncating,
  fcmpu: Kind.compareUnordered,
  fcmpo: Kind.compareOrdered,
  fsel: Kind.select,
  fmr: Kind.move,
  fneg: Kind.negate,
  fabs: Kind.absolute,
  fnabs: Kind.negativeAbsolute,
  mffs: Kind.moveFromFpscr,
  mtfsf: Kind.moveToFields,
  mtfsfi: Kind.moveToFieldImmediate,
  mtfsb0: Kind.clearBit,
  mtfsb1: Kind.setBit,
  mcrfs: Kind.moveFieldToCr,
} as const;
export type FpMnemonic = keyof typeof FpOperation;

/** Whether an operation's result is for CR field BF, which is then its `frt`. */
export function makesCrField(operation: number): boolean {
  const kind = operation & KIND_MASK;
  return kind === Kind.compareUnordered || kind === Kind.compareOrdered || kind === Kind.moveFieldToCr;
}
