/** Operands that find mistakes, for fast-check. All are the 64 bits of a double. */
import fc from 'fast-check';
import { withSummaries } from './reference.js';

const SIGN = 1n << 63n;

/** Where formats end, begin and round: both precisions' smallest, largest and halfway values, NaNs with and without payload. */
export const notableDoubles: bigint[] = [
  0x0000000000000000n,
  0x0000000000000001n,
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x0010000000000001n,
  0x0020000000000000n,
  0x3690000000000000n, // half the smallest single denormal
  0x3690000000000001n,
  0x36a0000000000000n, // the smallest single denormal
  0x36b8000000000000n,
  0x380fffffc0000000n, // the largest single denormal
  0x380fffffe0000000n, // halfway from it to the smallest single normal
  0x380fffffffffffffn,
  0x3810000000000000n,
  0x3ca0000000000000n, // 2^-53
  0x3ca0000000000001n,
  0x3fe0000000000000n,
  0x3fefffffffffffffn,
  0x3ff0000000000000n,
  0x3ff0000000000001n,
  0x3ff0000010000000n, // 1 and half a single's last place
  0x3ff0000010000001n,
  0x3ff000000fffffffn,
  0x3ff0000030000000n,
  0x3ff8000000000000n,
  0x4000000000000000n,
  0x41dfffffffc00000n, // 2^31 - 1
  0x41dfffffffe00000n,
  0x41e0000000000000n,
  0x41e0000000100000n,
  0x4330000000000001n,
  0x47efffffe0000000n, // the largest single
  0x47effffff0000000n, // halfway from it to 2^128
  0x47efffffefffffffn,
  0x47f0000000000000n,
  0x7fe0000000000000n,
  0x7fefffffffffffffn,
  0x7ff0000000000000n,
  0x7ff0000000000001n,
  0x7ff4000000000000n,
  0x7ff7ffffffffffffn,
  0x7ff8000000000000n,
  0x7ff8000020000001n,
  0x7fffffffffffffffn,
];

const signed = (magnitudes: fc.Arbitrary<bigint>) =>
  fc.tuple(magnitudes, fc.boolean()).map(([magnitude, negative]) => (negative ? magnitude | SIGN : magnitude));

const notable = signed(fc.constantFrom(...notableDoubles));
const anyBits = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

/** Few significant digits make ties, cancellations and exact results likely. */
const sparse = signed(
  fc
    .tuple(fc.integer({ min: 0, max: 2046 }), fc.integer({ min: 0, max: 52 }), fc.integer({ min: 0, max: 52 }))
    .map(([exponent, i, j]) => (BigInt(exponent) << 52n) | (((1n << BigInt(i)) ^ (1n << BigInt(j))) & ((1n << 52n) - 1n))),
);

/** Numbers of like size, as programs have them. */
const ordinary = signed(
  fc
    .tuple(fc.integer({ min: 960, max: 1090 }), fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }))
    .map(([exponent, fraction]) => (BigInt(exponent) << 52n) | fraction),
);

/** Doubles that are singles, and doubles next to the middle of two singles. */
const singleLike = fc
  .tuple(
    signed(
      fc
        .tuple(fc.integer({ min: 870, max: 1160 }), fc.integer({ min: 0, max: 0x7fffff }))
        .map(([exponent, fraction]) => (BigInt(exponent) << 52n) | (BigInt(fraction) << 29n)),
    ),
    fc.constantFrom(0n, 0n, 1n, 0x0fffffffn, 0x10000000n, 0x10000001n),
  )
  .map(([bits, rest]) => bits | rest);

export const operandBits: fc.Arbitrary<bigint> = fc.oneof(
  { arbitrary: ordinary, weight: 3 },
  { arbitrary: sparse, weight: 3 },
  { arbitrary: singleLike, weight: 3 },
  { arbitrary: notable, weight: 3 },
  { arbitrary: anyBits, weight: 1 },
);

/** A double moved by a power of two, where that is still a double. */
function scaled(value: number, exponent: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value * 2 ** exponent);
  return view.getBigUint64(0);
}

function numberOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** (1 + x)(1 − x), which is 1 but for a square too small for a double, added to about 2^53, whose last place is 1 or 2. */
function almostTie(random: bigint, step: number, exponent: number): [bigint, bigint, bigint] {
  const x = (2 * step + 1) * 2 ** (Number(random % 25n) - 52);
  const addend = (2 ** 53 - 64 + Number((random >> 8n) % 128n)) * (random % 2n === 0n ? 1 : -1);
  return [scaled(1 + x, exponent), scaled(addend, exponent), scaled(1 - x, 0)];
}

/**
 * Three operands. In some FRB is a small step from FRA or from its negative, so that sums cancel and quotients come near 1; in some FRB
 * is FRA × FRC moved by a power of two, so that a multiply-add cancels, or has its product just below the digits of the addend; in some
 * the product is almost half a unit in the addend's last place, so that a tie is none by the last bit of the product.
 */
export const operandTriple: fc.Arbitrary<[bigint, bigint, bigint]> = fc
  .tuple(
    fc.tuple(operandBits, operandBits, operandBits),
    fc.integer({ min: 0, max: 11 }),
    fc.bigInt({ min: -2n, max: 2n }),
    fc.boolean(),
    fc.constantFrom(-107, -106, -105, -54, -53, -52, -25, -24, -1, 0, 0, 0, 1, 24, 25, 52, 53, 54, 105, 106, 107),
  )
  .map(([[a, b, c], relation, step, flip, exponent]) => {
    const sign = flip ? SIGN : 0n;
    const neighbour = BigInt.asUintN(64, a + step) ^ sign;
    if (relation === 0) return [a, neighbour, c];
    if (relation === 1) return [a, neighbour, 0x3ff0000000000000n ^ (step & 1n)];
    if (relation <= 4) return [a, BigInt.asUintN(64, scaled(numberOf(a) * numberOf(c), exponent) + step) ^ sign, c];
    if (relation === 5) return [a, scaled(1, exponent) ^ sign, c];
    if (relation <= 7) return almostTie(b, Number(step), exponent);
    return [a, b, c];
  });

/** FPSCR values that can be: any status, mode and enables, with FEX and VX following from them. */
export const statusAndControl: fc.Arbitrary<number> = fc
  .tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, { arbitrary: fc.integer({ min: 0, max: 0x1f }), weight: 1 }),
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  )
  .map(([rn, enables, status]) => withSummaries(((status & 0x9ffff704) | (enables << 3) | rn) >>> 0));
