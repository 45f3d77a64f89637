import test from 'ava';
import type { ExecutionProfile, ProfiledWindow } from '../src/prediction/execution-profile.js';
import { PageReplay } from '../src/prediction/page-replay.js';
import { replayedWindows, type TimerInterrupts } from '../src/prediction/replayed-window.js';

const NO_EXITS = { count: 0, cycles: 0 };
const SLOTS = 4;

/** Place, then pages used. */
const event = (place: number, ...pages: readonly number[]): string => [place, ...pages].join(',');
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const windowOf = (events: readonly string[]): ProfiledWindow => ({ phase: 0, slots: times(SLOTS, () => -1), events: events.join(';') });

/** A timer interrupt that uses as many pages of its own as there are slots. */
const INTERRUPT = ['t1,8,9', 't2,10,11'];
/** A guest that goes round four pages, which the slots hold, and then as long through many, of which each is missed anyway. */
const HOT = times(40, (i) => event(3, i % SLOTS));
const STREAM = times(40, (i) => event(4, 12 + i));

function replayOf(windows: readonly ProfiledWindow[]): PageReplay {
  const profile: ExecutionProfile = {
    phases: [
      {
        name: 'boot',
        count: 1e6,
        cycles: 1e9,
        sites: {},
        virtualMisses: { count: 1e5, cycles: 1e8 },
        windowMisses: { kernel: NO_EXITS, user: NO_EXITS },
        timerInterrupts: { count: 100, followed: 100, cycles: 1e7, missCycles: 1e6 },
      },
    ],
    places: times(5, (i) => 0x1000 + 4 * i),
    pages: times(60, (i) => ({ ea: i << 12, kernel: true })),
    windows,
  };
  return new PageReplay(profile, { shadowSlots: SLOTS, hostPageBytes: 4096, sharedPagePinned: false, trampolinesPinned: false });
}

/** Misses that each timer interrupt brings about, before and after patching nothing. */
function missesOfEach(windows: readonly ProfiledWindow[]): readonly [before: number, after: number] {
  const { before, after } = replayOf(windows).addedMisses([])[0]!.ofEachTimer!;
  return [before.kernel + before.user, after.kernel + after.user];
}

const insert = (events: readonly string[], at: number): string[] => [...events.slice(0, at), ...INTERRUPT, ...events.slice(at)];

test('interrupts that always came where they push out nothing that is used again come anywhere once the guest is patched', (t) => {
  const [before, after] = missesOfEach(times(16, (i) => windowOf(insert([...HOT, ...STREAM], 50 + i))));
  t.is(before, 4);
  t.true(after > 5 && after < 7, `${after}`);
});

test('interrupts that came anywhere are left where they were', (t) => {
  const [before, after] = missesOfEach(times(16, (i) => windowOf(insert([...HOT, ...STREAM], 5 * i + 2))));
  t.is(after, before);
});

test('a few windows tell nothing of where interrupts come', (t) => {
  const [before, after] = missesOfEach(times(7, (i) => windowOf(insert([...HOT, ...STREAM], 50 + i))));
  t.is(after, before);
});

/** The places of a window's events under each way to have its timer interrupts. */
function placesOf(events: readonly string[], timer: TimerInterrupts): number[][] {
  const [window] = replayedWindows([windowOf(events)]);
  return window!.sequences[timer].map(({ codes }) => {
    const places: number[] = [];
    for (let at = 0; at < codes.length; at += 2 + 2 * codes[at + 1]!) places.push(codes[at]!);
    return places;
  });
}

test('wherever interrupts are, they are whole, and what is between them is as it was', (t) => {
  const events = insert(
    times(20, (i) => event(i + 10, i)),
    20 / 2,
  );
  const between = times(20, (i) => i + 10);
  t.deepEqual(placesOf(events, 'recorded'), [[...between.slice(0, 10), 1, 2, ...between.slice(10)]]);
  t.deepEqual(placesOf(events, 'none'), [between]);
  const anywhere = placesOf(events, 'anywhere');
  t.true(anywhere.length > 1);
  t.is(new Set(anywhere.map(String)).size, anywhere.length);
  for (const places of anywhere) {
    t.deepEqual(
      places.filter((place) => place >= 10),
      between,
    );
    t.is(places[places.indexOf(1) + 1], 2);
  }
});

test('an interrupt of which a window shows only a part is not put elsewhere', (t) => {
  const events = times(20, (i) => event(i + 10, i));
  for (const cut of [
    [...INTERRUPT, ...events],
    [...events, ...INTERRUPT],
  ]) {
    t.deepEqual(placesOf(cut, 'anywhere'), placesOf(cut, 'recorded'));
  }
});
