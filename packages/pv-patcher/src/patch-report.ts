import { disassemble } from '@exitlab/core';
import { JOINED_MARK } from './joined-entries.js';
import type { PatchPlan, PatchSite } from './patch-plan.js';
import type { PatchRule } from './patch-rule.js';
import { REFUSALS, type Refusal } from './refusals.js';

/** Sites of one instruction or one function. */
export interface SiteCount {
  readonly name: string;
  readonly found: number;
  readonly patched: number;
  /** How many were refused, by reason. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
}

/** One site with its words as assembly text. */
export interface SiteListing {
  readonly ea: number;
  readonly symbol: string | undefined;
  readonly instruction: string;
  readonly before: string;
  /** Absent where the site is refused. */
  readonly after?: string;
  /** What `after` reaches: the words of the shared page by name, or what else it comes to. */
  readonly comment?: string;
  /** The trampoline's instructions as assembly text, where `after` is a branch to one. */
  readonly trampoline?: readonly string[];
  /** Why it is refused, in words. */
  readonly refused?: string;
  readonly refusal?: Refusal;
}

/** What a plan does, by instruction and by function, most sites first, and site by site. */
export interface PatchReport {
  readonly found: number;
  readonly patched: number;
  readonly byInstruction: readonly SiteCount[];
  readonly byFunction: readonly SiteCount[];
  readonly sites: readonly SiteListing[];
}

/** Rewrites that may only set a mark. */
const MARKED: readonly PatchRule['rewrite']['kind'][] = ['join', 'join-return'];
const UNNAMED = '(no symbol)';

/** Describes a plan. */
export function reportOf({ sites }: PatchPlan): PatchReport {
  return {
    found: sites.length,
    patched: sites.filter(({ outcome }) => outcome.kind === 'patched').length,
    byInstruction: countBy(sites, ({ instruction }) => instruction),
    byFunction: countBy(sites, ({ symbol }) => symbol ?? UNNAMED),
    sites: sites.map(listing),
  };
}

function countBy(sites: readonly PatchSite[], nameOf: (site: PatchSite) => string): SiteCount[] {
  const counts = new Map<string, { name: string; found: number; patched: number; refused: Partial<Record<Refusal, number>> }>();
  for (const site of sites) {
    const name = nameOf(site);
    const count = counts.get(name) ?? { name, found: 0, patched: 0, refused: {} };
    counts.set(name, count);
    count.found++;
    if (site.outcome.kind === 'patched') count.patched++;
    else count.refused[site.outcome.refusal] = (count.refused[site.outcome.refusal] ?? 0) + 1;
  }
  return [...counts.values()].sort((a, b) => b.found - a.found || (a.name < b.name ? -1 : 1));
}

function listing({ ea, region, symbol, instruction, word, outcome }: PatchSite): SiteListing {
  const site = { ea, symbol, instruction, before: disassemble(word, ea) };
  if (outcome.kind === 'refused') return { ...site, refusal: outcome.refusal, refused: REFUSALS[outcome.refusal] };
  // The mark is a reserved bit, with which there is no such instruction.
  const isMarked = MARKED.includes(outcome.rule.rewrite.kind) && (outcome.word & JOINED_MARK) !== 0;
  const after = disassemble(isMarked ? word : outcome.word, ea);
  const patched = { ...site, after, comment: isMarked ? 'marked: writes all three words' : commentOn(outcome.rule) };
  const { trampoline } = outcome;
  if (trampoline === undefined) return patched;
  // As the guest kernel executes it: at its own distance from physical addresses.
  const firstEa = trampoline.pa + region.ea - region.pa;
  return { ...patched, trampoline: trampoline.words.map((each, index) => disassemble(each, (firstEa + index * 4) >>> 0)) };
}

function commentOn({ pattern, rewrite }: PatchRule): string {
  switch (rewrite.kind) {
    case 'load':
    case 'store':
      return rewrite.field;
    case 'nop':
      return 'nothing to do';
    case 'trampoline':
      return `trampoline for ${pattern}`;
    case 'join':
      return 'waits for the last of three words';
    case 'join-return':
      throw new Error('A joined return is marked.');
  }
}
