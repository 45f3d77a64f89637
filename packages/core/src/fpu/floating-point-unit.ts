/**
 * The 440EP's floating-point unit over a machine's register file.
 *
 * The fast path works on host doubles, in round to nearest: the host rounds as the architecture does, and what FR and FI need, the
 * exact error of that rounding, comes from error-free transformations (T. J. Dekker, "A floating-point technique for extending the
 * available precision", 1971; D. E. Knuth, TAOCP vol. 2, §4.2.2). They hold only away from the ends of the exponent range; there,
 * and for every special operand and other rounding mode, the exact arithmetic of `exact-arithmetic.ts` decides.
 */
import * as exact from './exact-arithmetic.js';
import { type Outcome, unpack } from './exact-number.js';
import {
  clearBit,
  clearExceptionsOfField,
  Fpscr,
  fieldMask,
  moveTo,
  ResultClass,
  RoundingMode,
  raise,
  readField,
  setBit,
} from './fpscr.js';
import { KIND_MASK, Kind, NEGATE, SINGLE, SUBTRACT } from './operations.js';
import { doubleHighOfSingle, doubleLowOfSingle, singleOfDouble } from './single-format.js';

/**
 * In the result of {@link FloatingPointUnit.execute}: FPSCR[FEX] is set, so that with MSR[FE0] or MSR[FE1] set a program interrupt of
 * the floating-point kind is due. The low four bits beside it are a CR field.
 */
export const ENABLED_EXCEPTION = 0x10;

const { FX, FEX, XX, FR, FI, FPRF, XE, RN } = Fpscr;
const ROUNDED = FR | FI | FPRF;
const PLUS_NORMAL = ResultClass.plusNormal;
const MINUS_NORMAL = ResultClass.minusNormal;
const PLUS_ZERO = ResultClass.plusZero;
const MINUS_ZERO = ResultClass.minusZero;

/** Operands below this cannot overflow a splitting, a product of error terms or a sum. */
const LARGE = 2 ** 990;
/** Results above this have an exact double as their error, even in the product of two significands. */
const SMALL = 2 ** -960;
const LARGE_SINGLE = 2 ** 127;
const SMALL_SINGLE = 2 ** -125;
/** Veltkamp's constant: multiplying by it splits a 53-bit significand into halves whose products are exact. */
const SPLITTER = 2 ** 27 + 1;
/** Adding and subtracting it rounds a double below 2^51 to an integer, ties to even. */
const TO_INTEGER = 1.5 * 2 ** 52;

export class FloatingPointUnit {
  private readonly doubles: Float64Array;
  private readonly bits: BigUint64Array;
  private readonly words: Int32Array;
  private readonly status: Int32Array;

  /**
   * @param buffer the machine's state memory; it must not be replaced (a WebAssembly memory that grows replaces it).
   * @param fprOffsetBytes where FPR0 lies: 32 doubles in the host's (little-endian) order; a multiple of 8.
   * @param fpscrOffsetBytes where FPSCR lies, as a 32-bit word in the host's order; a multiple of 4.
   */
  constructor(buffer: ArrayBufferLike, fprOffsetBytes: number, fpscrOffsetBytes: number) {
    this.doubles = new Float64Array(buffer, fprOffsetBytes, 32);
    this.bits = new BigUint64Array(buffer, fprOffsetBytes, 32);
    this.words = new Int32Array(buffer, fprOffsetBytes, 64);
    this.status = new Int32Array(buffer, fpscrOffsetBytes, 1);
  }

  /**
   * Executes one instruction: reads and writes the register file and FPSCR in memory.
   *
   * @param operation an id of `FpOperation`, which also says how unusual operands are passed.
   * @returns bits 0 to 3: the CR field of a comparison or `mcrfs` (else 0); {@link ENABLED_EXCEPTION}: FPSCR[FEX] is set after an
   * instruction that can alter it. A target that an enabled exception protects has not been written. With Rc, CR1 is FPSCR >>> 28.
   */
  execute(operation: number, frt: number, fra: number, frb: number, frc: number): number {
    switch (operation & KIND_MASK) {
      case Kind.add:
        return this.add(operation, frt, fra, frb);
      case Kind.multiply:
        return this.multiply(operation, frt, fra, frc);
      case Kind.multiplyAdd:
        return this.multiplyAdd(operation, frt, fra, frb, frc);
      case Kind.divide:
        return this.divide(operation, frt, fra, frb);
      case Kind.compareUnordered:
        return this.compare(fra, frb, false);
      case Kind.compareOrdered:
        return this.compare(fra, frb, true);
      case Kind.move:
        return this.move(frt, frb, -1, 0);
      case Kind.negate:
        return this.move(frt, frb, -1, 0x8000_0000 | 0);
      case Kind.absolute:
        return this.move(frt, frb, 0x7fff_ffff, 0);
      case Kind.negativeAbsolute:
        return this.move(frt, frb, 0x7fff_ffff, 0x8000_0000 | 0);
      case Kind.select:
        return this.move(frt, this.doubles[fra]! >= 0 ? frc : frb, -1, 0);
      case Kind.roundToSingle:
        return this.roundToSingle(operation, frt, frb);
      case Kind.toWord:
        return this.toWord(frt, frb, this.status[0]! & RN);
      case Kind.toWordTruncating:
        return this.toWord(frt, frb, RoundingMode.towardZero);
      case Kind.reciprocalEstimate:
        return this.reciprocalEstimate(frt, frb);
      case Kind.reciprocalSquareRootEstimate:
        return this.reciprocalSquareRootEstimate(frt, frb);
      case Kind.moveFromFpscr:
        // The high word is undefined; later versions of the architecture make it 0 where this one has nothing to put.
        this.words[2 * frt] = this.status[0]!;
        this.words[2 * frt + 1] = 0;
        return 0;
      case Kind.moveToFields:
        return this.setStatus(moveTo(this.status[0]!, this.words[2 * frb]!, fieldMask(fra)));
      case Kind.moveToFieldImmediate:
        return this.setStatus(moveTo(this.status[0]!, frb << (28 - 4 * fra), 0xf000_0000 >>> (4 * fra)));
      case Kind.clearBit:
        return this.setStatus(clearBit(this.status[0]!, fra));
      case Kind.setBit:
        return this.setStatus(setBit(this.status[0]!, fra));
      case Kind.moveFieldToCr: {
        const field = readField(this.status[0]!, fra);
        return this.setStatus(clearExceptionsOfField(this.status[0]!, fra)) | field;
      }
      default:
        throw new RangeError(`no floating-point operation has the id ${operation}`);
    }
  }

  /** `lfs`: puts a single into a register as its double. */
  loadSingle(frt: number, single: number): void {
    this.words[2 * frt] = doubleLowOfSingle(single);
    this.words[2 * frt + 1] = doubleHighOfSingle(single);
  }

  /** `stfs`: the single, unsigned, to store for a register. */
  storeSingle(frs: number): number {
    return singleOfDouble(this.words[2 * frs + 1]!, this.words[2 * frs]!);
  }

  /** `stfiwx`: the low word of a register, unsigned. */
  lowWord(frs: number): number {
    return this.words[2 * frs]! >>> 0;
  }

  private add(operation: number, frt: number, fra: number, frb: number): number {
    const fpscr = this.status[0]!;
    if ((fpscr & RN) === 0) {
      const x = this.doubles[fra]!;
      const y = (operation & SUBTRACT) !== 0 ? -this.doubles[frb]! : this.doubles[frb]!;
      // The comparisons also refuse NaNs.
      if (Math.abs(x) < LARGE && Math.abs(y) < LARGE) {
        const sum = x + y;
        const added = sum - x;
        const error = x - (sum - added) + (y - added);
        const done = this.finish(operation, frt, sum, error, fpscr);
        if (done >= 0) return done;
      }
    }
    return this.exactMultiplyAdd(operation, frt, this.bits[fra]!, this.bits[frb]!, undefined);
  }

  private multiply(operation: number, frt: number, fra: number, frc: number): number {
    const fpscr = this.status[0]!;
    if ((fpscr & RN) === 0) {
      const x = this.doubles[fra]!;
      const y = this.doubles[frc]!;
      const product = x * y;
      if (isSafeProduct(x, y, product)) {
        const done = this.finish(operation, frt, product, productError(x, y, product), fpscr);
        if (done >= 0) return done;
      }
    }
    return this.exactMultiplyAdd(operation, frt, this.bits[fra]!, undefined, this.bits[frc]!);
  }

  private multiplyAdd(operation: number, frt: number, fra: number, frb: number, frc: number): number {
    const fpscr = this.status[0]!;
    if ((fpscr & RN) === 0) {
      const x = this.doubles[fra]!;
      const z = this.doubles[frc]!;
      const y = (operation & SUBTRACT) !== 0 ? -this.doubles[frb]! : this.doubles[frb]!;
      const product = x * z;
      if (isSafeProduct(x, z, product) && Math.abs(y) < LARGE) {
        // product + low = x × z exactly, sum + error = product + y exactly.
        const low = productError(x, z, product);
        const sum = product + y;
        const added = sum - product;
        const error = product - (sum - added) + (y - added);
        const done =
          low === 0 ? this.finishSigned(operation, frt, sum, error, fpscr) : this.finishThreeTerms(operation, frt, sum, error, low, fpscr);
        if (done >= 0) return done;
      }
    }
    return this.exactMultiplyAdd(operation, frt, this.bits[fra]!, this.bits[frb]!, this.bits[frc]!);
  }

  /** The exact value is `sum + error + low`; |error| is at most half a unit in the last place of `sum`. */
  private finishThreeTerms(operation: number, frt: number, sum: number, error: number, low: number, fpscr: number): number {
    const tail = error + low;
    const tailAdded = tail - error;
    const tailError = error - (tail - tailAdded) + (low - tailAdded);
    const result = sum + tail;
    const added = result - sum;
    const resultError = sum - (result - added) + (tail - added);
    if (tailError !== 0) {
      // `error` is not 0, so `sum` is not small beside `low`, and what is left out is less than the last place of either term: it
      // changes the rounding of `sum + tail` only where that lies exactly between two doubles, or on one. The exact arithmetic decides.
      if (resultError === 0 || result + 2 * resultError - result === 2 * resultError) return -1;
    } else if (result === 0) return -1;
    return this.finishSigned(operation, frt, result, resultError, fpscr);
  }

  private divide(operation: number, frt: number, fra: number, frb: number): number {
    const fpscr = this.status[0]!;
    if ((fpscr & RN) === 0) {
      const x = this.doubles[fra]!;
      const y = this.doubles[frb]!;
      const quotient = x / y;
      if (y !== 0 && isSafeProduct(quotient, y, x)) {
        // The remainder of a nearest quotient is a double: x − q·y = (x − p) − (q·y − p) with p the rounded product.
        const product = quotient * y;
        const remainder = x - product - productError(quotient, y, product);
        // Only the sign of the error matters from here on.
        const error = remainder === 0 ? 0 : remainder > 0 === y > 0 ? 1 : -1;
        const done = this.finish(operation, frt, quotient, error, fpscr);
        if (done >= 0) return done;
      }
    }
    return this.apply(frt, exact.divide(this.bits[fra]!, this.bits[frb]!, (operation & SINGLE) !== 0, fpscr));
  }

  private roundToSingle(operation: number, frt: number, frb: number): number {
    const fpscr = this.status[0]!;
    if ((fpscr & RN) === 0) {
      const done = this.finish(operation, frt, this.doubles[frb]!, 0, fpscr);
      if (done >= 0) return done;
    }
    return this.apply(frt, exact.roundToSingle(this.bits[frb]!, fpscr));
  }

  private finishSigned(operation: number, frt: number, result: number, error: number, fpscr: number): number {
    return (operation & NEGATE) !== 0
      ? this.finish(operation, frt, -result, -error, fpscr)
      : this.finish(operation, frt, result, error, fpscr);
  }

  /**
   * Writes a result of which only the size of `result + error`'s rounding is known to be right: `result` is the nearest double to the
   * exact value, `error` has the sign of what that lost. Gives −1, having written nothing, where the exact arithmetic must decide.
   */
  private finish(operation: number, frt: number, result: number, error: number, fpscr: number): number {
    let rounded = result;
    let lost = error;
    const magnitude = Math.abs(result);
    if (result === 0) {
      if (error !== 0) return -1;
    } else if ((operation & SINGLE) !== 0) {
      if (!(magnitude >= SMALL_SINGLE && magnitude < LARGE_SINGLE)) return -1;
      rounded = Math.fround(result);
      const dropped = result - rounded;
      if (dropped !== 0) {
        // Rounding twice is rounding once, unless the first rounding made a tie that the exact value is not.
        if (error !== 0 && Math.fround(rounded + 2 * dropped) === rounded + 2 * dropped) return -1;
        lost = dropped;
      }
    } else if (!(magnitude >= SMALL)) return -1;

    let next = fpscr & ~ROUNDED;
    if (rounded > 0) next |= PLUS_NORMAL;
    else if (rounded < 0) next |= MINUS_NORMAL;
    else next |= Object.is(rounded, 0) ? PLUS_ZERO : MINUS_ZERO;
    if (lost !== 0) {
      next |= lost < 0 === rounded > 0 ? FI | FR : FI;
      if ((fpscr & XX) === 0) next |= FX | XX;
      if ((fpscr & XE) !== 0) next |= FEX;
    }
    this.doubles[frt] = rounded;
    this.status[0] = next;
    return enabledException(next);
  }

  private exactMultiplyAdd(operation: number, frt: number, a: bigint, b: bigint | undefined, c: bigint | undefined): number {
    const options = {
      subtract: (operation & SUBTRACT) !== 0,
      negate: (operation & NEGATE) !== 0,
      single: (operation & SINGLE) !== 0,
    };
    return this.apply(frt, exact.multiplyAdd(a, b, c, options, this.status[0]!));
  }

  private toWord(frt: number, frb: number, mode: number): number {
    const x = this.doubles[frb]!;
    const fpscr = this.status[0]!;
    if (!(Math.abs(x) < 2 ** 31 - 1)) return this.apply(frt, exact.toWord(this.bits[frb]!, mode, fpscr));
    let word: number;
    if (mode === RoundingMode.nearest) word = x + TO_INTEGER - TO_INTEGER;
    else if (mode === RoundingMode.towardZero) word = Math.trunc(x);
    else if (mode === RoundingMode.towardPlusInfinity) word = Math.ceil(x);
    else word = Math.floor(x);
    let next = fpscr & ~(FR | FI);
    if (word !== x) next = raise(next | (Math.abs(word) > Math.abs(x) ? FI | FR : FI), XX);
    this.words[2 * frt] = word;
    this.words[2 * frt + 1] = word < 0 ? -1 : 0;
    return this.setStatus(next);
  }

  /** `fres`: see `reciprocalEstimate` of the exact arithmetic, which also does what rounding twice might get wrong. */
  private reciprocalEstimate(frt: number, frb: number): number {
    const reciprocal = 1 / this.doubles[frb]!;
    const magnitude = Math.abs(reciprocal);
    const rounded = Math.fround(reciprocal);
    const doubled = rounded + 2 * (reciprocal - rounded);
    const isTie = reciprocal !== rounded && Math.fround(doubled) === doubled;
    if (!(magnitude >= SMALL_SINGLE && magnitude < LARGE_SINGLE) || isTie) {
      return this.apply(frt, exact.reciprocalEstimate(this.bits[frb]!, this.status[0]!));
    }
    this.doubles[frt] = rounded;
    return this.setStatus((this.status[0]! & ~ROUNDED) | (rounded > 0 ? PLUS_NORMAL : MINUS_NORMAL));
  }

  /**
   * `frsqrte`: the reciprocal of the root, each rounded to the nearest double whatever RN says; the architecture asks for one part
   * in 32. Never tiny or huge. FR and FI are undefined; here they are 0.
   */
  private reciprocalSquareRootEstimate(frt: number, frb: number): number {
    const x = this.doubles[frb]!;
    if (!(x > 0 && x < Number.POSITIVE_INFINITY)) {
      return this.apply(frt, exact.reciprocalSquareRootOfSpecial(this.bits[frb]!, this.status[0]!));
    }
    this.doubles[frt] = 1 / Math.sqrt(x);
    return this.setStatus((this.status[0]! & ~ROUNDED) | PLUS_NORMAL);
  }

  /** `fcmpu`, `fcmpo`: FR, FI and C stay (§4.6 "Floating-Point Compare Instructions"). */
  private compare(fra: number, frb: number, ordered: boolean): number {
    const x = this.doubles[fra]!;
    const y = this.doubles[frb]!;
    let field = 1;
    if (x < y) field = 8;
    else if (x > y) field = 4;
    else if (x === y) field = 2;
    let next = (this.status[0]! & ~Fpscr.FPCC) | (field << 12);
    if (field === 1) {
      const signaling = unpack(this.bits[fra]!).kind === 'signalingNan' || unpack(this.bits[frb]!).kind === 'signalingNan';
      let invalid = signaling ? Fpscr.VXSNAN : 0;
      if (ordered && !(signaling && (next & Fpscr.VE) !== 0)) invalid |= Fpscr.VXVC;
      next = raise(next, invalid);
    }
    return this.setStatus(next) | field;
  }

  /** Moves go by words: a NaN passing through a host double might not keep its bits. */
  private move(frt: number, from: number, keep: number, change: number): number {
    const high = (this.words[2 * from + 1]! & keep) ^ change;
    this.words[2 * frt] = this.words[2 * from]!;
    this.words[2 * frt + 1] = high;
    return 0;
  }

  private apply(frt: number, outcome: Outcome): number {
    let next = this.status[0]! & ~(FR | FI);
    if (outcome.resultClass !== undefined) next = (next & ~FPRF) | outcome.resultClass;
    if (outcome.bits !== undefined) this.bits[frt] = outcome.bits;
    return this.setStatus(raise(next | outcome.rounding, outcome.exceptions));
  }

  private setStatus(fpscr: number): number {
    this.status[0] = fpscr;
    return enabledException(fpscr);
  }
}

/** FEX is bit 1 of the register; {@link ENABLED_EXCEPTION} is bit 4 from the right. */
function enabledException(fpscr: number): number {
  return (fpscr >>> 26) & ENABLED_EXCEPTION;
}

/** Whether the error of `product`, the host's x × y, is an exact double: ordinary sizes, or an exact zero. */
function isSafeProduct(x: number, y: number, product: number): boolean {
  const magnitude = Math.abs(product);
  if (!(magnitude < LARGE && Math.abs(x) < LARGE && Math.abs(y) < LARGE)) return false;
  return magnitude >= SMALL || x === 0 || y === 0;
}

/** Dekker: the exact x × y − product, where {@link isSafeProduct}. */
function productError(x: number, y: number, product: number): number {
  const xScaled = SPLITTER * x;
  const xHigh = xScaled - (xScaled - x);
  const xLow = x - xHigh;
  const yScaled = SPLITTER * y;
  const yHigh = yScaled - (yScaled - y);
  const yLow = y - yHigh;
  return xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
}
