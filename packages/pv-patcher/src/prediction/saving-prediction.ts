import type { PatchPlan } from '../patch-plan.js';
import type { ExecutionProfile, PricedExits, ProfiledPhase, ShadowPolicy, SiteExits } from './execution-profile.js';
import { type AddedMisses, type MissCounts, PageReplay } from './page-replay.js';
import { type Patch, type PatchableSite, patchesOf } from './patch-choice.js';

/** A patch with what it is worth. */
export interface RankedPatch {
  readonly patch: Patch;
  /** Exits that it takes away. */
  readonly exits: number;
  /** What they cost, less the instructions executed in their place, and less its share of the virtual misses that trampolines add. */
  readonly savedCycles: number;
  /** That share. */
  readonly missCycles: number;
}

/** A predicted run. */
export interface PredictedTime {
  /** How many patches, the best first. */
  readonly patches: number;
  readonly cycles: number;
  readonly parts: {
    /** Saved by exits that do not happen, less the instructions in their place. */
    readonly exitCycles: number;
    /** Cost of virtual misses added. */
    readonly missCycles: number;
    /** Saved by timer interrupts that do not come since the run is shorter. */
    readonly timerCycles: number;
  };
}

export interface SavingPrediction {
  readonly measuredCycles: number;
  /** Most time saved first. */
  readonly ranking: readonly RankedPatch[];
  /** For some numbers of patches from 1 to all. */
  readonly curve: readonly PredictedTime[];
  /** The most pages used between two exits, if the slots that patching leaves hold fewer: then the misses are more than predicted. */
  readonly pagesBeyondSlots?: { readonly pages: number; readonly slots: number };
}

/** Points of the curve. */
const CURVE_POINTS = 40;

/** Predicts what patching the best sites of a plan saves, from a profile of the guest as it is. */
export class SavingPredictor {
  readonly #profile: ExecutionProfile;
  readonly #replay: PageReplay;
  readonly #patches: readonly Patch[];
  readonly ranking: readonly RankedPatch[];
  readonly #mergedReturnCycles: number;

  /** `mergedReturnCycles` is what an exit saves where a return from interrupt does its work, too: it depends on the hypervisor's costs. */
  constructor(plan: PatchPlan, profile: ExecutionProfile, policy: ShadowPolicy, mergedReturnCycles: number) {
    this.#mergedReturnCycles = mergedReturnCycles;
    this.#profile = profile;
    this.#replay = new PageReplay(profile, policy);
    this.#patches = patchesOf(plan);
    this.ranking = this.#rank();
  }

  /** The time of a run with the `count` best patches. */
  predict(count: number): PredictedTime {
    const chosen = this.ranking.slice(0, count).map(({ patch }) => patch);
    const sites = chosen.flatMap((patch) => patch.sites);
    const added = this.#replay.addedMisses(chosen);
    const sum = { cycles: 0, exitCycles: 0, missCycles: 0, timerCycles: 0 };
    this.#profile.phases.forEach((phase, index) => {
      const savings = sites.map((site) => this.#savingOf(site, phase));
      const exitCycles = savings.reduce((saved, { cycles }) => saved + cycles, 0);
      const missCycles = this.#addedMissCost(phase, added[index]!);
      const { ofEachTimer } = added[index]!;
      const { cycles, timerCycles } = withFewerTimerInterrupts(
        phase,
        phase.cycles - exitCycles + missCycles,
        savings.reduce((saved, { timerCycles }) => saved + timerCycles, 0),
        ofEachTimer && phase.timerInterrupts.count * this.#missCost(phase, ofEachTimer.after),
      );
      sum.cycles += cycles;
      sum.exitCycles += exitCycles;
      sum.missCycles += missCycles;
      sum.timerCycles += timerCycles;
    });
    const { cycles, ...parts } = sum;
    return { patches: count, cycles: Math.round(cycles), parts };
  }

  prediction(): SavingPrediction {
    const counts = new Set(
      Array.from({ length: CURVE_POINTS }, (_, point) => Math.max(1, Math.round(this.ranking.length ** ((point + 1) / CURVE_POINTS)))),
    );
    const pages = this.#replay.mostPagesAtOnce;
    const slots = this.#replay.slotsWith(this.#patches);
    return {
      ...(pages > slots && { pagesBeyondSlots: { pages, slots } }),
      measuredCycles: this.#profile.phases.reduce((sum, { cycles }) => sum + cycles, 0),
      ranking: this.ranking,
      curve: this.ranking.length === 0 ? [] : [...counts].map((count) => this.predict(count)),
    };
  }

  /**
   * The virtual misses that trampolines add are no single site's: their pages are shared, and push each other out. Each execution of a
   * trampoline bears the mean of its phase.
   */
  #rank(): RankedPatch[] {
    const inPlace = this.#patches.filter(({ sites }) => sites.every(({ trampoline }) => trampoline === undefined));
    const without = this.#replay.addedMisses(inPlace);
    const withAll = this.#replay.addedMisses(this.#patches);
    const outOfLine = this.#patches.flatMap(({ sites }) => sites.filter(({ trampoline }) => trampoline !== undefined));
    const missCyclesEach = this.#profile.phases.map((phase, index) => {
      const executions = outOfLine.reduce((sum, { site }) => sum + exitsAt(phase, site.ea).count, 0);
      const added = this.#addedMissCost(phase, withAll[index]!) - this.#addedMissCost(phase, without[index]!);
      return executions === 0 ? 0 : added / executions;
    });
    const ranked = this.#patches.map((patch): RankedPatch => {
      const total = { patch, exits: 0, savedCycles: 0, missCycles: 0 };
      this.#profile.phases.forEach((phase, index) => {
        for (const site of patch.sites) {
          const saving = this.#savingOf(site, phase);
          const missCycles = site.trampoline === undefined ? 0 : exitsAt(phase, site.site.ea).count * missCyclesEach[index]!;
          total.exits += saving.count;
          total.savedCycles += saving.cycles - missCycles;
          total.missCycles += missCycles;
        }
      });
      return total;
    });
    return ranked.sort((a, b) => b.savedCycles - a.savedCycles || a.patch.sites[0]!.site.ea - b.patch.sites[0]!.site.ea);
  }

  #savingOf({ site, rule, trampoline, staysExit, firstJoined, merges }: PatchableSite, phase: ProfiledPhase): SiteSaving {
    const { count, cycles, kept, inTimer, dropCycles = 0 } = exitsAt(phase, site.ea);
    if (staysExit) {
      // It drops what the first one dropped, not what those before it have mapped.
      const saved = firstJoined === undefined ? 0 : dropCycles - (exitsAt(phase, firstJoined.ea).dropCycles ?? 0);
      return { count: 0, cycles: saved, timerCycles: count === 0 ? 0 : (saved * inTimer.count) / count };
    }
    if (merges) return { count, cycles: count * this.#mergedReturnCycles, timerCycles: inTimer.count * this.#mergedReturnCycles };
    const stays = trampoline === undefined ? NONE : kept;
    return {
      count: count - stays.count,
      cycles: cycles - stays.cycles - count * rule.costInstructions,
      timerCycles: inTimer.cycles - inTimer.count * rule.costInstructions,
    };
  }

  /** Cost of the misses that patching adds to a phase with as many timer interrupts as there were. */
  #addedMissCost(phase: ProfiledPhase, { betweenTimer, ofEachTimer }: AddedMisses): number {
    const between = this.#missCost(phase, betweenTimer);
    if (ofEachTimer === undefined) return between;
    const { before, after } = ofEachTimer;
    return between + phase.timerInterrupts.count * (this.#missCost(phase, after) - this.#missCost(phase, before));
  }

  /** Cost of so many more misses in a phase, by what its misses of the kind cost. */
  #missCost(phase: ProfiledPhase, { kernel, user }: MissCounts): number {
    const mean = ({ count, cycles }: PricedExits, other: number): number => (count === 0 ? other : cycles / count);
    const all = mean(phase.virtualMisses, this.#meanMissCycles());
    return kernel * mean(phase.windowMisses.kernel, all) + user * mean(phase.windowMisses.user, all);
  }

  #meanMissCycles(): number {
    const { phases } = this.#profile;
    const count = phases.reduce((sum, { virtualMisses }) => sum + virtualMisses.count, 0);
    return count === 0 ? 0 : phases.reduce((sum, { virtualMisses }) => sum + virtualMisses.cycles, 0) / count;
  }
}

/** The exits at a guest pc that its instruction makes: interrupts and misses that happen to come there are not among them. */
function exitsAt(phase: ProfiledPhase, ea: number): SiteExits {
  const exits = Object.entries(phase.sites[`0x${ea.toString(16).padStart(8, '0')}`] ?? {}).filter(([type]) => type.startsWith('EMUL'));
  return exits.reduce<SiteExits>(
    (sum, [, each]) => ({
      count: sum.count + each.count,
      cycles: sum.cycles + each.cycles,
      kept: addPriced(sum.kept, each.kept),
      inTimer: addPriced(sum.inTimer, each.inTimer),
      dropCycles: (sum.dropCycles ?? 0) + (each.dropCycles ?? 0),
    }),
    { count: 0, cycles: 0, kept: NONE, inTimer: NONE, dropCycles: 0 },
  );
}

/** What patching a site saves in a phase, added misses apart. */
interface SiteSaving extends PricedExits {
  /** Of the time, what is saved in timer interrupts. */
  readonly timerCycles: number;
}

/**
 * The time of a phase that would take `cycles` with the timer interrupts that it had: in a shorter run there are fewer, at the rate at
 * which they came. t = c - n i (1 - t/T), where n interrupts of i cycles each came in T. `timerCycles` is saved in all those followed;
 * `missCycles` is what all cost in virtual misses, within and after, if that is known; else those within count.
 */
function withFewerTimerInterrupts(
  phase: ProfiledPhase,
  cycles: number,
  timerCycles: number,
  missCycles: number | undefined,
): { readonly cycles: number; readonly timerCycles: number } {
  const { count, followed, cycles: followedCycles, missCycles: missCyclesWithin } = phase.timerInterrupts;
  if (followed === 0 || phase.cycles === 0) return { cycles, timerCycles: 0 };
  const withoutMisses = (count * (followedCycles - missCyclesWithin - timerCycles)) / followed;
  const all = withoutMisses + (missCycles ?? (count * missCyclesWithin) / followed);
  const shorter = (cycles - all) / (1 - all / phase.cycles);
  return { cycles: shorter, timerCycles: cycles - shorter };
}

const NONE: PricedExits = { count: 0, cycles: 0 };

const addPriced = (a: PricedExits, b: PricedExits): PricedExits => ({ count: a.count + b.count, cycles: a.cycles + b.cycles });
