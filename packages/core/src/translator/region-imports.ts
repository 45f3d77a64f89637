import { ENTRY_FUNCTIONS } from '../callouts/access-functions.js';
import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import type { FunctionImport } from '../wasm/module-encoder.js';

/** All that a region imports: the call-outs, then what serves accesses for which the tables have nothing (callouts/access-functions.ts). */
export const REGION_IMPORTS: readonly FunctionImport[] = [
  ...CALLOUT_IMPORTS,
  ...Object.values(ENTRY_FUNCTIONS).map((name): FunctionImport => ({ name, params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] })),
];

const INDEX = new Map(REGION_IMPORTS.map(({ name }, index) => [name, index]));

export function regionImportIndex(name: string): number {
  return INDEX.get(name)!;
}
