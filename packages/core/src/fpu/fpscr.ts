/**
 * The Floating-Point Status and Control Register (Power ISA 2.03 Book I, §4.2.2; Book E has the same register).
 * All values here are signed 32-bit integers, as JavaScript's bit operators make them.
 */

/** The bit of the register that the books number `n`: 0 is the most significant. */
function bit(n: number): number {
  return (0x8000_0000 >>> n) | 0;
}

/** One row a bit or field. `FPRF` is C and FPCC together; `FPCC` is `FL FG FE FU`. */
export const Fpscr = {
  FX: bit(0),
  FEX: bit(1),
  VX: bit(2),
  OX: bit(3),
  UX: bit(4),
  ZX: bit(5),
  XX: bit(6),
  VXSNAN: bit(7),
  VXISI: bit(8),
  VXIDI: bit(9),
  VXZDZ: bit(10),
  VXIMZ: bit(11),
  VXVC: bit(12),
  FR: bit(13),
  FI: bit(14),
  FPRF: 0x1f << 12,
  FPCC: 0xf << 12,
  VXSOFT: bit(21),
  VXSQRT: bit(22),
  VXCVI: bit(23),
  VE: bit(24),
  OE: bit(25),
  UE: bit(26),
  ZE: bit(27),
  XE: bit(28),
  NI: bit(29),
  RN: 3,
} as const;

/** FPSCR[RN]. */
export const RoundingMode = { nearest: 0, towardZero: 1, towardPlusInfinity: 2, towardMinusInfinity: 3 } as const;

/** FPSCR[FPRF] in place, by the class of a result (§4.2.2, figure "Floating-Point Result Flags"). */
export const ResultClass = {
  quietNan: 0b10001 << 12,
  minusInfinity: 0b01001 << 12,
  minusNormal: 0b01000 << 12,
  minusDenormal: 0b11000 << 12,
  minusZero: 0b10010 << 12,
  plusZero: 0b00010 << 12,
  plusDenormal: 0b10100 << 12,
  plusNormal: 0b00100 << 12,
  plusInfinity: 0b00101 << 12,
} as const;

const INVALID_CAUSES =
  Fpscr.VXSNAN | Fpscr.VXISI | Fpscr.VXIDI | Fpscr.VXZDZ | Fpscr.VXIMZ | Fpscr.VXVC | Fpscr.VXSOFT | Fpscr.VXSQRT | Fpscr.VXCVI;

/** The sticky exception bits whose change from 0 to 1 sets FX. */
const EXCEPTIONS = INVALID_CAUSES | Fpscr.OX | Fpscr.UX | Fpscr.ZX | Fpscr.XX;

/** FEX and VX are functions of the other bits; bit 20 is reserved and stays 0. Nothing writes these three. */
const UNWRITABLE = Fpscr.FEX | Fpscr.VX | bit(20);

/** `fpscr` with FEX and VX computed from the other bits. */
export function summarize(fpscr: number): number {
  let status = fpscr & ~(Fpscr.FEX | Fpscr.VX);
  if ((status & INVALID_CAUSES) !== 0) status |= Fpscr.VX;
  // VX OX UX ZX XX are bits 2 to 6, their enables VE OE UE ZE XE bits 24 to 28.
  if (((status >>> 22) & status & 0xf8) !== 0) status |= Fpscr.FEX;
  return status;
}

/** `fpscr` after an instruction found the given exceptions: they stick, FX notices what is new, the summaries follow. */
export function raise(fpscr: number, exceptions: number): number {
  const isNew = (exceptions & ~fpscr & EXCEPTIONS) !== 0;
  return summarize(fpscr | exceptions | (isNew ? Fpscr.FX : 0));
}

/** `mtfsf` and `mtfsfi`: replaces the bits of `mask` by those of `value`. FX is taken from `value`, never implied. */
export function moveTo(fpscr: number, value: number, mask: number): number {
  const writable = mask & ~UNWRITABLE;
  return summarize((fpscr & ~writable) | (value & writable));
}

/** `mtfsb1`: sets bit `n` (0 to 31); here FX *is* implied by a new exception bit. */
export function setBit(fpscr: number, n: number): number {
  return raise(fpscr, bit(n) & ~UNWRITABLE);
}

/** `mtfsb0`: clears bit `n` (0 to 31). */
export function clearBit(fpscr: number, n: number): number {
  return summarize(fpscr & ~(bit(n) & ~UNWRITABLE));
}

/** The mask of FPSCR fields that `mtfsf`'s FLM (8 bits, its most significant for field 0) selects. */
export function fieldMask(flm: number): number {
  let mask = 0;
  for (let field = 0; field < 8; field++) if ((flm & (0x80 >>> field)) !== 0) mask |= 0xf000_0000 >>> (4 * field);
  return mask;
}

/** `mcrfs`, the part for the CR: FPSCR field `n` (0 to 7) as four bits. */
export function readField(fpscr: number, n: number): number {
  return (fpscr >>> (28 - 4 * n)) & 0xf;
}

/** `mcrfs`, the part for the FPSCR: clears the exception bits, and FX, of field `n`. */
export function clearExceptionsOfField(fpscr: number, n: number): number {
  return summarize(fpscr & ~((EXCEPTIONS | Fpscr.FX) & (0xf000_0000 >>> (4 * n))));
}
