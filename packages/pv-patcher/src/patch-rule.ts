import type { PageField } from './shared-page-layout.js';

/** A sequence of instructions beside the image that does a privileged instruction's work on the shared page. */
export interface Trampoline {
  /**
   * Assembly text. `{T}` and `{U}` are registers that the sequence saves and restores itself, the first in `trampolineScratch` by its
   * first line, the second in `secondScratch` by its second; `{S}` is the register of the instruction replaced, `{field}` the operand
   * that reaches a word of the shared page. A jump back is appended.
   */
  readonly lines: readonly string[];
  /** Index of the line that makes the effect visible; before it the sequence can start over, after it it is done. */
  readonly commit: number;
}

/** What takes the place of an instruction. */
export type Rewrite =
  | { readonly kind: 'load'; readonly field: PageField }
  | { readonly kind: 'store'; readonly field: PageField }
  | { readonly kind: 'nop' }
  | { readonly kind: 'trampoline'; readonly trampoline: Trampoline }
  /** One of the three `tlbwe` of a TLB entry: the first two store, the last writes all three. */
  | { readonly kind: 'join' }
  /** The return behind them, which writes the entry in place of the last, that stores as well. */
  | { readonly kind: 'join-return' };

/** One way of taking an exit away: the row says all there is to know of it. */
export interface PatchRule {
  /** The instruction it matches, as {@link kernelInstruction} names it. */
  readonly pattern: string;
  /** What must hold at the site beside the pattern. */
  readonly condition: string;
  readonly rewrite: Rewrite;
  /** What stays true for the guest. */
  readonly keeps: string;
  /** Instructions that the guest executes in place of the one. */
  readonly costInstructions: number;
  /** Sites of one group are patched together or not at all. */
  readonly group?: string;
}
