/**
 * What each floating-point instruction does, written down from Power ISA 2.03 Book I chapter 4 over exact rationals, one rule after
 * the other and without regard to speed.
 */
import type { FpMnemonic } from '../../src/fpu/index.js';
import {
  type BinaryFormat,
  bitsOfDouble,
  compare,
  double,
  exponentOf,
  type Mode,
  magnitude,
  nearestRoot,
  negated,
  over,
  plus,
  powerOfTwo,
  type Rational,
  roundToMultiple,
  roundToPrecision,
  single,
  times,
  valueOfDouble,
  zero,
} from './rational.js';

/** The register's bits by their number in the book. */
const bitNumbers = {
  FX: 0,
  FEX: 1,
  VX: 2,
  OX: 3,
  UX: 4,
  ZX: 5,
  XX: 6,
  VXSNAN: 7,
  VXISI: 8,
  VXIDI: 9,
  VXZDZ: 10,
  VXIMZ: 11,
  VXVC: 12,
  FR: 13,
  FI: 14,
  C: 15,
  FL: 16,
  FG: 17,
  FE: 18,
  FU: 19,
  VXSOFT: 21,
  VXSQRT: 22,
  VXCVI: 23,
  VE: 24,
  OE: 25,
  UE: 26,
  ZE: 27,
  XE: 28,
  NI: 29,
} as const;
type BitName = keyof typeof bitNumbers;
type Status = Record<BitName, boolean> & { mode: Mode };

const invalidCauses: BitName[] = ['VXSNAN', 'VXISI', 'VXIDI', 'VXZDZ', 'VXIMZ', 'VXVC', 'VXSOFT', 'VXSQRT', 'VXCVI'];
const exceptionBits: BitName[] = ['OX', 'UX', 'ZX', 'XX', ...invalidCauses];
const modes: Mode[] = ['nearest', 'zero', 'up', 'down'];

function parseStatus(fpscr: number): Status {
  const entries = Object.entries(bitNumbers).map(([name, n]) => [name, Math.floor(fpscr / 2 ** (31 - n)) % 2 === 1]);
  return { ...(Object.fromEntries(entries) as Record<BitName, boolean>), mode: modes[fpscr % 4]! };
}

function formatStatus(status: Status): number {
  let fpscr = modes.indexOf(status.mode);
  for (const [name, n] of Object.entries(bitNumbers)) if (status[name as BitName]) fpscr += 2 ** (31 - n);
  return fpscr;
}

function updateSummaries(status: Status): void {
  status.VX = invalidCauses.some((cause) => status[cause]);
  status.FEX =
    (status.VX && status.VE) ||
    (status.OX && status.OE) ||
    (status.UX && status.UE) ||
    (status.ZX && status.ZE) ||
    (status.XX && status.XE);
}

/** An FPSCR value with FEX and VX as its other bits have them. */
export function withSummaries(fpscr: number): number {
  const status = parseStatus(fpscr);
  updateSummaries(status);
  return formatStatus(status);
}

function setException(status: Status, name: BitName): void {
  if (!status[name]) status.FX = true;
  status[name] = true;
}

export type ResultKind = 'nan' | 'infinity' | 'normal' | 'denormal' | 'zero';

function setResultFlags(status: Status, kind: ResultKind, negative: boolean): void {
  status.C = kind === 'nan' || kind === 'denormal' || (kind === 'zero' && negative);
  status.FL = negative && kind !== 'nan' && kind !== 'zero';
  status.FG = !negative && kind !== 'nan' && kind !== 'zero';
  status.FE = kind === 'zero';
  status.FU = kind === 'nan' || kind === 'infinity';
}

interface Datum {
  bits: bigint;
  negative: boolean;
  kind: 'finite' | 'infinity' | 'quiet' | 'signaling';
  value: Rational;
}

function parseDatum(bits: bigint): Datum {
  const negative = bits >= 2n ** 63n;
  const size = bits % 2n ** 63n;
  const infinity = 0x7ff0000000000000n;
  if (size < infinity) return { bits, negative, kind: 'finite', value: valueOfDouble(bits) };
  if (size === infinity) return { bits, negative, kind: 'infinity', value: zero };
  return { bits, negative, kind: size >= 0x7ff8000000000000n ? 'quiet' : 'signaling', value: zero };
}

const isNan = (d: Datum) => d.kind === 'quiet' || d.kind === 'signaling';
const isZero = (d: Datum) => d.kind === 'finite' && d.value.numerator === 0n;
const quieted = (d: Datum) => (d.kind === 'signaling' ? d.bits + 0x8000000000000n : d.bits);
const infinityBits = (negative: boolean) => (negative ? 0xfff0000000000000n : 0x7ff0000000000000n);
const defaultNan = 0x7ff8000000000000n;

/** What an instruction leaves behind; `target` undefined: FRT is not written. */
export interface Effect {
  target?: bigint;
  fpscr: number;
  crField: number;
}

class Instruction {
  readonly before: Status;
  status: Status;
  target: bigint | undefined;
  crField = 0;

  constructor(fpscr: number) {
    this.before = parseStatus(fpscr);
    this.status = { ...this.before };
  }

  effect(): Effect {
    updateSummaries(this.status);
    const effect = { fpscr: formatStatus(this.status), crField: this.crField };
    return this.target === undefined ? effect : { ...effect, target: this.target };
  }

  setRounding(roundedUp: boolean, inexact: boolean): Instruction {
    this.status.FR = roundedUp;
    this.status.FI = inexact;
    return this;
  }

  /** 4.4.1: with any cause and VE the target and FPRF stay; FR and FI are zeroed in every case. */
  giveNan(causes: BitName[], bits: bigint): Instruction {
    for (const cause of causes) setException(this.status, cause);
    this.setRounding(false, false);
    if (causes.length > 0 && this.status.VE) return this;
    this.target = bits;
    setResultFlags(this.status, 'nan', false);
    return this;
  }

  give(bits: bigint, kind: ResultKind): Instruction {
    this.target = bits;
    setResultFlags(this.status, kind, bits >= 2n ** 63n);
    return this;
  }

  giveExactZero(negative: boolean): Instruction {
    this.setRounding(false, false);
    return this.give(negative ? 2n ** 63n : 0n, 'zero');
  }

  giveInfinity(negative: boolean): Instruction {
    this.setRounding(false, false);
    return this.give(infinityBits(negative), 'infinity');
  }

  /** 4.4.2. */
  divideByZero(negative: boolean): Instruction {
    setException(this.status, 'ZX');
    this.setRounding(false, false);
    if (!this.status.ZE) this.give(infinityBits(negative), 'infinity');
    return this;
  }

  /** Rounds a nonzero value; 4.4.3, 4.4.4, 4.4.5. `negate` applies to what has been rounded. */
  giveRounded(x: Rational, format: BinaryFormat, negate: boolean, mode: Mode = this.status.mode): Instruction {
    const { status } = this;
    const negative = x.numerator < 0n !== negate;
    const adjustment = powerOfTwo(format === single ? 192 : 1536);
    const unbounded = roundToPrecision(x, format.p, mode);
    const tiny = exponentOf(x) < format.emin;
    if (exponentOf(unbounded) > format.emax) {
      setException(status, 'OX');
      if (status.OE) {
        return this.giveAdjusted(x, unbounded, over(unbounded, adjustment), negative);
      }
      setException(status, 'XX');
      const away = mode === 'nearest' || mode === (x.numerator < 0n ? 'down' : 'up');
      this.setRounding(away, true);
      const largest = plus(powerOfTwo(format.emax + 1), negated(powerOfTwo(format.emax - format.p + 1)));
      return away ? this.give(infinityBits(negative), 'infinity') : this.give(bitsOfDouble(largest, negative)!, 'normal');
    }
    if (tiny && status.UE) {
      setException(status, 'UX');
      return this.giveAdjusted(x, unbounded, times(unbounded, adjustment), negative);
    }
    const unit = powerOfTwo(Math.max(exponentOf(x), format.emin) - format.p + 1);
    const rounded = roundToMultiple(x, unit, mode);
    this.noteRounding(x, rounded);
    if (tiny && status.FI) setException(status, 'UX');
    const kind = rounded.numerator === 0n ? 'zero' : exponentOf(rounded) < format.emin ? 'denormal' : 'normal';
    return this.give(bitsOfDouble(rounded, negative)!, kind);
  }

  giveAdjusted(x: Rational, rounded: Rational, adjusted: Rational, negative: boolean): Instruction {
    this.noteRounding(x, rounded);
    return this.give(bitsWithWrappedExponent(adjusted, negative), 'normal');
  }

  noteRounding(x: Rational, rounded: Rational): Instruction {
    const inexact = compare(x, rounded) !== 0;
    this.setRounding(compare(magnitude(rounded), magnitude(x)) > 0, inexact);
    if (inexact) setException(this.status, 'XX');
    return this;
  }
}

/** An adjusted result has at most 53 digits, and an exponent field of 11 bits whatever its exponent. */
function bitsWithWrappedExponent(x: Rational, negative: boolean): bigint {
  const e = exponentOf(x);
  const fraction = bitsOfDouble(over(magnitude(x), powerOfTwo(e)), false)! % 2n ** 52n;
  const field = BigInt((((e + 1023) % 2048) + 2048) % 2048);
  return (negative ? 2n ** 63n : 0n) + field * 2n ** 52n + fraction;
}

function addition(i: Instruction, a: Datum, b: Datum, format: BinaryFormat, subtract: boolean): Instruction {
  return multiplication(i, a, undefined, b, format, subtract, false);
}

function multiplication(
  i: Instruction,
  a: Datum,
  c: Datum | undefined,
  b: Datum | undefined,
  format: BinaryFormat,
  subtract: boolean,
  negate: boolean,
): Instruction {
  const present = [a, b, c].filter((d) => d !== undefined);
  const causes: BitName[] = [];
  if (present.some((d) => d.kind === 'signaling')) causes.push('VXSNAN');
  const infiniteFactor = a.kind === 'infinity' || c?.kind === 'infinity';
  if (c !== undefined && infiniteFactor && (isZero(a) || isZero(c))) causes.push('VXIMZ');
  const nan = present.find(isNan);
  if (nan !== undefined) return i.giveNan(causes, quieted(nan));
  if (causes.length > 0) return i.giveNan(causes, defaultNan);

  const productNegative = c === undefined ? a.negative : a.negative !== c.negative;
  const addendNegative = b !== undefined && (subtract ? !b.negative : b.negative);
  if (infiniteFactor) {
    if (b?.kind === 'infinity' && addendNegative !== productNegative) return i.giveNan(['VXISI'], defaultNan);
    return i.giveInfinity(productNegative !== negate);
  }
  if (b?.kind === 'infinity') return i.giveInfinity(addendNegative !== negate);

  const product = c === undefined ? a.value : times(a.value, c.value);
  const sum = b === undefined ? product : plus(product, subtract ? negated(b.value) : b.value);
  if (sum.numerator !== 0n) return i.giveRounded(sum, format, negate);
  const agree = b === undefined || productNegative === addendNegative;
  return i.giveExactZero((agree ? productNegative : i.status.mode === 'down') !== negate);
}

function division(i: Instruction, a: Datum, b: Datum, format: BinaryFormat): Instruction {
  const causes: BitName[] = [];
  if (a.kind === 'signaling' || b.kind === 'signaling') causes.push('VXSNAN');
  if (isNan(a)) return i.giveNan(causes, quieted(a));
  if (isNan(b)) return i.giveNan(causes, quieted(b));
  if (a.kind === 'infinity' && b.kind === 'infinity') return i.giveNan(['VXIDI'], defaultNan);
  if (isZero(a) && isZero(b)) return i.giveNan(['VXZDZ'], defaultNan);
  const negative = a.negative !== b.negative;
  if (a.kind === 'infinity') return i.giveInfinity(negative);
  if (b.kind === 'infinity' || isZero(a)) return i.giveExactZero(negative);
  if (isZero(b)) return i.divideByZero(negative);
  return i.giveRounded(over(a.value, b.value), format, false);
}

function roundToSinglePrecision(i: Instruction, b: Datum): Instruction {
  const causes: BitName[] = b.kind === 'signaling' ? ['VXSNAN'] : [];
  if (isNan(b)) return i.giveNan(causes, quieted(b) - (b.bits % 2n ** 29n));
  if (b.kind === 'infinity') return i.giveInfinity(b.negative);
  if (isZero(b)) return i.giveExactZero(b.negative);
  return i.giveRounded(b.value, single, false);
}

/** FPRF, undefined by the book, stays; the target's undefined high word continues the sign. */
function convertToWord(i: Instruction, b: Datum, mode: Mode): Instruction {
  const largest = 2n ** 31n - 1n;
  const smallest = -(2n ** 31n);
  const integer = b.kind === 'finite' ? roundToMultiple(b.value, powerOfTwo(0), mode) : zero;
  const word = integer.numerator / integer.denominator;
  if (b.kind !== 'finite' || word > largest || word < smallest) {
    if (b.kind === 'signaling') setException(i.status, 'VXSNAN');
    setException(i.status, 'VXCVI');
    i.setRounding(false, false);
    if (!i.status.VE) i.target = (2n ** 64n + (b.negative || isNan(b) ? smallest : largest)) % 2n ** 64n;
    return i;
  }
  i.noteRounding(b.value, integer);
  i.target = (2n ** 64n + word) % 2n ** 64n;
  return i;
}

function comparison(i: Instruction, a: Datum, b: Datum, ordered: boolean): Instruction {
  const { status } = i;
  let field = 1;
  if (!isNan(a) && !isNan(b)) {
    const rank = (d: Datum) =>
      d.kind === 'infinity' ? times(powerOfTwo(2000), { numerator: d.negative ? -1n : 1n, denominator: 1n }) : d.value;
    field = [8, 2, 4][compare(rank(a), rank(b)) + 1]!;
  }
  [status.FL, status.FG, status.FE, status.FU] = [field === 8, field === 4, field === 2, field === 1];
  i.crField = field;
  if (a.kind === 'signaling' || b.kind === 'signaling') {
    setException(status, 'VXSNAN');
    if (ordered && !status.VE) setException(status, 'VXVC');
  } else if (ordered && field === 1) setException(status, 'VXVC');
  return i;
}

/** The unit's choice of estimate: the nearest single. FR and FI, undefined, are 0; XX is not altered. */
function reciprocal(i: Instruction, b: Datum): Instruction {
  if (isNan(b)) return i.giveNan(b.kind === 'signaling' ? ['VXSNAN'] : [], quieted(b));
  if (b.kind === 'infinity') return i.giveExactZero(b.negative);
  if (isZero(b)) return i.divideByZero(b.negative);
  i.giveRounded(over(powerOfTwo(0), b.value), single, false, 'nearest');
  const newException = exceptionBits.some((name) => name !== 'XX' && i.status[name] && !i.before[name]);
  i.status.XX = i.before.XX;
  i.status.FX = i.before.FX || newException;
  return i.setRounding(false, false);
}

function reciprocalRoot(i: Instruction, b: Datum): Instruction {
  if (isNan(b)) return i.giveNan(b.kind === 'signaling' ? ['VXSNAN'] : [], quieted(b));
  if (isZero(b)) return i.divideByZero(b.negative);
  if (b.negative) return i.giveNan(['VXSQRT'], defaultNan);
  if (b.kind === 'infinity') return i.giveExactZero(false);
  const estimate = roundToPrecision(over(powerOfTwo(0), nearestRoot(b.value, double.p)), double.p, 'nearest');
  i.setRounding(false, false);
  return i.give(bitsOfDouble(estimate, false)!, 'normal');
}

type Rule = (i: Instruction, a: Datum, b: Datum, c: Datum) => Instruction;
const rules: Partial<Record<FpMnemonic, Rule>> = {
  fadd: (i, a, b) => addition(i, a, b, double, false),
  fadds: (i, a, b) => addition(i, a, b, single, false),
  fsub: (i, a, b) => addition(i, a, b, double, true),
  fsubs: (i, a, b) => addition(i, a, b, single, true),
  fmul: (i, a, _, c) => multiplication(i, a, c, undefined, double, false, false),
  fmuls: (i, a, _, c) => multiplication(i, a, c, undefined, single, false, false),
  fdiv: (i, a, b) => division(i, a, b, double),
  fdivs: (i, a, b) => division(i, a, b, single),
  fmadd: (i, a, b, c) => multiplication(i, a, c, b, double, false, false),
  fmadds: (i, a, b, c) => multiplication(i, a, c, b, single, false, false),
  fmsub: (i, a, b, c) => multiplication(i, a, c, b, double, true, false),
  fmsubs: (i, a, b, c) => multiplication(i, a, c, b, single, true, false),
  fnmadd: (i, a, b, c) => multiplication(i, a, c, b, double, false, true),
  fnmadds: (i, a, b, c) => multiplication(i, a, c, b, single, false, true),
  fnmsub: (i, a, b, c) => multiplication(i, a, c, b, double, true, true),
  fnmsubs: (i, a, b, c) => multiplication(i, a, c, b, single, true, true),
  frsp: (i, _, b) => roundToSinglePrecision(i, b),
  fctiw: (i, _, b) => convertToWord(i, b, i.status.mode),
  fctiwz: (i, _, b) => convertToWord(i, b, 'zero'),
  fcmpu: (i, a, b) => comparison(i, a, b, false),
  fcmpo: (i, a, b) => comparison(i, a, b, true),
  fres: (i, _, b) => reciprocal(i, b),
  frsqrte: (i, _, b) => reciprocalRoot(i, b),
};

/** The instructions that {@link referenceEffect} knows: those with arithmetic in them. */
export const arithmeticMnemonics = Object.keys(rules) as FpMnemonic[];

/** The effect of an instruction on FRA, FRB, FRC and FPSCR (unsigned). */
export function referenceEffect(mnemonic: FpMnemonic, a: bigint, b: bigint, c: bigint, fpscr: number): Effect {
  const instruction = new Instruction(fpscr);
  const rule = rules[mnemonic];
  if (rule === undefined) throw new RangeError(`the reference has no rule for ${mnemonic}`);
  return rule(instruction, parseDatum(a), parseDatum(b), parseDatum(c)).effect();
}
