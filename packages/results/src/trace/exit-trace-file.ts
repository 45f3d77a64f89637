import { PieceFile } from './piece-file.js';
import { DURATION_OFFSET, EXIT_EVENT, type ExitEvent, firstWord, LONG_EXIT_EVENT, PC_OFFSET, TYPE_SHIFT } from './trace-event.js';
import { PAGE_BYTES, PAGE_HEADER_BYTES, traceHeader } from './trace-header.js';

/**
 * Where records go, and the time from which the next one's is counted. Who makes exits may lend it, and then writes records there by
 * itself ({@link TraceRecordLayout}) as far as they fit, before the rest goes through {@link ExitTraceFile.add}.
 */
export interface TraceRecordPlace {
  /** Pages of records, in the byte order of WebAssembly's memory. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Byte offset in `words` of the next record, and the last offset at which one may be written. */
  next: number;
  last: number;
  /** A time in nanoseconds, even, so that what is counted from it rounds alike; and that of the record before, counted from it. */
  originNanoseconds: number;
  sinceOriginNanoseconds: number;
}

/** A record, in words: how each is made. Byte offsets are from the record's start. */
export interface TraceRecordLayout {
  readonly sizeBytes: number;
  /** Nanoseconds since the record before, less than `limit`: shifted left, and the other bits. */
  readonly time: { readonly offset: number; readonly shift: number; readonly bits: number; readonly limit: number };
  readonly type: { readonly offset: number; readonly shift: number; readonly bits: number };
  readonly pc: { readonly offset: number };
  /** Nanoseconds; these and those of `time` to the nearest, ties to even. */
  readonly duration: { readonly offset: number };
  readonly nanosecondsACycle: number;
}

/** Takes every exit, in order. */
export interface TraceRecorder {
  readonly layout: TraceRecordLayout;
  /** Records go there from now on; before the first one. */
  recordIn(place: TraceRecordPlace): void;
  /** @param takenAtCycles when the guest was left; and @param durationCycles until it could go on: both in cycles of modelled time */
  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void;
}

/** What the rows of a trace mean. */
export interface TraceOrigin {
  /** Names of exit types, by their number. */
  readonly typeNames: readonly string[];
  /** The clock by which cycles become time. */
  readonly coreHz: number;
}

/** Pages that are written at once; and how many there are room for where nobody lends a place for more. */
const PIECE_PAGES = 8;
const PIECE_BYTES = PIECE_PAGES * PAGE_BYTES;
const BYTES_A_WORD = 4;
/** A record's length in words is the type of the word before it; above the five bits of the type stands the time since the record before. */
const DELTA_SHIFT = 5;
const MOST_DELTA = 2 ** 27;
/** A record that only says that more time has passed than fits: the upper bits in a word of their own. */
const TIME_EXTEND_TYPE = 30;
const TIME_EXTEND_BYTES = 8;
const HEAD_BYTES = BYTES_A_WORD;
/** What the longest record takes. */
const MOST_BYTES = TIME_EXTEND_BYTES + HEAD_BYTES + LONG_EXIT_EVENT.recordBytes;
const WORD = 2 ** 32;

/** To the nearest whole number, ties to even. */
function whole(nanoseconds: number): number {
  const below = Math.floor(nanoseconds);
  return nanoseconds - below === 0.5 ? below + (below % 2) : Math.round(nanoseconds);
}

/**
 * Writes exits, as they happen, into a file that `trace-cmd report` and KernelShark read. It is written in pieces, so that a trace may be
 * larger than memory; whatever ends the process, the pieces until then can be read.
 */
export class ExitTraceFile implements TraceRecorder {
  readonly layout: TraceRecordLayout;
  readonly #file: PieceFile;
  #place: TraceRecordPlace = {
    words: new Uint32Array(PIECE_BYTES / BYTES_A_WORD),
    ...{ next: PAGE_HEADER_BYTES, last: 0, originNanoseconds: 0, sinceOriginNanoseconds: 0 },
  };
  /** Where the present piece, and in it the present page, begins among the place's bytes. */
  #piece = 0;
  #page = 0;

  /** @throws ResultFileError where the file cannot be written, or not at any place, as a pipe cannot */
  constructor(file: string, { typeNames, coreHz }: TraceOrigin, task: string) {
    this.layout = {
      sizeBytes: HEAD_BYTES + EXIT_EVENT.recordBytes,
      time: { offset: 0, shift: DELTA_SHIFT, bits: EXIT_EVENT.recordBytes / BYTES_A_WORD, limit: MOST_DELTA },
      type: { offset: HEAD_BYTES, shift: TYPE_SHIFT, bits: firstWord(EXIT_EVENT) },
      pc: { offset: HEAD_BYTES + PC_OFFSET },
      duration: { offset: HEAD_BYTES + DURATION_OFFSET },
      nanosecondsACycle: 1e9 / coreHz,
    };
    const { bytes, sizeOffset } = traceHeader(typeNames, task);
    // How much there is, so that the file can be read at any time.
    this.#file = new PieceFile(file, bytes, (end) => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(end - bytes.length));
      this.#file.overwrite(size, sizeOffset);
    });
  }

  recordIn(place: TraceRecordPlace): void {
    this.#place = place;
    place.next = PAGE_HEADER_BYTES;
    // The first record of a page is ours.
    place.last = 0;
  }

  /**
   * Takes the exit after those that are recorded already.
   * @throws ResultFileError where the file cannot be written further
   */
  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void {
    const place = this.#place;
    const { words } = place;
    const { nanosecondsACycle } = this.layout;
    const nanoseconds = whole(takenAtCycles * nanosecondsACycle);
    const duration = whole(durationCycles * nanosecondsACycle);
    if (place.next + MOST_BYTES > this.#page + PAGE_BYTES) this.#endPage();
    let word = place.next / BYTES_A_WORD;
    let delta = nanoseconds - place.originNanoseconds - place.sinceOriginNanoseconds;
    if (place.next === this.#page + PAGE_HEADER_BYTES) {
      // The record's time is the page's.
      delta = 0;
      words.set([nanoseconds % WORD, nanoseconds / WORD], this.#page / BYTES_A_WORD);
    }
    if (delta >= MOST_DELTA) {
      words[word++] = ((delta % MOST_DELTA) << DELTA_SHIFT) | TIME_EXTEND_TYPE;
      words[word++] = delta / MOST_DELTA;
      delta = 0;
    }
    const event: ExitEvent = duration < WORD ? EXIT_EVENT : LONG_EXIT_EVENT;
    words[word] = (delta << DELTA_SHIFT) | (event.recordBytes / BYTES_A_WORD);
    const record = word + HEAD_BYTES / BYTES_A_WORD;
    words[record] = (type << TYPE_SHIFT) | firstWord(event);
    words[record + PC_OFFSET / BYTES_A_WORD] = pc;
    words[record + DURATION_OFFSET / BYTES_A_WORD] = duration;
    if (event === LONG_EXIT_EVENT) words[record + DURATION_OFFSET / BYTES_A_WORD + 1] = duration / WORD;
    place.next = BYTES_A_WORD * record + event.recordBytes;
    // Where a page ends must not depend on who makes its last record.
    place.last = this.#page + PAGE_BYTES - MOST_BYTES;
    place.sinceOriginNanoseconds = nanoseconds % 2;
    place.originNanoseconds = nanoseconds - place.sinceOriginNanoseconds;
  }

  /**
   * Writes what is left, and closes the file.
   * @throws ResultFileError
   */
  async close(): Promise<void> {
    try {
      if (this.#place.next > this.#page + PAGE_HEADER_BYTES) this.#endPage();
      if (this.#page > this.#piece) this.#file.add(this.#bytes(this.#piece, this.#page), false);
    } finally {
      await this.#file.close();
    }
  }

  #endPage(): void {
    const { words, next } = this.#place;
    const sizeWord = (this.#page + PAGE_HEADER_BYTES / 2) / BYTES_A_WORD;
    words[sizeWord] = next - this.#page - PAGE_HEADER_BYTES;
    words[sizeWord + 1] = 0;
    words.fill(0, next / BYTES_A_WORD, (this.#page + PAGE_BYTES) / BYTES_A_WORD);
    this.#page += PAGE_BYTES;
    if (this.#page === Math.min(this.#piece + PIECE_BYTES, words.byteLength)) this.#endPiece();
    this.#place.next = this.#page + PAGE_HEADER_BYTES;
  }

  /** Has the piece written, and goes on in the one after it, if its memory is free; else this one's is used again. */
  #endPiece(): void {
    const following = this.#page < this.#place.words.byteLength ? this.#page : 0;
    const isFree = following !== this.#piece && !this.#file.isBusy(this.#bytes(following, following + PIECE_BYTES));
    this.#file.add(this.#bytes(this.#piece, this.#page), isFree);
    if (isFree) this.#piece = following;
    this.#page = this.#piece;
  }

  /** Bytes of the place, as far as there are. */
  #bytes(begin: number, end: number): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#place.words;
    return new Uint8Array(buffer, byteOffset + begin, Math.min(end, byteLength) - begin);
  }
}
