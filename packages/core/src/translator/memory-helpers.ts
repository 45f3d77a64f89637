import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import type { FunctionImport } from '../wasm/module-encoder.js';

/**
 * Functions of the translator's runtime module that regions call where the fast path of an access fails: the whole access, with the
 * processor told where it stands. Operands: ea, (the value,) pc, and the count before the instruction.
 */
export const ACCESS_SIZES = [1, 2, 4] as const;
export type AccessSize = (typeof ACCESS_SIZES)[number];

export const loadName = (size: AccessSize): string => `load${size}`;
export const storeName = (size: AccessSize): string => `store${size}`;

/** All that a region imports: the call-outs, then the accesses. */
export const REGION_IMPORTS: readonly FunctionImport[] = [
  ...CALLOUT_IMPORTS,
  ...ACCESS_SIZES.map((size): FunctionImport => ({ name: loadName(size), params: ['i32', 'i32', 'i32'], results: ['i32'] })),
  ...ACCESS_SIZES.map((size): FunctionImport => ({ name: storeName(size), params: ['i32', 'i32', 'i32', 'i32'], results: [] })),
];

const INDEX = new Map(REGION_IMPORTS.map(({ name }, index) => [name, index]));

export function regionImportIndex(name: string): number {
  return INDEX.get(name)!;
}
