import { ACCESS_SIZES, loadName, storeName } from '../callouts/access-functions.js';
import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import type { FunctionImport } from '../wasm/module-encoder.js';

/** All that a region imports: the call-outs, then whole accesses for where its fast path fails (callouts/access-functions.ts). */
export const REGION_IMPORTS: readonly FunctionImport[] = [
  ...CALLOUT_IMPORTS,
  ...ACCESS_SIZES.map((size): FunctionImport => ({ name: loadName(size), params: ['i32', 'i32', 'i32'], results: ['i32'] })),
  ...ACCESS_SIZES.map((size): FunctionImport => ({ name: storeName(size), params: ['i32', 'i32', 'i32', 'i32'], results: [] })),
];

const INDEX = new Map(REGION_IMPORTS.map(({ name }, index) => [name, index]));

export function regionImportIndex(name: string): number {
  return INDEX.get(name)!;
}
