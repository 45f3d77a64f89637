import { physicalAddress } from '../code-image.js';
import type { PatchPlan, PatchSite } from '../patch-plan.js';
import type { PatchRule, Trampoline } from '../patch-rule.js';

/** A site that the plan patches. */
export interface PatchableSite {
  readonly site: PatchSite;
  readonly rule: PatchRule;
  readonly trampoline: Trampoline | undefined;
  /** The exit stays and does the work of its fellows too: the last of joined `tlbwe`. */
  readonly staysExit: boolean;
  /** The exit stays as a `tlbwe`, whose first writes map nothing any more: those before the last of joined ones. */
  readonly joins: boolean;
}

/** The smallest set of sites that can be patched by itself: one, or the sites of a group. */
export interface Patch {
  readonly sites: readonly PatchableSite[];
}

/** The patches of a plan, in the order of their first sites. */
export function patchesOf(plan: PatchPlan): Patch[] {
  const lastJoined = new Set(plan.uninterrupted.map(({ lastPa }) => lastPa));
  const patches = new Map<string, PatchableSite[]>();
  for (const site of plan.sites) {
    const { ea, region, group, outcome } = site;
    if (outcome.kind === 'refused') continue;
    const { rule } = outcome;
    const isJoined = rule.rewrite.kind === 'join';
    const isLast = isJoined && lastJoined.has(physicalAddress(region, ea));
    const key = group ?? `site at ${ea.toString(16)}`;
    const sites = patches.get(key) ?? [];
    patches.set(key, sites);
    sites.push({
      site,
      rule,
      trampoline: rule.rewrite.kind === 'trampoline' ? rule.rewrite.trampoline : undefined,
      staysExit: isLast,
      joins: isJoined && !isLast,
    });
  }
  return [...patches.values()].map((sites) => ({ sites }));
}
