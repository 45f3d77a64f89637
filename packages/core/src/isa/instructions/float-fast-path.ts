import { Fpscr, ResultClass } from '../../fpu/fpscr.js';
import { State } from '../../processor/state-layout.js';
import type { Builder } from '../../semantics/builder.js';
import {
  absDouble,
  addDouble,
  bitsOfDouble,
  divDouble,
  double,
  doubleOfBits,
  doubleOfWord,
  eqDouble,
  geDouble,
  gtDouble,
  ltDouble,
  mulDouble,
  nearestDouble,
  neDouble,
  negDouble,
  roundToSingle,
  selectDouble,
  subDouble,
  wordOfDouble,
} from '../../semantics/double.js';
import { constant, constant64, type F64, type I32 } from '../../semantics/expression.js';
import { Op } from '../../wasm/opcodes.js';
import type { Fields } from '../instruction-row.js';

/**
 * Floating-point arithmetic as generated code, for what nearly all of it is: round to nearest, nothing enabled, ordinary operands. The
 * host's doubles round as the architecture does, and error-free transformations give what FR and FI need (T. J. Dekker 1971, D. E. Knuth,
 * TAOCP vol. 2, 4.2.2). Everything else leaves the variable `done` at 0, and the floating-point unit (fpu/) decides: the bounds here are
 * its own, and a test holds the two against each other.
 */

const ZERO = constant(0);
const ONE = constant(1);
const LARGE = double(2 ** 990);
const SMALL = double(2 ** -960);
const LARGE_SINGLE = double(2 ** 127);
const SMALL_SINGLE = double(2 ** -125);
const SPLITTER = double(2 ** 27 + 1);
const NOUGHT = double(0);
const TWO = double(2);
const WORD_LIMIT = double(2 ** 31 - 1);

const { FX, FEX, XX, FR, FI, FPRF, FPCC, XE, RN } = Fpscr;

/** A result rounded to double precision, and the exact value less that result (or a number of its sign). */
interface Rounded {
  result: F64;
  error: F64;
  /** Conditions under which the two are what they say. */
  holds: I32;
}
export type FastComputation = (b: Builder, f: Fields) => Rounded;

const frA = (b: Builder, f: Fields): F64 => b.let(doubleOfBits(b.fpr(f.FRA)));
const frB = (b: Builder, f: Fields): F64 => b.let(doubleOfBits(b.fpr(f.FRB)));
const frC = (b: Builder, f: Fields): F64 => b.let(doubleOfBits(b.fpr(f.FRC)));

/** Also refuses NaNs and infinities. */
const isOrdinary = (x: F64): I32 => ltDouble(absDouble(x), LARGE);

/** Knuth's TwoSum: x + y exactly. */
function exactSum(b: Builder, x: F64, y: F64): { sum: F64; error: F64 } {
  const sum = b.let(addDouble(x, y));
  const added = b.let(subDouble(sum, x));
  return { sum, error: b.let(addDouble(subDouble(x, subDouble(sum, added)), subDouble(y, added))) };
}

/** Dekker: x * y less its rounded product, where {@link productIsSafe}. */
function productError(b: Builder, x: F64, y: F64, product: F64): F64 {
  const split = (value: F64) => {
    const scaled = b.let(mulDouble(SPLITTER, value));
    const high = b.let(subDouble(scaled, subDouble(scaled, value)));
    return { high, low: b.let(subDouble(value, high)) };
  };
  const left = split(x);
  const right = split(y);
  const highs = subDouble(product, mulDouble(left.high, right.high));
  const rest = subDouble(subDouble(highs, mulDouble(left.low, right.high)), mulDouble(left.high, right.low));
  return b.let(subDouble(mulDouble(left.low, right.low), rest));
}

function productIsSafe(b: Builder, x: F64, y: F64, product: F64): I32 {
  const bounded = b.and(isOrdinary(product), b.and(isOrdinary(x), isOrdinary(y)));
  const exact = b.or(geDouble(absDouble(product), SMALL), b.or(eqDouble(x, NOUGHT), eqDouble(y, NOUGHT)));
  return b.and(bounded, exact);
}

export const fastSum =
  (subtract: boolean): FastComputation =>
  (b, f) => {
    const x = frA(b, f);
    const y = subtract ? b.let(negDouble(frB(b, f))) : frB(b, f);
    const { sum, error } = exactSum(b, x, y);
    return { result: sum, error, holds: b.and(isOrdinary(x), isOrdinary(y)) };
  };

export const fastProduct: FastComputation = (b, f) => {
  const x = frA(b, f);
  const y = frC(b, f);
  const product = b.let(mulDouble(x, y));
  return { result: product, error: productError(b, x, y, product), holds: productIsSafe(b, x, y, product) };
};

/** The exact value is three doubles: the rounded sum, its error, and the product's error. */
export const fastProductSum =
  (subtract: boolean, negate: boolean): FastComputation =>
  (b, f) => {
    const x = frA(b, f);
    const z = frC(b, f);
    const y = subtract ? b.let(negDouble(frB(b, f))) : frB(b, f);
    const product = b.let(mulDouble(x, z));
    const low = productError(b, x, z, product);
    const { sum, error } = exactSum(b, product, y);
    const tail = exactSum(b, error, low);
    const whole = exactSum(b, sum, tail.sum);
    // With something left out of the tail, a tie or an exact sum may round otherwise: see finishThreeTerms of the unit.
    const doubled = b.let(mulDouble(TWO, whole.error));
    const isTie = eqDouble(subDouble(addDouble(whole.sum, doubled), whole.sum), doubled);
    const doubtful = b.select(
      neDouble(tail.error, NOUGHT),
      b.or(eqDouble(whole.error, NOUGHT), isTie),
      b.and(eqDouble(whole.sum, NOUGHT), neDouble(low, NOUGHT)),
    );
    const safe = b.and(productIsSafe(b, x, z, product), isOrdinary(y));
    // Without a third term `sum` is the result; adding 0 to it would only lose the sign of a minus zero.
    const result = b.let(selectDouble(eqDouble(low, NOUGHT), sum, whole.sum));
    const sign = (value: F64) => (negate ? b.let(negDouble(value)) : value);
    return { result: sign(result), error: sign(whole.error), holds: b.and(safe, b.eq(doubtful, ZERO)) };
  };

/** The remainder of a nearest quotient is a double; only its sign matters. */
export const fastQuotient: FastComputation = (b, f) => {
  const x = frA(b, f);
  const y = frB(b, f);
  const quotient = b.let(divDouble(x, y));
  const product = b.let(mulDouble(quotient, y));
  const remainder = b.let(subDouble(subDouble(x, product), productError(b, quotient, y, product)));
  const sameSign = b.eq(gtDouble(remainder, NOUGHT), gtDouble(y, NOUGHT));
  const error = selectDouble(eqDouble(remainder, NOUGHT), NOUGHT, selectDouble(sameSign, double(1), double(-1)));
  const holds = b.and(neDouble(y, NOUGHT), productIsSafe(b, quotient, y, x));
  return { result: quotient, error: b.let(error), holds };
};

export const fastCopy: FastComputation = (b, f) => ({ result: frB(b, f), error: NOUGHT, holds: ONE });

/** Nothing that a fast path leaves out is asked for: rounding to nearest, inexact not enabled, no enabled exception standing. */
function statusIsPlain(b: Builder, fpscr: I32): I32 {
  return b.eq(b.and(fpscr, constant(RN | XE | FEX)), ZERO);
}

/** FI, FR and XX of an inexact result; FX only where XX is new. */
function inexact(b: Builder, fpscr: I32, roundedUp: I32): I32 {
  const fx = b.select(b.and(fpscr, constant(XX)), ZERO, constant(FX));
  return b.or(b.or(constant(FI | XX), fx), b.select(roundedUp, constant(FR), ZERO));
}

/** Runs a computation on the fast path where it holds; `otherwise` is the slow one. */
export function withFastPath(b: Builder, f: Fields, single: boolean, compute: FastComputation, otherwise: () => void): void {
  const fpscr = b.let(b.state(State.fpscr));
  const done = b.variable(ZERO);
  b.if(statusIsPlain(b, fpscr), () => {
    const { result, error, holds } = compute(b, f);
    const { rounded, lost, fits } = single
      ? toSingle(b, result, error)
      : { rounded: result, lost: error, fits: geDouble(absDouble(result), SMALL) };
    const isZero = b.and(eqDouble(result, NOUGHT), eqDouble(error, NOUGHT));
    b.if(b.and(holds, b.or(fits, isZero)), () => {
      const negativeZero = b.compare64(Op.i64LtS, bitsOfDouble(rounded), constant64(0n));
      const zeroClass = b.select(negativeZero, constant(ResultClass.minusZero), constant(ResultClass.plusZero));
      const signedClass = b.select(ltDouble(rounded, NOUGHT), constant(ResultClass.minusNormal), zeroClass);
      const resultClass = b.select(gtDouble(rounded, NOUGHT), constant(ResultClass.plusNormal), signedClass);
      const roundedUp = b.eq(ltDouble(lost, NOUGHT), gtDouble(rounded, NOUGHT));
      const exceptions = b.select(neDouble(lost, NOUGHT), inexact(b, fpscr, roundedUp), ZERO);
      const kept = b.and(fpscr, constant(~(FR | FI | FPRF)));
      b.setFpr(f.FRT, bitsOfDouble(rounded));
      b.setState(State.fpscr, b.or(b.or(kept, resultClass), exceptions));
      done.set(ONE);
    });
  });
  b.if(b.eq(done.value, ZERO), otherwise);
}

/** Rounding twice is rounding once, unless the first rounding made a tie that the exact value is not. */
function toSingle(b: Builder, result: F64, error: F64): { rounded: F64; lost: F64; fits: I32 } {
  const rounded = b.let(roundToSingle(result));
  const dropped = b.let(subDouble(result, rounded));
  const doubled = b.let(addDouble(rounded, mulDouble(TWO, dropped)));
  const falseTie = b.and(neDouble(error, NOUGHT), b.and(neDouble(dropped, NOUGHT), eqDouble(roundToSingle(doubled), doubled)));
  const magnitude = absDouble(result);
  const inRange = b.and(geDouble(magnitude, SMALL_SINGLE), ltDouble(magnitude, LARGE_SINGLE));
  const lost = b.let(selectDouble(neDouble(dropped, NOUGHT), dropped, error));
  return { rounded, lost, fits: b.and(inRange, b.eq(falseTie, ZERO)) };
}

/** `fcmpu` and `fcmpo` of two numbers. */
export function compareFast(b: Builder, f: Fields, otherwise: () => void): void {
  const fpscr = b.let(b.state(State.fpscr));
  const x = frA(b, f);
  const y = frB(b, f);
  const less = ltDouble(x, y);
  const greater = gtDouble(x, y);
  const field = b.let(b.or(b.shl(less, constant(3)), b.or(b.shl(greater, constant(2)), b.shl(eqDouble(x, y), ONE))));
  b.if(
    b.and(b.ne(field, ZERO), b.eq(b.and(fpscr, constant(FEX)), ZERO)),
    () => {
      b.setState(State.fpscr, b.or(b.and(fpscr, constant(~FPCC)), b.shl(field, constant(12))));
      b.setCrField(f.BF, field);
    },
    otherwise,
  );
}

/** `fctiw` and `fctiwz` of what fits a word. */
export function convertToWordFast(b: Builder, f: Fields, truncate: boolean, otherwise: () => void): void {
  const fpscr = b.let(b.state(State.fpscr));
  const x = frB(b, f);
  b.if(
    b.and(statusIsPlain(b, fpscr), ltDouble(absDouble(x), WORD_LIMIT)),
    () => {
      const word = b.let(wordOfDouble(truncate ? x : nearestDouble(x)));
      const back = b.let(doubleOfWord(word));
      const roundedUp = gtDouble(absDouble(back), absDouble(x));
      const exceptions = b.select(neDouble(back, x), inexact(b, fpscr, roundedUp), ZERO);
      b.setFpr(f.FRT, b.extendS64(word));
      b.setState(State.fpscr, b.or(b.and(fpscr, constant(~(FR | FI))), exceptions));
    },
    otherwise,
  );
}
