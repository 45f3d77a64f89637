/** Exact rationals and their rounding, from the definitions of IEEE 754 alone: nothing here is shared with the unit under test. */

/** `numerator / denominator`; the denominator is positive, the fraction not necessarily in lowest terms. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export type Mode = 'nearest' | 'zero' | 'up' | 'down';

/** A binary format by its parameters: `p` digits, normal exponents from `emin` to `emax`. */
export interface BinaryFormat {
  readonly p: number;
  readonly emin: number;
  readonly emax: number;
}
export const double: BinaryFormat = { p: 53, emin: -1022, emax: 1023 };
export const single: BinaryFormat = { p: 24, emin: -126, emax: 127 };

export const zero: Rational = { numerator: 0n, denominator: 1n };

export function powerOfTwo(exponent: number): Rational {
  return exponent >= 0 ? { numerator: 1n << BigInt(exponent), denominator: 1n } : { numerator: 1n, denominator: 1n << BigInt(-exponent) };
}

export function plus(x: Rational, y: Rational): Rational {
  return { numerator: x.numerator * y.denominator + y.numerator * x.denominator, denominator: x.denominator * y.denominator };
}

export function times(x: Rational, y: Rational): Rational {
  return { numerator: x.numerator * y.numerator, denominator: x.denominator * y.denominator };
}

export function negated(x: Rational): Rational {
  return { numerator: -x.numerator, denominator: x.denominator };
}

export function over(x: Rational, y: Rational): Rational {
  const sign = y.numerator < 0n ? -1n : 1n;
  return { numerator: x.numerator * y.denominator * sign, denominator: x.denominator * y.numerator * sign };
}

export function magnitude(x: Rational): Rational {
  return x.numerator < 0n ? negated(x) : x;
}

/** Negative, zero or positive as x is below, at or above y. */
export function compare(x: Rational, y: Rational): number {
  const difference = x.numerator * y.denominator - y.numerator * x.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The exponent e with 2^e ≤ |x| < 2^(e+1), for x not 0. */
export function exponentOf(x: Rational): number {
  const size = magnitude(x);
  let e = size.numerator.toString(2).length - size.denominator.toString(2).length;
  while (compare(size, powerOfTwo(e)) < 0) e -= 1;
  while (compare(size, powerOfTwo(e + 1)) >= 0) e += 1;
  return e;
}

/** Rounds to a multiple of `unit`: of the two multiples around x, the one the mode prefers. */
export function roundToMultiple(x: Rational, unit: Rational, mode: Mode): Rational {
  const ratio = over(x, unit);
  let below = ratio.numerator / ratio.denominator;
  if (below * ratio.denominator > ratio.numerator) below -= 1n;
  const lower = times({ numerator: below, denominator: 1n }, unit);
  if (compare(lower, x) === 0) return x;
  const upper = plus(lower, unit);
  if (mode === 'up') return upper;
  if (mode === 'down') return lower;
  if (mode === 'zero') return x.numerator < 0n ? upper : lower;
  const nearer = compare(plus(x, negated(lower)), plus(upper, negated(x)));
  if (nearer !== 0) return nearer < 0 ? lower : upper;
  return below % 2n === 0n ? lower : upper;
}

/** Rounds to `p` digits as though exponents were unbounded. */
export function roundToPrecision(x: Rational, p: number, mode: Mode): Rational {
  return roundToMultiple(x, powerOfTwo(exponentOf(x) - p + 1), mode);
}

/** The value of a finite double's bits; zero has no sign here. */
export function valueOfDouble(bits: bigint): Rational {
  const biased = Number((bits / 2n ** 52n) % 2048n);
  const fraction = bits % 2n ** 52n;
  const size =
    biased === 0
      ? times({ numerator: fraction, denominator: 1n }, powerOfTwo(-1074))
      : times({ numerator: 2n ** 52n + fraction, denominator: 1n }, powerOfTwo(biased - 1075));
  return bits >= 2n ** 63n ? negated(size) : size;
}

/** The bits of the double that is exactly x; undefined if none is. */
export function bitsOfDouble(x: Rational, negative: boolean): bigint | undefined {
  const sign = negative ? 2n ** 63n : 0n;
  if (x.numerator === 0n) return sign;
  const e = exponentOf(x);
  const unit = powerOfTwo(Math.max(e, double.emin) - 52);
  const digits = over(magnitude(x), unit);
  if (digits.numerator % digits.denominator !== 0n || e > double.emax) return undefined;
  const integer = digits.numerator / digits.denominator;
  // A denormal's digits lack the hidden one, which is worth just one in the exponent field.
  return sign + integer + (e < double.emin ? 0n : BigInt(e + 1022) * 2n ** 52n);
}

/** Correctly rounded (to nearest) square root of a positive value. */
export function nearestRoot(x: Rational, p: number): Rational {
  // floor(√(x·4^k)) with k such that the integer root has many more than p digits; a last digit of 1 stands for what is left.
  const k = 2 * p + 600 + Math.abs(exponentOf(x));
  const scaled = (x.numerator << BigInt(2 * k)) / x.denominator;
  let root = 1n << BigInt(Math.ceil(scaled.toString(2).length / 2));
  for (;;) {
    const next = (root + scaled / root) >> 1n;
    if (next >= root) break;
    root = next;
  }
  const exact = root * root * x.denominator === x.numerator << BigInt(2 * k);
  const candidate = { numerator: 2n * root + (exact ? 0n : 1n), denominator: 1n << BigInt(k + 1) };
  return roundToPrecision(candidate, p, 'nearest');
}
