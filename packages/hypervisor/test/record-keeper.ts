import type { ExitRecorder, RecordLayout, RecordPlace } from '../src/index.js';

export interface KeptRecord {
  readonly type: number;
  readonly pc: number;
  readonly takenAtNanoseconds: number;
  readonly durationNanoseconds: number;
}

/** To the nearest whole number; of two, the even one. */
export function whole(nanoseconds: number): number {
  const isTie = nanoseconds % 1 === 0.5;
  return isTie ? 2 * Math.round(nanoseconds / 2) : Math.round(nanoseconds);
}

/** Records of six words, of which two are nobody's, in another order than any trace has. */
const WORDS = 6;
const TIME_BITS = 3;
const TYPE_BITS = 0xbe00_0005;

/** Keeps records of exits, with so little room and such short times that routines must often leave an exit to it. */
export class RecordKeeper implements ExitRecorder {
  readonly layout: RecordLayout;
  readonly #room: number;
  readonly #kept: KeptRecord[] = [];
  /** Exits that came by {@link add}. */
  added = 0;
  #place: RecordPlace | undefined;
  #nanoseconds = 0;

  constructor(coreHz: number, room = 10) {
    this.#room = room;
    this.layout = {
      placeBytes: 4 * WORDS * room,
      sizeBytes: 4 * WORDS,
      pc: { offset: 0 },
      duration: { offset: 8 },
      type: { offset: 12, shift: 8, bits: TYPE_BITS },
      time: { offset: 20, shift: 4, bits: TIME_BITS, limit: 2 ** 17 },
      nanosecondsACycle: 1e9 / coreHz,
    };
  }

  recordIn(place: RecordPlace): void {
    this.#place = place;
  }

  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void {
    const place = this.#take();
    const nanoseconds = (cycles: number) => whole(cycles * this.layout.nanosecondsACycle);
    this.#nanoseconds = nanoseconds(takenAtCycles);
    this.#kept.push({ type, pc, takenAtNanoseconds: this.#nanoseconds, durationNanoseconds: nanoseconds(durationCycles) });
    this.added++;
    place.last = this.layout.sizeBytes * (this.#room - 1);
    place.sinceOriginNanoseconds = this.#nanoseconds % 2;
    place.originNanoseconds = this.#nanoseconds - place.sinceOriginNanoseconds;
  }

  /** All exits so far. */
  records(): readonly KeptRecord[] {
    this.#take();
    return this.#kept;
  }

  /** Takes what stands in the place, and empties it. */
  #take(): RecordPlace {
    const place = this.#place;
    if (place === undefined) throw new Error('no place was lent');
    for (let word = 0; word < place.next / 4; word += WORDS) {
      const at = (offset: number) => place.words[word + offset / 4] as number;
      const { time, type, pc, duration } = this.layout;
      if ((at(time.offset) & 15) !== TIME_BITS || (at(type.offset) & 0xff) !== (TYPE_BITS & 0xff)) throw new Error('no record');
      this.#nanoseconds += at(time.offset) >>> time.shift;
      this.#kept.push({
        type: (at(type.offset) >>> type.shift) & 0xff,
        pc: at(pc.offset),
        takenAtNanoseconds: this.#nanoseconds,
        durationNanoseconds: at(duration.offset),
      });
    }
    place.next = 0;
    return place;
  }
}
