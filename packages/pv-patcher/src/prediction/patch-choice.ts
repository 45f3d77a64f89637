import type { PatchPlan, PatchSite } from '../patch-plan.js';
import type { PatchRule, Trampoline } from '../patch-rule.js';

/** A site that the plan patches. */
export interface PatchableSite {
  readonly site: PatchSite;
  readonly rule: PatchRule;
  readonly trampoline: Trampoline | undefined;
  /**
   * The exit stays and does the work of its fellows too: the last of joined `tlbwe`. Where the return behind them does that in its place, it
   * is counted as if this one stayed, and of that one the exit went.
   */
  readonly staysExit: boolean;
  /** Of the last of joined `tlbwe`, the first. */
  readonly firstJoined?: PatchSite;
  /** The exit goes, but not what is done in it: the return behind joined `tlbwe`. */
  readonly merges: boolean;
  /** The exit stays as a `tlbwe`, whose first writes map nothing any more: those before the last of joined ones. */
  readonly joins: boolean;
}

/** The smallest set of sites that can be patched by itself: one, or the sites of a group. */
export interface Patch {
  readonly sites: readonly PatchableSite[];
}

/** The patches of a plan, in the order of their first sites. */
export function patchesOf(plan: PatchPlan): Patch[] {
  const patches = new Map<string, PatchableSite[]>();
  for (const site of plan.sites) {
    const { ea, group, outcome } = site;
    if (outcome.kind === 'refused') continue;
    const { rule } = outcome;
    const key = group ?? `site at ${ea.toString(16)}`;
    const sites = patches.get(key) ?? [];
    patches.set(key, sites);
    sites.push({
      site,
      rule,
      trampoline: rule.rewrite.kind === 'trampoline' ? rule.rewrite.trampoline : undefined,
      staysExit: false,
      merges: rule.rewrite.kind === 'join-return',
      joins: rule.rewrite.kind === 'join',
    });
  }
  return [...patches.values()].map((sites) => ({ sites: withLastJoined(sites) }));
}

/** Marks the last of joined `tlbwe`. */
function withLastJoined(sites: readonly PatchableSite[]): PatchableSite[] {
  const last = sites.findLastIndex(({ joins }) => joins);
  const firstJoined = sites.find(({ joins }) => joins)?.site;
  return sites.map((site, index) =>
    index === last ? { ...site, staysExit: true, joins: false, ...(firstJoined !== undefined && { firstJoined }) } : site,
  );
}
