/**
 * The arithmetic instructions computed exactly and then rounded once: the definition that the fast path of
 * {@link FloatingPointUnit} must agree with. References are to Power ISA 2.03 Book I, chapter 4.
 */
import {
  bitLength,
  type ExactValue,
  infinityOutcome,
  isNan,
  nanOutcome,
  type Operand,
  type Outcome,
  propagatedNan,
  roundOutcome,
  shiftRounding,
  unpack,
  zeroDivideOutcome,
  zeroOutcome,
} from './exact-number.js';
import { Fpscr, RoundingMode } from './fpscr.js';

const MAX_WORD = 0x7fff_ffffn;
const MIN_WORD = 0x8000_0000n;
const SIGN = 1n << 63n;
/** Bits of quotient or root beyond any target's precision, so that the sticky flag can say the rest. */
const EXTRA_BITS = 64;

/** FRA × FRC ± FRB, rounded once; without FRB just the product, and with FRC absent a plain sum. */
export function multiplyAdd(
  a: bigint,
  b: bigint | undefined,
  c: bigint | undefined,
  options: { subtract: boolean; negate: boolean; single: boolean },
  fpscr: number,
): Outcome {
  const x = unpack(a);
  const z = c === undefined ? undefined : unpack(c);
  const addend = b === undefined ? undefined : unpack(b);
  // The order in which a NaN operand is looked for: FRA, FRB, FRC.
  const operands = [x, addend, z].filter((operand) => operand !== undefined);
  let invalid = signalingCause(operands);
  if (z !== undefined && isInfinityTimesZero(x, z)) invalid |= Fpscr.VXIMZ;
  if (operands.some(isNan) || invalid !== 0) return nanOutcome(propagatedNan(operands, false), invalid, fpscr);

  const productNegative = x.negative !== (z?.negative ?? false);
  const addendNegative = addend !== undefined && addend.negative !== options.subtract;
  const productIsInfinite = x.kind === 'infinity' || z?.kind === 'infinity';
  if (productIsInfinite && addend?.kind === 'infinity' && productNegative !== addendNegative) {
    return nanOutcome(propagatedNan([], false), Fpscr.VXISI, fpscr);
  }
  if (productIsInfinite) return negateIf(options.negate, infinityOutcome(productNegative));
  if (addend?.kind === 'infinity') return negateIf(options.negate, infinityOutcome(addendNegative));

  const productIsZero = x.kind === 'zero' || z?.kind === 'zero';
  const product: ExactValue = {
    negative: productNegative,
    significand: productIsZero ? 0n : x.significand * (z?.significand ?? 1n),
    exponent: productIsZero ? 0 : x.exponent + (z?.exponent ?? 0),
    sticky: false,
  };
  const sum = addend === undefined ? product : add(product, { ...addend, negative: addendNegative, sticky: false }, fpscr & Fpscr.RN);
  return negateIf(options.negate, sum.significand === 0n ? zeroOutcome(sum.negative) : roundOutcome(sum, options.single, fpscr));
}

/** An exact sum. An exact zero from operands of unlike signs is positive but for rounding toward −∞ (§4.3.3). */
function add(x: ExactValue, y: ExactValue, mode: number): ExactValue {
  const exponent = x.significand === 0n ? y.exponent : y.significand === 0n ? x.exponent : Math.min(x.exponent, y.exponent);
  const total = signedAt(x, exponent) + signedAt(y, exponent);
  const zeroNegative = x.negative === y.negative ? x.negative : mode === RoundingMode.towardMinusInfinity;
  const negative = total === 0n ? zeroNegative : total < 0n;
  return { negative, significand: total < 0n ? -total : total, exponent, sticky: false };
}

function signedAt(value: ExactValue, exponent: number): bigint {
  if (value.significand === 0n) return 0n;
  const magnitude = value.significand << BigInt(value.exponent - exponent);
  return value.negative ? -magnitude : magnitude;
}

export function divide(a: bigint, b: bigint, single: boolean, fpscr: number): Outcome {
  const x = unpack(a);
  const y = unpack(b);
  let invalid = signalingCause([x, y]);
  if (x.kind === 'infinity' && y.kind === 'infinity') invalid |= Fpscr.VXIDI;
  if (x.kind === 'zero' && y.kind === 'zero') invalid |= Fpscr.VXZDZ;
  if (isNan(x) || isNan(y) || invalid !== 0) return nanOutcome(propagatedNan([x, y], false), invalid, fpscr);
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinity') return infinityOutcome(negative);
  if (y.kind === 'infinity' || x.kind === 'zero') return zeroOutcome(negative);
  if (y.kind === 'zero') return zeroDivideOutcome(negative, fpscr);
  return roundOutcome(quotient(x, y), single, fpscr);
}

function quotient(x: Operand, y: Operand): ExactValue {
  const shift = bitLength(y.significand) + EXTRA_BITS;
  const numerator = x.significand << BigInt(shift);
  const significand = numerator / y.significand;
  return {
    negative: x.negative !== y.negative,
    significand,
    exponent: x.exponent - y.exponent - shift,
    sticky: significand * y.significand !== numerator,
  };
}

export function roundToSingle(b: bigint, fpscr: number): Outcome {
  const x = unpack(b);
  if (isNan(x)) return nanOutcome(propagatedNan([x], true), signalingCause([x]), fpscr);
  if (x.kind === 'infinity') return infinityOutcome(x.negative);
  if (x.kind === 'zero') return zeroOutcome(x.negative);
  return roundOutcome({ ...x, sticky: false }, true, fpscr);
}

/**
 * `fctiw`, `fctiwz`. The target's high word is undefined; here it continues the sign. FPRF is undefined; here it stays.
 * `mode` is a rounding mode.
 */
export function toWord(b: bigint, mode: number, fpscr: number): Outcome {
  const x = unpack(b);
  if (isNan(x)) return wordOutcome(-MIN_WORD, signalingCause([x]) | Fpscr.VXCVI, 0, fpscr);
  const saturated = x.negative ? -MIN_WORD : MAX_WORD;
  if (x.kind === 'infinity') return wordOutcome(saturated, Fpscr.VXCVI, 0, fpscr);
  const { kept, inexact, incremented } = shiftRounding({ ...x, sticky: false }, -x.exponent, mode);
  if (kept > (x.negative ? MIN_WORD : MAX_WORD)) return wordOutcome(saturated, Fpscr.VXCVI, 0, fpscr);
  const rounding = (incremented ? Fpscr.FR : 0) | (inexact ? Fpscr.FI : 0);
  return wordOutcome(x.negative ? -kept : kept, inexact ? Fpscr.XX : 0, rounding, fpscr);
}

function wordOutcome(word: bigint, exceptions: number, rounding: number, fpscr: number): Outcome {
  const suppressed = (exceptions & Fpscr.VXCVI) !== 0 && (fpscr & Fpscr.VE) !== 0;
  return suppressed ? { exceptions, rounding } : { bits: BigInt.asUintN(64, word), exceptions, rounding };
}

/**
 * `fres`: the nearest single to the reciprocal, whatever RN says. FR and FI are undefined; here they are 0, and XX, which is not
 * among the bits the instruction alters, stays.
 */
export function reciprocalEstimate(b: bigint, fpscr: number): Outcome {
  const x = unpack(b);
  if (isNan(x)) return nanOutcome(propagatedNan([x], false), signalingCause([x]), fpscr);
  if (x.kind === 'infinity') return zeroOutcome(x.negative);
  if (x.kind === 'zero') return zeroDivideOutcome(x.negative, fpscr);
  const one = unpack(0x3ffn << 52n);
  const outcome = roundOutcome(quotient(one, x), true, fpscr & ~Fpscr.RN);
  return { ...outcome, exceptions: outcome.exceptions & ~Fpscr.XX, rounding: 0 };
}

/** `frsqrte` of what has no positive finite root; the rest is the fast path's (see there). */
export function reciprocalSquareRootOfSpecial(b: bigint, fpscr: number): Outcome {
  const x = unpack(b);
  if (isNan(x)) return nanOutcome(propagatedNan([x], false), signalingCause([x]), fpscr);
  if (x.kind === 'zero') return zeroDivideOutcome(x.negative, fpscr);
  if (x.negative) return nanOutcome(propagatedNan([], false), Fpscr.VXSQRT, fpscr);
  return zeroOutcome(false);
}

function signalingCause(operands: readonly Operand[]): number {
  return operands.some((operand) => operand.kind === 'signalingNan') ? Fpscr.VXSNAN : 0;
}

function isInfinityTimesZero(x: Operand, y: Operand): boolean {
  return (x.kind === 'infinity' && y.kind === 'zero') || (x.kind === 'zero' && y.kind === 'infinity');
}

/** `fnmadd` and `fnmsub` change the sign of what was rounded, and its class with it; a NaN keeps its own (§4.6 "Multiply-Add"). */
function negateIf(negate: boolean, outcome: Outcome): Outcome {
  if (!negate || outcome.bits === undefined || outcome.resultClass === undefined) return outcome;
  return { ...outcome, bits: outcome.bits ^ SIGN, resultClass: oppositeClass(outcome.resultClass) };
}

/** FPRF of the opposite number: `<` and `>` change places, and C says which zero it is. */
function oppositeClass(resultClass: number): number {
  const isZero = (resultClass & (0b00010 << 12)) !== 0;
  return resultClass ^ (isZero ? 0b10000 << 12 : 0b01100 << 12);
}
