/**
 * Doubles taken apart, and exact values put together again under a rounding mode. This is the unit's slow path: it is used where the
 * host's own arithmetic would not do (other rounding modes, tiny, huge and special operands), so it may allocate.
 */
import { Fpscr, ResultClass, RoundingMode } from './fpscr.js';

/** A finite nonzero magnitude is `significand` times two to the power of `exponent`, exactly. */
export interface Operand {
  readonly kind: 'zero' | 'finite' | 'infinity' | 'quietNan' | 'signalingNan';
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
  readonly bits: bigint;
}

/** What is known of a result before rounding: `sticky` says that the magnitude is a little more than what is written. */
export interface ExactValue {
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
  readonly sticky: boolean;
}

/** What an arithmetic instruction would do to its target and to the FPSCR. Exceptions are FPSCR bits; no `bits`: nothing to write. */
export interface Outcome {
  readonly bits?: bigint;
  readonly exceptions: number;
  /** FPRF in place; undefined leaves it as it is. */
  readonly resultClass?: number;
  /** FR and FI in place. */
  readonly rounding: number;
}

/** A target format: exponents of the largest and smallest normal number, and what enabled overflow and underflow take off or add (§4.4.3, §4.4.4). */
interface Format {
  readonly precisionBits: number;
  readonly maxExponent: number;
  readonly minExponent: number;
  readonly biasAdjustment: number;
}
const DOUBLE: Format = { precisionBits: 53, maxExponent: 1023, minExponent: -1022, biasAdjustment: 1536 };
const SINGLE_FORMAT: Format = { precisionBits: 24, maxExponent: 127, minExponent: -126, biasAdjustment: 192 };

const SIGN = 1n << 63n;
const INFINITY = 0x7ffn << 52n;
const FRACTION = (1n << 52n) - 1n;
const QUIET = 1n << 51n;
/** The NaN that the unit generates itself (§4.3.2). */
const DEFAULT_NAN = INFINITY | QUIET;
/** `frsp` clears what a single cannot hold of a NaN's fraction. */
const SINGLE_NAN_MASK = ~((1n << 29n) - 1n);

export function unpack(bits: bigint): Operand {
  const negative = (bits & SIGN) !== 0n;
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & FRACTION;
  if (exponent === 0x7ff) {
    const kind = fraction === 0n ? 'infinity' : (fraction & QUIET) !== 0n ? 'quietNan' : 'signalingNan';
    return { kind, negative, significand: 0n, exponent: 0, bits };
  }
  if (exponent === 0) return { kind: fraction === 0n ? 'zero' : 'finite', negative, significand: fraction, exponent: -1074, bits };
  return { kind: 'finite', negative, significand: fraction | (1n << 52n), exponent: exponent - 1075, bits };
}

export function isNan(operand: Operand): boolean {
  return operand.kind === 'quietNan' || operand.kind === 'signalingNan';
}

export function bitLength(positive: bigint): number {
  const hex = positive.toString(16);
  return 4 * hex.length - (Math.clz32(Number.parseInt(hex.charAt(0), 16)) - 28);
}

/** The result of an operation that met a NaN operand: the first of `operands` that is one, made quiet (§4.3.2). */
export function propagatedNan(operands: readonly Operand[], toSingle: boolean): bigint {
  const nan = operands.find(isNan);
  if (nan === undefined) return DEFAULT_NAN;
  const quiet = nan.bits | QUIET;
  return toSingle ? quiet & SINGLE_NAN_MASK : quiet;
}

/** A NaN result; `exceptions` are the invalid-operation causes found, which if enabled leave target and FPRF alone (§4.4.1). */
export function nanOutcome(bits: bigint, exceptions: number, fpscr: number): Outcome {
  if (exceptions !== 0 && (fpscr & Fpscr.VE) !== 0) return { exceptions, rounding: 0 };
  return { bits, exceptions, resultClass: ResultClass.quietNan, rounding: 0 };
}

export function zeroOutcome(negative: boolean): Outcome {
  return {
    bits: negative ? SIGN : 0n,
    exceptions: 0,
    resultClass: negative ? ResultClass.minusZero : ResultClass.plusZero,
    rounding: 0,
  };
}

export function infinityOutcome(negative: boolean, exceptions = 0): Outcome {
  return {
    bits: negative ? SIGN | INFINITY : INFINITY,
    exceptions,
    resultClass: negative ? ResultClass.minusInfinity : ResultClass.plusInfinity,
    rounding: 0,
  };
}

/** Zero divide (§4.4.2): an infinity, or with ZE nothing at all. */
export function zeroDivideOutcome(negative: boolean, fpscr: number): Outcome {
  return (fpscr & Fpscr.ZE) !== 0 ? { exceptions: Fpscr.ZX, rounding: 0 } : infinityOutcome(negative, Fpscr.ZX);
}

/** Drops `shift` low bits of a magnitude, rounding as `mode` asks. */
export function shiftRounding(value: ExactValue, shift: number, mode: number): { kept: bigint; inexact: boolean; incremented: boolean } {
  if (shift <= 0) return { kept: value.significand << BigInt(-shift), inexact: false, incremented: false };
  const width = BigInt(shift);
  const truncated = value.significand >> width;
  const rest = value.significand - (truncated << width);
  const half = 1n << (width - 1n);
  const inexact = rest !== 0n || value.sticky;
  const aboveHalf = rest > half || (rest === half && value.sticky);
  let incremented = false;
  if (mode === RoundingMode.nearest) incremented = aboveHalf || (rest === half && (truncated & 1n) === 1n);
  else if (mode === RoundingMode.towardPlusInfinity) incremented = inexact && !value.negative;
  else if (mode === RoundingMode.towardMinusInfinity) incremented = inexact && value.negative;
  return { kept: incremented ? truncated + 1n : truncated, inexact, incremented };
}

/**
 * Rounds a nonzero exact value to a format, with overflow, underflow and inexact handled as FPSCR says (§4.4.3 to §4.4.5). With
 * `sticky` the significand has at least two bits more than the target's precision.
 */
export function roundOutcome(value: ExactValue, single: boolean, fpscr: number): Outcome {
  const format = single ? SINGLE_FORMAT : DOUBLE;
  const mode = fpscr & Fpscr.RN;
  const leading = value.exponent + bitLength(value.significand) - 1;
  // Tininess is a matter of the value before rounding (§4.4.4).
  const tiny = leading < format.minExponent;
  const adjustTiny = tiny && (fpscr & Fpscr.UE) !== 0;
  const lowest = (tiny && !adjustTiny ? format.minExponent : leading) - (format.precisionBits - 1);
  const { kept, inexact, incremented } = shiftRounding(value, lowest - value.exponent, mode);
  const rounding = (incremented ? Fpscr.FR : 0) | (inexact ? Fpscr.FI : 0);
  let exceptions = inexact ? Fpscr.XX : 0;

  if (kept === 0n) return { ...zeroOutcome(value.negative), exceptions: exceptions | Fpscr.UX, rounding };
  const roundedLeading = lowest + bitLength(kept) - 1;
  const normal = value.negative ? ResultClass.minusNormal : ResultClass.plusNormal;

  if (roundedLeading > format.maxExponent) {
    exceptions |= Fpscr.OX;
    if ((fpscr & Fpscr.OE) !== 0) {
      return { bits: encode(value.negative, kept, lowest - format.biasAdjustment, true), exceptions, resultClass: normal, rounding };
    }
    return overflowOutcome(value.negative, format, mode);
  }
  if (adjustTiny) {
    exceptions |= Fpscr.UX;
    return { bits: encode(value.negative, kept, lowest + format.biasAdjustment, true), exceptions, resultClass: normal, rounding };
  }
  if (tiny && inexact) exceptions |= Fpscr.UX;
  const denormal = value.negative ? ResultClass.minusDenormal : ResultClass.plusDenormal;
  const resultClass = roundedLeading < format.minExponent ? denormal : normal;
  return { bits: encode(value.negative, kept, lowest, false), exceptions, resultClass, rounding };
}

/** Disabled overflow: infinity or the largest number, as the mode says. FR is undefined; here it is 1 if the magnitude grew. */
function overflowOutcome(negative: boolean, format: Format, mode: number): Outcome {
  const exceptions = Fpscr.OX | Fpscr.XX;
  const toInfinity =
    mode === RoundingMode.nearest || mode === (negative ? RoundingMode.towardMinusInfinity : RoundingMode.towardPlusInfinity);
  if (toInfinity) return { ...infinityOutcome(negative, exceptions), rounding: Fpscr.FR | Fpscr.FI };
  const largest = (1n << BigInt(format.precisionBits)) - 1n;
  return {
    bits: encode(negative, largest, format.maxExponent - format.precisionBits + 1, false),
    exceptions,
    resultClass: negative ? ResultClass.minusNormal : ResultClass.plusNormal,
    rounding: Fpscr.FI,
  };
}

/**
 * The double of `kept` times two to the `exponent`, which it can hold. Where an adjusted exponent still does not fit (only a
 * single-precision operation on operands that are not singles gets there, which is undefined), its field wraps, as the 11 bits of
 * the books' models do.
 */
function encode(negative: boolean, kept: bigint, exponent: number, adjusted: boolean): bigint {
  const sign = negative ? SIGN : 0n;
  const length = bitLength(kept);
  const leading = exponent + length - 1;
  if (leading < -1022 && !adjusted) return sign | (kept << BigInt(exponent + 1074));
  const fraction = (kept << BigInt(53 - length)) & FRACTION;
  return sign | (BigInt((leading + 1023) & 0x7ff) << 52n) | fraction;
}
