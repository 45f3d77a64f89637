import { packTrampolines } from '../trampoline-area.js';
import type { ExecutionProfile, ShadowPolicy } from './execution-profile.js';
import type { Patch } from './patch-choice.js';
import { LOOK, type ReplayedWindow, replayedWindows, type TimerInterrupts, Word } from './replayed-window.js';
import { ShadowRotation } from './shadow-rotation.js';

/** Virtual misses by whose page was missing. */
export interface MissCounts {
  kernel: number;
  user: number;
}

/**
 * How many virtual misses patching adds to a phase, below 0 where it saves some, timer interrupts apart; and how many misses each of those
 * brings about, in the unpatched guest and in the patched. What an interrupt pushes out is missed after it, and pushes out more in turn,
 * so that these are more than the misses within.
 */
export interface AddedMisses {
  readonly betweenTimer: MissCounts;
  /** Absent where no window of the phase has a timer interrupt. */
  readonly ofEachTimer?: { readonly before: MissCounts; readonly after: MissCounts };
}

const NO_PAGE = -1;

/**
 * The interrupts of a phase came at places of their own if they bring about more misses than anywhere, or fewer, by so many standard errors
 * of the mean over its windows; with few windows nobody can tell.
 */
const TELLING_STANDARD_ERRORS = 3;
const TELLING_WINDOWS = 8;

/** What the patched guest does at a place, beside what it did before. */
interface PlaceEffect {
  /** The page of its trampoline, if that is mapped like any other. */
  readonly trampolinePage: number;
  readonly joins: boolean;
}

/**
 * Replays the windows of a profile on a shadow TLB as it would be for the patched guest: with the pages of trampolines, without the slot of
 * a pinned page, and with one mapping in place of three where `tlbwe` are joined.
 */
export class PageReplay {
  readonly #profile: ExecutionProfile;
  readonly #policy: ShadowPolicy;
  readonly #windows: readonly ReplayedWindow[];
  /** Exits that are counted, by phase. */
  readonly #countedExits: number[];
  /** Timer interrupts among them. */
  readonly #countedTimers: number[];
  readonly #unpatched: readonly MissCounts[];
  readonly #unpatchedBetweenTimer: readonly MissCounts[];
  /**
   * Phases in which timer interrupts came at places of their own: a turn of the guest took just as long as a period of the timer. A patched
   * guest takes less, and they come anywhere.
   */
  readonly #inStep: ReadonlySet<number>;

  constructor(profile: ExecutionProfile, policy: ShadowPolicy) {
    this.#profile = profile;
    this.#policy = policy;
    this.#windows = replayedWindows(profile.windows);
    this.#countedExits = profile.phases.map(() => 0);
    this.#countedTimers = profile.phases.map(() => 0);
    for (const { phase, countedExits, countedTimers } of this.#windows) {
      this.#countedExits[phase]! += countedExits;
      this.#countedTimers[phase]! += countedTimers;
    }
    const unpatched = (timer: TimerInterrupts) =>
      this.#missesOfWindows(policy.shadowSlots, new Map(), profile.pages.length, undefined, timer);
    const recorded = unpatched('recorded');
    this.#unpatched = this.#byPhase(recorded);
    this.#unpatchedBetweenTimer = this.#byPhase(unpatched('none'));
    this.#inStep = this.#phasesInStep(recorded, unpatched('anywhere'));
  }

  /** Virtual misses in the windows: those that the replay of the unpatched guest counts. They must be those that were recorded. */
  get unpatchedMisses(): readonly MissCounts[] {
    return this.#unpatched;
  }

  /**
   * The most pages that the guest uses between two exits or looks, as far as the windows show. In which order it does, and how often, nothing
   * tells: where they are more than the slots, the misses are more than the replay counts.
   */
  get mostPagesAtOnce(): number {
    return Math.max(0, ...this.#windows.map(({ mostPages }) => mostPages));
  }

  /** Slots in rotation once the patches are there. */
  slotsWith(patches: readonly Patch[]): number {
    const { shadowSlots, sharedPagePinned, trampolinesPinned } = this.#policy;
    const hasTrampolines = patches.some(({ sites }) => sites.some(({ trampoline }) => trampoline !== undefined));
    return shadowSlots - Number(sharedPagePinned) - Number(trampolinesPinned && hasTrampolines);
  }

  /** By phase, what patching these adds. */
  addedMisses(patches: readonly Patch[]): AddedMisses[] {
    const { effects, pageCount } = this.#effects(patches);
    const sharedPage = this.#policy.sharedPagePinned ? undefined : pageCount;
    const replay = (timer: TimerInterrupts) =>
      this.#byPhase(this.#missesOfWindows(this.slotsWith(patches), effects, pageCount + 1, sharedPage, timer));
    const [recorded, none] = [replay('recorded'), replay('none')];
    const anywhere = this.#inStep.size > 0 ? replay('anywhere') : recorded;
    return this.#profile.phases.map(({ count, virtualMisses, timerInterrupts }, phase) => {
      const exits = this.#countedExits[phase]!;
      const scale = exits === 0 ? 0 : count / exits;
      const [before, beforeBetween] = [this.#unpatched[phase]!, this.#unpatchedBetweenTimer[phase]!];
      const timers = this.#countedTimers[phase]!;
      const betweenTimer = difference(none[phase]!, beforeBetween, scale);
      if (timers === 0) return { betweenTimer };
      // Windows at a phase's start may show more than there is: all misses of the phase are no fewer than those of its interrupts.
      const shown = ((before.kernel + before.user - beforeBetween.kernel - beforeBetween.user) * timerInterrupts.count) / timers;
      const share = shown > virtualMisses.count ? virtualMisses.count / shown : 1;
      const each = share / timers;
      const all = this.#inStep.has(phase) ? anywhere : recorded;
      return {
        betweenTimer,
        ofEachTimer: { before: difference(before, beforeBetween, each), after: difference(all[phase]!, none[phase]!, each) },
      };
    });
  }

  /** What patching changes at each place, with numbers for the pages of trampolines behind those of the profile. */
  #effects(patches: readonly Patch[]): { readonly effects: ReadonlyMap<number, PlaceEffect>; readonly pageCount: number } {
    const sites = patches.flatMap((patch) => patch.sites).sort((a, b) => a.site.ea - b.site.ea);
    const { offsets, sizeBytes } = packTrampolines(sites.flatMap(({ trampoline }) => trampoline ?? []));
    const { hostPageBytes, trampolinesPinned } = this.#policy;
    const firstPage = this.#profile.pages.length;
    const nextOffset = offsets.values();
    const pageOf = (offset: number): number => (trampolinesPinned ? NO_PAGE : firstPage + Math.floor(offset / hostPageBytes));
    const effects = new Map<number, PlaceEffect>();
    for (const { site, trampoline, joins } of sites) {
      effects.set(site.ea, { trampolinePage: trampoline === undefined ? NO_PAGE : pageOf(nextOffset.next().value!), joins });
    }
    return { effects, pageCount: firstPage + Math.ceil(sizeBytes / hostPageBytes) };
  }

  /**
   * Misses of each window on a rotation of `slots`: the mean over the ways to place its timer interrupts. `sharedPage` is used at each patched
   * place, if it is mapped like any other.
   */
  #missesOfWindows(
    slots: number,
    effects: ReadonlyMap<number, PlaceEffect>,
    pageCount: number,
    sharedPage: number | undefined,
    timer: TimerInterrupts,
  ): MissCounts[] {
    const { places, pages } = this.#profile;
    const effectOf = places.map((place) => effects.get(place));
    return this.#windows.map((window) => {
      const sequences = window.sequences[timer];
      const sum = { kernel: 0, user: 0 };
      for (const { codes, countedFrom } of sequences) {
        let at = 0;
        const rotation = new ShadowRotation(slots, window.slots, pageCount, (page) => {
          if (at > countedFrom) sum[(pages[page]?.kernel ?? true) ? 'kernel' : 'user'] += 1 / sequences.length;
        });
        while (at < codes.length) {
          const place = codes[at++]!;
          const effect = place === LOOK ? undefined : effectOf[place];
          for (let left = codes[at++]!; left > 0; left--) {
            const kind = codes[at++]!;
            const page = codes[at++]!;
            if (kind === Word.use || kind === Word.miss) rotation.use(page);
            else if (kind === Word.drop || effect?.joins === true) rotation.drop(page);
            else rotation.map(page);
          }
          if (effect === undefined) continue;
          if (effect.trampolinePage !== NO_PAGE) rotation.use(effect.trampolinePage);
          if (sharedPage !== undefined) rotation.use(sharedPage);
        }
      }
      return sum;
    });
  }

  #byPhase(ofWindows: readonly MissCounts[]): MissCounts[] {
    const sums = this.#profile.phases.map(() => ({ kernel: 0, user: 0 }));
    this.#windows.forEach(({ phase }, index) => {
      sums[phase]!.kernel += ofWindows[index]!.kernel;
      sums[phase]!.user += ofWindows[index]!.user;
    });
    return sums;
  }

  #phasesInStep(recorded: readonly MissCounts[], anywhere: readonly MissCounts[]): Set<number> {
    return new Set(
      this.#profile.phases.flatMap((_, phase) => {
        const differences = this.#windows.flatMap((window, index) =>
          window.phase === phase && window.countedTimers > 0 ? [total(recorded[index]!) - total(anywhere[index]!)] : [],
        );
        if (differences.length < TELLING_WINDOWS) return [];
        return Math.abs(mean(differences)) > TELLING_STANDARD_ERRORS * standardError(differences) ? [phase] : [];
      }),
    );
  }
}

const total = ({ kernel, user }: MissCounts): number => kernel + user;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

const difference = (a: MissCounts, b: MissCounts, scale: number): MissCounts => ({
  kernel: (a.kernel - b.kernel) * scale,
  user: (a.user - b.user) * scale,
});
