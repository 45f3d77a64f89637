import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { ResultFileError, systemReason } from '../result-file.js';
import { DURATION_OFFSET, EXIT_EVENT, type ExitEvent, firstWord, LONG_EXIT_EVENT, PC_OFFSET, TYPE_SHIFT } from './trace-event.js';
import { PAGE_BYTES, PAGE_HEADER_BYTES, traceHeader } from './trace-header.js';

/**
 * Where records go, and the time from which the next one's is counted. Who makes exits may lend it, and then writes records there by
 * itself ({@link TraceRecordLayout}) as far as they fit, before the rest goes through {@link ExitTraceFile.add}.
 */
export interface TraceRecordPlace {
  /** Memory for records, `placeBytes` of the layout, in the byte order of WebAssembly's. */
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
  /** How much memory the recorder wants lent. */
  readonly placeBytes: number;
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
 * Writes exits, as they happen, into a file that `trace-cmd report` and KernelShark read. It is written page by page, so that a trace may be
 * larger than memory; whatever ends the process, the pages until then can be read.
 */
export class ExitTraceFile implements TraceRecorder {
  readonly layout: TraceRecordLayout;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #sizeOffset: number;
  readonly #pagesOffset: number;
  #place: TraceRecordPlace = {
    words: new Uint32Array(PAGE_BYTES / BYTES_A_WORD),
    ...{ next: PAGE_HEADER_BYTES, last: 0, originNanoseconds: 0, sinceOriginNanoseconds: 0 },
  };
  /** Where the next page goes in the file. */
  #end: number;

  /** @throws ResultFileError where the file cannot be written, or not at any place, as a pipe cannot */
  constructor(file: string, { typeNames, coreHz }: TraceOrigin, task: string) {
    this.#file = file;
    this.layout = {
      placeBytes: PAGE_BYTES,
      sizeBytes: HEAD_BYTES + EXIT_EVENT.recordBytes,
      time: { offset: 0, shift: DELTA_SHIFT, bits: EXIT_EVENT.recordBytes / BYTES_A_WORD, limit: MOST_DELTA },
      type: { offset: HEAD_BYTES, shift: TYPE_SHIFT, bits: firstWord(EXIT_EVENT) },
      pc: { offset: HEAD_BYTES + PC_OFFSET },
      duration: { offset: HEAD_BYTES + DURATION_OFFSET },
      nanosecondsACycle: 1e9 / coreHz,
    };
    const { bytes, sizeOffset, pagesOffset } = traceHeader(typeNames, task);
    this.#sizeOffset = sizeOffset;
    this.#pagesOffset = pagesOffset;
    this.#end = pagesOffset;
    try {
      this.#descriptor = openSync(file, 'w');
    } catch (cause) {
      throw new ResultFileError('unwritable', file, `Cannot write the trace ${file}: ${systemReason(cause)}.`, { cause });
    }
    if (!fstatSync(this.#descriptor).isFile()) {
      closeSync(this.#descriptor);
      throw new ResultFileError('unwritable', file, `Cannot write the trace ${file}: it must be a file, since its head is written again.`);
    }
    this.#write(bytes, 0);
    this.#lengthen();
  }

  recordIn(place: TraceRecordPlace): void {
    if (place.words.byteLength < PAGE_BYTES) throw new Error('a trace needs more memory for its records');
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
    if (place.next + MOST_BYTES > PAGE_BYTES) this.#endPage();
    let word = place.next / BYTES_A_WORD;
    let delta = nanoseconds - place.originNanoseconds - place.sinceOriginNanoseconds;
    if (place.next === PAGE_HEADER_BYTES) {
      // The record's time is the page's.
      delta = 0;
      words.set([nanoseconds % WORD, nanoseconds / WORD]);
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
    place.last = PAGE_BYTES - MOST_BYTES;
    place.sinceOriginNanoseconds = nanoseconds % 2;
    place.originNanoseconds = nanoseconds - place.sinceOriginNanoseconds;
  }

  /**
   * Writes what is left, and closes the file.
   * @throws ResultFileError
   */
  close(): void {
    if (this.#place.next > PAGE_HEADER_BYTES) this.#endPage();
    closeSync(this.#descriptor);
  }

  /** Writes the page, as far as there is something in it, and then how many there are, so that the file can be read at any time. */
  #endPage(): void {
    const { words, next } = this.#place;
    words.set([next - PAGE_HEADER_BYTES, 0], PAGE_HEADER_BYTES / 2 / BYTES_A_WORD);
    this.#write(new Uint8Array(words.buffer, words.byteOffset, next), this.#end);
    this.#end += PAGE_BYTES;
    this.#lengthen();
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(this.#end - this.#pagesOffset));
    this.#write(size, this.#sizeOffset);
    this.#place.next = PAGE_HEADER_BYTES;
  }

  /** What is missing at the end of a page takes no room on a disk. */
  #lengthen(): void {
    this.#attempt(() => ftruncateSync(this.#descriptor, this.#end));
  }

  #write(bytes: Uint8Array, position: number): void {
    this.#attempt(() => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position + written);
      }
    });
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (cause) {
      throw new ResultFileError('unwritable', this.#file, `Cannot write the trace ${this.#file} further: ${systemReason(cause)}.`, {
        cause,
      });
    }
  }
}
