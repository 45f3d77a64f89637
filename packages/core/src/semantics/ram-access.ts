import { Op } from '../wasm/opcodes.js';
import type { Builder } from './builder.js';
import { constant, type I32, wordAt } from './expression.js';

/** Sizes of the accesses that generated code makes, in bytes. */
export const ACCESS_SIZES = [1, 2, 4] as const;
export type AccessSize = (typeof ACCESS_SIZES)[number];

/** By size: its logarithm, and the operators that load it, extended with zeros, and store it. */
export const SIZE_LOG2 = { 1: 0, 2: 1, 4: 2 } as const;
export const LOAD_OP = { 1: Op.i32Load8U, 2: Op.i32Load16U, 4: Op.i32Load } as const;
export const STORE_OP = { 1: Op.i32Store8, 2: Op.i32Store16, 4: Op.i32Store } as const;
/** RAM is kept as host-endian words, so a byte's or halfword's place within its word is mirrored. */
export const MIRROR = { 1: 3, 2: 2, 4: 0 } as const;

/** Where the entry of an address's page lies in a table of the software TLB, from the table's start. */
export function pageOffset(b: Builder, ea: I32): I32 {
  return b.and(b.shrU(ea, constant(10)), constant(0x003ffffc));
}

/** The entry of an address's page in the table of the software TLB that starts at `table`; 0 where it has none. */
export function pageEntry(b: Builder, ea: I32, table: I32): I32 {
  return wordAt(b.add(pageOffset(b, ea), table), 0);
}
