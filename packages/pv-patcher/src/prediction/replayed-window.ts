import type { ProfiledWindow } from './execution-profile.js';

/** Kinds of words in an event of a window. */
export const Word = { use: 0, miss: 1, eager: 2, drop: 3 } as const;

/** The place of an event that is no exit but a look at the guest in between. */
export const LOOK = -1;

/** Events to be replayed: for each its place, then how many words follow, then kind and page of each. */
export interface EventSequence {
  readonly codes: Int32Array;
  /** Where in `codes` the events begin that are counted; what is before is for the rotation to fall into step. */
  readonly countedFrom: number;
}

/** Which timer interrupts a replay has: those that were recorded, none, or as many of them at other places. */
export type TimerInterrupts = 'recorded' | 'none' | 'anywhere';

/** A window taken apart. */
export interface ReplayedWindow {
  readonly phase: number;
  readonly slots: readonly number[];
  /** In how many ways it can be replayed with the same interrupts. */
  readonly sequences: Readonly<Record<TimerInterrupts, readonly EventSequence[]>>;
  /** Counted events that are exits, and the timer interrupts among them. */
  readonly countedExits: number;
  readonly countedTimers: number;
  /** In one event. */
  readonly mostPages: number;
}

interface Event {
  readonly inTimer: boolean;
  readonly codes: readonly number[];
  readonly pages: number;
}

interface ParsedWindow {
  readonly window: ProfiledWindow;
  readonly events: readonly Event[];
  readonly countedFrom: number;
  /** The timer interrupts that begin and end in it. */
  readonly interrupts: readonly (readonly Event[])[];
}

/** In a long window this part at its start is not counted. */
const RUN_IN_SHARE = 0.25;
const LONG_WINDOW_EVENTS = 1000;

/** How often a window is replayed with its interrupts elsewhere, each time at other places. */
const PLACINGS = 4;
/** Multiples of it, less their whole part, are spread evenly however many are taken (Weyl's sequence). */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** Takes all windows of a profile apart. */
export function replayedWindows(windows: readonly ProfiledWindow[]): ReplayedWindow[] {
  const parsed = windows.map(parseWindow);
  const ofPhase = new Map<number, (readonly Event[])[]>();
  for (const { window, interrupts } of parsed) ofPhase.set(window.phase, [...(ofPhase.get(window.phase) ?? []), ...interrupts]);
  let placed = 0;
  return parsed.map(({ window, events, countedFrom }) => {
    const counted = events.slice(countedFrom);
    const countedTimers = counted.filter(({ inTimer }, index) => inTimer && counted[index - 1]?.inTimer !== true).length;
    const first = placed;
    placed += countedTimers;
    const left = events.filter(isOutside);
    const leftFrom = events.slice(0, countedFrom).filter(isOutside).length;
    const interrupts = ofPhase.get(window.phase)!;
    const places = (placing: number) => {
      const at = Array.from({ length: countedTimers }, (_, i) => ((first + i) * GOLDEN_RATIO + placing / PLACINGS) % 1);
      return at.sort((a, b) => a - b).map((share) => leftFrom + Math.floor(share * (left.length - leftFrom)));
    };
    const recorded = [sequence(events, countedFrom)];
    return {
      phase: window.phase,
      slots: window.slots,
      sequences: {
        recorded,
        none: [sequence(left, leftFrom)],
        anywhere:
          interrupts.length === 0 || countedTimers === 0
            ? recorded
            : Array.from({ length: PLACINGS }, (_, placing) => sequence(insert(left, interrupts, places(placing), first), leftFrom)),
      },
      countedExits: counted.filter(({ codes }) => codes[0] !== LOOK).length,
      countedTimers,
      mostPages: Math.max(0, ...events.map(({ pages }) => pages)),
    };
  });
}

const isOutside = ({ inTimer }: Event): boolean => !inTimer;

/** `events` with an interrupt before each of those at `places`: the one of the number `first`, the next, and so on, round and round. */
function insert(events: readonly Event[], interrupts: readonly (readonly Event[])[], places: readonly number[], first: number): Event[] {
  let from = 0;
  const inserted = places.flatMap((place, i) => {
    const before = events.slice(from, place);
    from = place;
    return [...before, ...interrupts[(first + i) % interrupts.length]!];
  });
  return [...inserted, ...events.slice(from)];
}

function sequence(events: readonly Event[], countedFrom: number): EventSequence {
  const length = (of: readonly Event[]): number => of.reduce((sum, { codes }) => sum + codes.length, 0);
  const codes = new Int32Array(length(events));
  let at = 0;
  for (const event of events) for (const code of event.codes) codes[at++] = code;
  return { codes, countedFrom: length(events.slice(0, countedFrom)) };
}

function parseWindow(window: ProfiledWindow): ParsedWindow {
  const events = window.events === '' ? [] : window.events.split(';').map(parseEvent);
  const interrupts: Event[][] = [];
  events.forEach((event, index) => {
    if (!event.inTimer) return;
    if (index > 0 && !events[index - 1]!.inTimer) interrupts.push([]);
    interrupts.at(-1)?.push(event);
  });
  if (events.at(-1)?.inTimer === true) interrupts.pop();
  return { window, events, countedFrom: runIn(events.length), interrupts };
}

const runIn = (events: number): number => (events < LONG_WINDOW_EVENTS ? 0 : Math.floor(events * RUN_IN_SHARE));

function parseEvent(event: string): Event {
  const [place, ...words] = event.split(',');
  const [, timer, name] = /^(t?)(.*)$/.exec(place!)!;
  const codes = [name === '.' ? LOOK : Number(name), words.length, ...words.flatMap(parseWord)];
  return { inTimer: timer !== '', codes, pages: words.filter((word) => /^[m\d]/.test(word)).length };
}

function parseWord(word: string): [kind: number, page: number] {
  if (word.startsWith('m')) return [Word.miss, Number(word.slice(1))];
  if (word.startsWith('e')) return [Word.eager, Number(word.slice(1))];
  if (word.startsWith('-')) return [Word.drop, Number(word.slice(1))];
  return [Word.use, Number(word)];
}
