import { packTrampolines } from '../trampoline-area.js';
import type { ExecutionProfile, ProfiledWindow, ShadowPolicy } from './execution-profile.js';
import type { Patch } from './patch-choice.js';
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

/** Kinds of words in an event of a window. */
const Word = { use: 0, miss: 1, eager: 2, drop: 3 } as const;

/** The place of an event that is no exit but a look at the guest in between. */
const LOOK = -1;

/** A window taken apart: for each event whether it is in a timer interrupt, its place, then how many words follow, then kind and page of each. */
interface ParsedWindow {
  readonly phase: number;
  readonly slots: readonly number[];
  readonly codes: Int32Array;
  readonly eventCount: number;
  /** Events that are exits, without the first that are not counted, and how many events those are. */
  readonly countedExits: number;
  readonly countedTimers: number;
  readonly runInEvents: number;
  /** In one event. */
  readonly mostPages: number;
}

const NO_PAGE = -1;
/** In a long window this part at its start is for the rotation to fall into step, and is not counted. */
const RUN_IN_SHARE = 0.25;
const LONG_WINDOW_EVENTS = 1000;

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
  readonly #windows: readonly ParsedWindow[];
  /** Exits that are counted, by phase. */
  readonly #countedExits: number[];
  /** Timer interrupts among them. */
  readonly #countedTimers: number[];
  readonly #unpatched: readonly MissCounts[];
  readonly #unpatchedBetweenTimer: readonly MissCounts[];

  constructor(profile: ExecutionProfile, policy: ShadowPolicy) {
    this.#profile = profile;
    this.#policy = policy;
    this.#windows = profile.windows.map(parseWindow);
    this.#countedExits = profile.phases.map(() => 0);
    this.#countedTimers = profile.phases.map(() => 0);
    for (const { phase, countedExits, countedTimers } of this.#windows) {
      this.#countedExits[phase]! += countedExits;
      this.#countedTimers[phase]! += countedTimers;
    }
    const unpatched = (withTimer: boolean) => this.#replay(policy.shadowSlots, new Map(), profile.pages.length, undefined, withTimer);
    this.#unpatched = unpatched(true);
    this.#unpatchedBetweenTimer = unpatched(false);
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
    const replay = (withTimer: boolean) => this.#replay(this.slotsWith(patches), effects, pageCount + 1, sharedPage, withTimer);
    const [all, none] = [replay(true), replay(false)];
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
   * Misses by phase on a rotation of `slots`, with timer interrupts or without. `sharedPage` is used at each patched place, if it is mapped
   * like any other.
   */
  #replay(
    slots: number,
    effects: ReadonlyMap<number, PlaceEffect>,
    pageCount: number,
    sharedPage: number | undefined,
    withTimer: boolean,
  ): MissCounts[] {
    const { phases, places, pages } = this.#profile;
    const misses = phases.map(() => ({ kernel: 0, user: 0 }));
    const effectOf = places.map((place) => effects.get(place));
    for (const window of this.#windows) {
      const counts = misses[window.phase]!;
      let isCounting = false;
      const rotation = new ShadowRotation(slots, window.slots, pageCount, (page) => {
        if (isCounting) counts[(pages[page]?.kernel ?? true) ? 'kernel' : 'user']++;
      });
      const { codes } = window;
      let at = 0;
      for (let event = 0; event < window.eventCount; event++) {
        isCounting = event >= window.runInEvents;
        const isLeftOut = codes[at++]! !== 0 && !withTimer;
        const place = codes[at++]!;
        const effect = place === LOOK ? undefined : effectOf[place];
        for (let left = codes[at++]!; left > 0; left--) {
          const kind = codes[at++]!;
          const page = codes[at++]!;
          if (isLeftOut) continue;
          if (kind === Word.use || kind === Word.miss) rotation.use(page);
          else if (kind === Word.drop || effect?.joins === true) rotation.drop(page);
          else rotation.map(page);
        }
        if (effect === undefined || isLeftOut) continue;
        if (effect.trampolinePage !== NO_PAGE) rotation.use(effect.trampolinePage);
        if (sharedPage !== undefined) rotation.use(sharedPage);
      }
    }
    return misses;
  }
}

const runIn = (events: number): number => (events < LONG_WINDOW_EVENTS ? 0 : Math.floor(events * RUN_IN_SHARE));

function parseWindow({ phase, slots, events }: ProfiledWindow): ParsedWindow {
  const codes: number[] = [];
  let mostPages = 0;
  const each = events === '' ? [] : events.split(';');
  for (const event of each) {
    const [place, ...words] = event.split(',');
    const [, timer, name] = /^(t?)(.*)$/.exec(place!)!;
    codes.push(timer === '' ? 0 : 1, name === '.' ? LOOK : Number(name), words.length);
    mostPages = Math.max(mostPages, words.filter((word) => /^[m\d]/.test(word)).length);
    for (const word of words) {
      if (word.startsWith('m')) codes.push(Word.miss, Number(word.slice(1)));
      else if (word.startsWith('e')) codes.push(Word.eager, Number(word.slice(1)));
      else if (word.startsWith('-')) codes.push(Word.drop, Number(word.slice(1)));
      else codes.push(Word.use, Number(word));
    }
  }
  const runInEvents = runIn(each.length);
  const counted = each.slice(runInEvents);
  const countedExits = counted.filter((event) => !/^t?\./.test(event)).length;
  const countedTimers = counted.filter((event, index) => event.startsWith('t') && counted[index - 1]?.startsWith('t') !== true).length;
  return { phase, slots, codes: Int32Array.from(codes), eventCount: each.length, countedExits, countedTimers, runInEvents, mostPages };
}

const difference = (a: MissCounts, b: MissCounts, scale: number): MissCounts => ({
  kernel: (a.kernel - b.kernel) * scale,
  user: (a.user - b.user) * scale,
});
