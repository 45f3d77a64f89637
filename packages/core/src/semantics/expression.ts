import { Op, type ValueTypeName } from '../wasm/opcodes.js';

/**
 * Expressions are what instruction semantics compute with: small immutable trees of WebAssembly operators. They have no effects of
 * their own; a tree that reads a register reads it when the statement that uses it runs, so a value that must outlive a write is
 * pinned with `Builder.let`.
 */
export type Expression<T extends ValueTypeName = ValueTypeName> = { readonly type: T } & (
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'const64'; readonly value: bigint }
  | { readonly kind: 'constDouble'; readonly value: number }
  | { readonly kind: 'local'; readonly index: number }
  /** A local that holds a register: unlike a pinned value it changes when the register is written. */
  | { readonly kind: 'register'; readonly index: number }
  | { readonly kind: 'unary'; readonly op: number; readonly a: Expression }
  | { readonly kind: 'binary'; readonly op: number; readonly a: Expression; readonly b: Expression }
  | { readonly kind: 'select'; readonly condition: Expression; readonly a: Expression; readonly b: Expression }
  | { readonly kind: 'load'; readonly op: number; readonly alignLog2: number; readonly offset: number; readonly address: Expression }
);
export type I32 = Expression<'i32'>;
export type I64 = Expression<'i64'>;
export type F32 = Expression<'f32'>;
export type F64 = Expression<'f64'>;

export function constant(value: number): I32 {
  return { type: 'i32', kind: 'const', value: value | 0 };
}

export function constant64(value: bigint): I64 {
  return { type: 'i64', kind: 'const64', value: BigInt.asIntN(64, value) };
}

/** A word of memory at an address, with a constant distance from it. */
export function wordAt(address: I32, offset: number): I32 {
  return { type: 'i32', kind: 'load', op: Op.i32Load, alignLog2: 2, offset, address };
}

/** The value of a constant expression, as a signed 32-bit number; undefined for any other. */
export function constantValue(expression: Expression): number | undefined {
  return expression.kind === 'const' ? expression.value : undefined;
}

/** How constants fold: one row an operator that the semantics use on constants. */
const FOLD: ReadonlyMap<number, (a: number, b: number) => number> = new Map([
  [Op.i32Add, (a: number, b: number) => a + b],
  [Op.i32Sub, (a: number, b: number) => a - b],
  [Op.i32Mul, (a: number, b: number) => Math.imul(a, b)],
  [Op.i32And, (a: number, b: number) => a & b],
  [Op.i32Or, (a: number, b: number) => a | b],
  [Op.i32Xor, (a: number, b: number) => a ^ b],
  [Op.i32Shl, (a: number, b: number) => a << b],
  [Op.i32ShrU, (a: number, b: number) => a >>> b],
  [Op.i32ShrS, (a: number, b: number) => a >> b],
  [Op.i32Rotl, (a: number, b: number) => (a << (b & 31)) | (a >>> (-b & 31))],
  [Op.i32Eq, (a: number, b: number) => Number(a === b)],
  [Op.i32Ne, (a: number, b: number) => Number(a !== b)],
  [Op.i32LtS, (a: number, b: number) => Number(a < b)],
  [Op.i32GtS, (a: number, b: number) => Number(a > b)],
  [Op.i32LeS, (a: number, b: number) => Number(a <= b)],
  [Op.i32GeS, (a: number, b: number) => Number(a >= b)],
  [Op.i32LtU, (a: number, b: number) => Number(a >>> 0 < b >>> 0)],
  [Op.i32GtU, (a: number, b: number) => Number(a >>> 0 > b >>> 0)],
  [Op.i32LeU, (a: number, b: number) => Number(a >>> 0 <= b >>> 0)],
  [Op.i32GeU, (a: number, b: number) => Number(a >>> 0 >= b >>> 0)],
]);

/** Operators with 0 on the right as identity. */
const ZERO_IDENTITY: ReadonlySet<number> = new Set([
  Op.i32Add,
  Op.i32Sub,
  Op.i32Or,
  Op.i32Xor,
  Op.i32Shl,
  Op.i32ShrU,
  Op.i32ShrS,
  Op.i32Rotl,
]);

/** Comparisons and their negations, by operator; 0 where it is no comparison. */
const NEGATION: readonly number[] = (() => {
  const table = new Array<number>(256).fill(0);
  const pairs = [
    [Op.i32Eq, Op.i32Ne],
    [Op.i32LtS, Op.i32GeS],
    [Op.i32LtU, Op.i32GeU],
    [Op.i32GtS, Op.i32LeS],
    [Op.i32GtU, Op.i32LeU],
    [Op.i64Eq, Op.i64Ne],
    [Op.i64LtS, Op.i64GeS],
    [Op.i64GtS, Op.i64LeS],
  ] as const;
  for (const [a, b] of pairs) {
    table[a] = b;
    table[b] = a;
  }
  return table;
})();

/** 1 where a truth value is 0 and the reverse, as one operator; undefined where the expression is no comparison. */
function negated(a: I32): I32 | undefined {
  if (a.kind === 'binary') {
    const op = NEGATION[a.op]!;
    return op === 0 ? undefined : { type: 'i32', kind: 'binary', op, a: a.a, b: a.b };
  }
  if (a.kind === 'unary' && a.op === Op.i32Eqz && a.a.type === 'i32')
    return { type: 'i32', kind: 'binary', op: Op.i32Ne, a: a.a, b: constant(0) };
  return undefined;
}

function isTruthValue(a: I32): boolean {
  return (a.kind === 'binary' && NEGATION[a.op] !== 0) || (a.kind === 'unary' && (a.op === Op.i32Eqz || a.op === Op.i64Eqz));
}

/** A binary i32 operator, folded where both sides are constant and simplified at its identities. */
export function binary32(op: number, a: I32, b: I32): I32 {
  if (a.kind === 'const' && b.kind === 'const') {
    const fold = FOLD.get(op);
    if (fold) return constant(fold(a.value, b.value));
  }
  if (b.kind === 'const') {
    if (b.value === 0 && ZERO_IDENTITY.has(op)) return a;
    if (op === Op.i32And && b.value === -1) return a;
    if (b.value === 0 && (op === Op.i32And || op === Op.i32Mul)) return b;
    if (b.value === 1 && op === Op.i32Xor) {
      const inverse = negated(a);
      if (inverse) return inverse;
    }
    if (b.value === 1 && op === Op.i32And && isTruthValue(a)) return a;
    if (b.value === 0 && op === Op.i32Ne && isTruthValue(a)) return a;
  }
  if (a.kind === 'const' && a.value === 0 && (op === Op.i32Add || op === Op.i32Or || op === Op.i32Xor)) return b;
  return { type: 'i32', kind: 'binary', op, a, b };
}

export function unary32(op: number, a: Expression): I32 {
  if (op === Op.i32Eqz && a.type === 'i32') {
    const inverse = negated(a as I32);
    if (inverse) return inverse;
  }
  if (a.kind === 'const') {
    if (op === Op.i32Eqz) return constant(a.value === 0 ? 1 : 0);
    if (op === Op.i32Extend8S) return constant((a.value << 24) >> 24);
    if (op === Op.i32Extend16S) return constant((a.value << 16) >> 16);
    if (op === Op.i32Clz) return constant(Math.clz32(a.value));
  }
  return { type: 'i32', kind: 'unary', op, a };
}
