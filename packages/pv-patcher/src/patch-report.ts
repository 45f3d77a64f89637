import { disassemble } from '@exitlab/core';
import type { PatchPlan, PatchSite } from './patch-plan.js';
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
  /** Why it is refused, in words. */
  readonly refused?: string;
}

/** What a plan does, by instruction and by function, most sites first, and site by site. */
export interface PatchReport {
  readonly found: number;
  readonly patched: number;
  readonly byInstruction: readonly SiteCount[];
  readonly byFunction: readonly SiteCount[];
  readonly sites: readonly SiteListing[];
}

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

function listing({ ea, symbol, instruction, word, outcome }: PatchSite): SiteListing {
  const site = { ea, symbol, instruction, before: disassemble(word, ea) };
  return outcome.kind === 'patched' ? { ...site, after: disassemble(outcome.word, ea) } : { ...site, refused: REFUSALS[outcome.refusal] };
}
