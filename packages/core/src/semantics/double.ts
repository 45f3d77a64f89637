import { Op } from '../wasm/opcodes.js';
import type { F32, F64, I32, I64 } from './expression.js';

/** Expressions over host doubles, which are IEEE 754 doubles rounded to nearest even. */

const binary =
  (op: number) =>
  (a: F64, b: F64): F64 => ({ type: 'f64', kind: 'binary', op, a, b });
const comparison =
  (op: number) =>
  (a: F64, b: F64): I32 => ({ type: 'i32', kind: 'binary', op, a, b });
const unary =
  (op: number) =>
  (a: F64): F64 => ({ type: 'f64', kind: 'unary', op, a });

export const addDouble = binary(Op.f64Add);
export const subDouble = binary(Op.f64Sub);
export const mulDouble = binary(Op.f64Mul);
export const divDouble = binary(Op.f64Div);
export const minDouble = binary(Op.f64Min);
export const maxDouble = binary(Op.f64Max);
export const absDouble = unary(Op.f64Abs);
export const negDouble = unary(Op.f64Neg);
export const floorDouble = unary(Op.f64Floor);
/** To an integer, ties to even. */
export const nearestDouble = unary(Op.f64Nearest);

/** Comparisons give 0 or 1; with a NaN all but {@link neDouble} give 0. */
export const eqDouble = comparison(Op.f64Eq);
export const neDouble = comparison(Op.f64Ne);
export const ltDouble = comparison(Op.f64Lt);
export const gtDouble = comparison(Op.f64Gt);
export const geDouble = comparison(Op.f64Ge);

export function double(value: number): F64 {
  return { type: 'f64', kind: 'constDouble', value };
}
export function selectDouble(condition: I32, a: F64, b: F64): F64 {
  return { type: 'f64', kind: 'select', condition, a, b };
}
export function doubleOfBits(bits: I64): F64 {
  return { type: 'f64', kind: 'unary', op: Op.f64ReinterpretI64, a: bits };
}
export function bitsOfDouble(a: F64): I64 {
  return { type: 'i64', kind: 'unary', op: Op.i64ReinterpretF64, a };
}
function demote(a: F64): F32 {
  return { type: 'f32', kind: 'unary', op: Op.f32DemoteF64, a };
}
function promote(a: F32): F64 {
  return { type: 'f64', kind: 'unary', op: Op.f64PromoteF32, a };
}
/** The nearest single, as a double. */
export function roundToSingle(a: F64): F64 {
  return promote(demote(a));
}
export function bitsOfSingle(a: F64): I32 {
  return { type: 'i32', kind: 'unary', op: Op.i32ReinterpretF32, a: demote(a) };
}
export function doubleOfSingleBits(bits: I32): F64 {
  return promote({ type: 'f32', kind: 'unary', op: Op.f32ReinterpretI32, a: bits });
}
/** Truncates; the value must be within the range of a word, or the engine traps. */
export function wordOfDouble(a: F64): I32 {
  return { type: 'i32', kind: 'unary', op: Op.i32TruncF64S, a };
}
/** Truncates; the value must be within the range of an unsigned doubleword, or the engine traps. */
export function doublewordOfDouble(a: F64): I64 {
  return { type: 'i64', kind: 'unary', op: Op.i64TruncF64U, a };
}
/** Of a word taken for unsigned. */
export function doubleOfUnsigned(a: I32): F64 {
  return { type: 'f64', kind: 'unary', op: Op.f64ConvertI32U, a };
}
export function doubleOfWord(a: I32): F64 {
  return { type: 'f64', kind: 'unary', op: Op.f64ConvertI32S, a };
}
