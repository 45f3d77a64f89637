import { type HostArea, HostCell, RECORD_BYTES } from './host-area.js';

/**
 * Where records of exits go, and the time from which the next one's is counted: one state with two users, the recorder and the exit
 * routines. A recorder may begin a page, turn it or write it away whenever it is called; routines write what fits.
 */
export interface RecordPlace {
  /** Memory for records, `placeBytes` of the layout. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Byte offset in `words` of the next record, and the last offset at which a routine may write one. */
  next: number;
  last: number;
  /** A time in nanoseconds, an even number, so that what is counted from it rounds alike; and that of the record before, counted from it. */
  originNanoseconds: number;
  sinceOriginNanoseconds: number;
}

/** A record as a routine writes it, a word a property; byte offsets are from the record's start. */
export interface RecordLayout {
  /** How much memory the recorder wants lent. */
  readonly placeBytes: number;
  readonly sizeBytes: number;
  /** Nanoseconds since the record before, shifted left, and the other bits. Only what is less than `limit` after the origin fits. */
  readonly time: { readonly offset: number; readonly shift: number; readonly bits: number; readonly limit: number };
  /** The index in EXIT_TYPES, shifted left, and the other bits. */
  readonly type: { readonly offset: number; readonly shift: number; readonly bits: number };
  /** Where the guest was: the address that the interrupt saved. */
  readonly pc: { readonly offset: number };
  /** Nanoseconds until the guest could go on. These and those of `time` are to the nearest, ties to even. */
  readonly duration: { readonly offset: number };
  readonly nanosecondsACycle: number;
}

/**
 * Records every exit of a run, in order, in a format of its own. Exit routines write that format, too, so that a record is made once and
 * where the exit is handled; each other exit is told by {@link add}. Recording changes nothing that the guest sees or that is counted.
 */
export interface ExitRecorder {
  readonly layout: RecordLayout;
  /** Lends the place, once, before the first exit. */
  recordIn(place: RecordPlace): void;
  /**
   * An exit after those that stand in the place.
   * @param type index of EXIT_TYPES
   * @param pc where the guest was
   * @param takenAtCycles when it was left, by the clock of the machine in core cycles (modelled time)
   * @param durationCycles how long it took until the guest could go on, in core cycles, the guest's sleep included
   */
  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void;
}

/** The place in the host's memory. */
export class HostRecordPlace implements RecordPlace {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #area: HostArea;
  readonly #origin: Float64Array;

  constructor(area: HostArea, { placeBytes }: RecordLayout) {
    if (placeBytes > RECORD_BYTES || area.memory.sizeBytes < HostCell.records + placeBytes)
      throw new Error('the host memory has no such room for records');
    this.#area = area;
    this.words = new Uint32Array(area.memory.buffer, area.memory.base + HostCell.records, placeBytes / 4);
    this.#origin = area.doublesAt(HostCell.recordOrigin, 1);
  }

  get next(): number {
    return this.#area.get(HostCell.recordNext);
  }
  set next(offset: number) {
    this.#area.set(HostCell.recordNext, offset);
  }
  get last(): number {
    return this.#area.get(HostCell.recordLast);
  }
  set last(offset: number) {
    this.#area.set(HostCell.recordLast, offset);
  }
  get originNanoseconds(): number {
    return this.#origin[0] as number;
  }
  set originNanoseconds(nanoseconds: number) {
    this.#origin[0] = nanoseconds;
  }
  get sinceOriginNanoseconds(): number {
    return this.#area.get(HostCell.recordElapsed);
  }
  set sinceOriginNanoseconds(nanoseconds: number) {
    this.#area.set(HostCell.recordElapsed, nanoseconds);
  }
}
