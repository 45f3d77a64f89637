import { encode } from '@exitlab/core';
import { displacementOf, type PageField, type SharedPageLayout } from './shared-page-layout.js';

/** What takes the place of an instruction. */
export type Rewrite = { readonly kind: 'load'; readonly field: PageField } | { readonly kind: 'store'; readonly field: PageField };

/** One way of taking an exit away: the row says all there is to know of it. */
export interface PatchRule {
  /** The instruction it matches, as {@link sensitiveInstruction} names it. */
  readonly pattern: string;
  /** What must hold at the site beside the pattern. */
  readonly condition: string;
  readonly rewrite: Rewrite;
  /** What stays true for the guest. */
  readonly keeps: string;
  /** Instructions that the guest executes in place of the one. */
  readonly costInstructions: number;
}

/** The word that stands at the site afterwards. */
export function rewrittenWord({ rewrite }: PatchRule, register: number, layout: SharedPageLayout): number {
  const place = { D: displacementOf(layout, rewrite.field), RA: 0 };
  return rewrite.kind === 'load' ? encode('lwz', { RT: register, ...place }) : encode('stw', { RS: register, ...place });
}
