/**
 * Between the 32-bit single format in memory and the 64-bit double format in registers, as `lfs` and `stfs` do it: by moving bits,
 * never by arithmetic, so that a signaling NaN passes and nothing is rounded or raised
 * (Power ISA 2.03 Book I, §4.6 "Floating-Point Load Instructions" and "Floating-Point Store Instructions").
 *
 * Doubles are two 32-bit words; each function gives one of them, so that no pair need be allocated.
 */

/** The high word of the double that `lfs` makes of a single. */
export function doubleHighOfSingle(single: number): number {
  const exponent = (single >>> 23) & 0xff;
  const fraction = single & 0x7f_ffff;
  const sign = single & 0x8000_0000;
  if (exponent === 0 && fraction !== 0) {
    const shift = Math.clz32(fraction) - 8;
    return sign | ((897 - shift) << 20) | (((fraction << shift) & 0x7f_ffff) >>> 3);
  }
  if (exponent === 0) return sign;
  // Infinity and NaN keep an all-ones exponent; 896 is the difference of the biases.
  return sign | ((exponent === 0xff ? 0x7ff : exponent + 896) << 20) | (fraction >>> 3);
}

/** The low word of the double that `lfs` makes of a single. */
export function doubleLowOfSingle(single: number): number {
  const exponent = (single >>> 23) & 0xff;
  const fraction = single & 0x7f_ffff;
  if (exponent === 0 && fraction !== 0) return (fraction << (Math.clz32(fraction) - 8)) << 29;
  return fraction << 29;
}

/**
 * The single that `stfs` stores, unsigned. A double too small for a single denormal (exponent field below 874), for which the
 * architecture leaves the result undefined, stores a zero of its sign; that is what the shift comes to.
 */
export function singleOfDouble(high: number, low: number): number {
  const exponent = (high >>> 20) & 0x7ff;
  const magnitudeIsZero = ((high & 0x7fff_ffff) | low) === 0;
  if (exponent > 896 || magnitudeIsZero) {
    return ((high & 0xc000_0000) | ((high & 0x07ff_ffff) << 3) | (low >>> 29)) >>> 0;
  }
  const sign = high & 0x8000_0000;
  if (exponent < 874) return sign >>> 0;
  const significand = 0x80_0000 | ((high & 0xf_ffff) << 3) | (low >>> 29);
  return (sign | (significand >>> (897 - exponent))) >>> 0;
}
