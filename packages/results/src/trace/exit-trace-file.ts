import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { ResultFileError, systemReason } from '../result-file.js';
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
  /** A time in nanoseconds, and that of the record before, counted from it. */
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
  /** Nanoseconds, rounded as `Math.round` does. */
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

/** Pages that are collected where nobody lends a place for more. */
const PAGES = 4;
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

/**
 * Writes exits, as they happen, into a file that `trace-cmd report` and KernelShark read. It is written in pieces, so that a trace may be
 * larger than memory; whatever ends the process, the pieces until then can be read.
 */
export class ExitTraceFile implements TraceRecorder {
  readonly layout: TraceRecordLayout;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #sizeOffset: number;
  readonly #pagesOffset: number;
  #place: TraceRecordPlace = {
    words: new Uint32Array((PAGES * PAGE_BYTES) / BYTES_A_WORD),
    ...{ next: PAGE_HEADER_BYTES, last: 0, originNanoseconds: 0, sinceOriginNanoseconds: 0 },
  };
  /** Bytes of pages in the file. */
  #writtenBytes = 0;
  /** Where the present page begins among the place's, in bytes. */
  #page = 0;

  /** @throws ResultFileError where the file cannot be written, or not at any place, as a pipe cannot */
  constructor(file: string, { typeNames, coreHz }: TraceOrigin, task: string) {
    this.#file = file;
    this.layout = {
      sizeBytes: HEAD_BYTES + EXIT_EVENT.recordBytes,
      time: { offset: 0, shift: DELTA_SHIFT, bits: EXIT_EVENT.recordBytes / BYTES_A_WORD, limit: MOST_DELTA },
      type: { offset: HEAD_BYTES, shift: TYPE_SHIFT, bits: firstWord(EXIT_EVENT) },
      pc: { offset: HEAD_BYTES + PC_OFFSET },
      duration: { offset: HEAD_BYTES + DURATION_OFFSET },
      nanosecondsACycle: 1e9 / coreHz,
    };
    const { bytes, sizeOffset } = traceHeader(typeNames, task);
    this.#sizeOffset = sizeOffset;
    this.#pagesOffset = bytes.length;
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
    const nanoseconds = Math.round(takenAtCycles * nanosecondsACycle);
    const duration = Math.round(durationCycles * nanosecondsACycle);
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
    place.originNanoseconds = nanoseconds;
    place.sinceOriginNanoseconds = 0;
  }

  /**
   * Writes what is left, and closes the file.
   * @throws ResultFileError
   */
  close(): void {
    if (this.#place.next > this.#page + PAGE_HEADER_BYTES) this.#endPage();
    this.#writePages();
    closeSync(this.#descriptor);
  }

  #endPage(): void {
    const { words, next } = this.#place;
    const sizeWord = (this.#page + PAGE_HEADER_BYTES / 2) / BYTES_A_WORD;
    words[sizeWord] = next - this.#page - PAGE_HEADER_BYTES;
    words[sizeWord + 1] = 0;
    words.fill(0, next / BYTES_A_WORD, (this.#page + PAGE_BYTES) / BYTES_A_WORD);
    this.#page += PAGE_BYTES;
    if (this.#page === words.byteLength) this.#writePages();
    this.#place.next = this.#page + PAGE_HEADER_BYTES;
  }

  /** Writes the pages that are full, and then how many there are, so that the file can be read at any time. */
  #writePages(): void {
    const { words } = this.#place;
    const pages = new Uint8Array(words.buffer, words.byteOffset, this.#page);
    this.#write(pages, this.#pagesOffset + this.#writtenBytes);
    this.#writtenBytes += pages.length;
    this.#page = 0;
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(this.#writtenBytes));
    this.#write(size, this.#sizeOffset);
  }

  #write(bytes: Uint8Array, position: number): void {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position + written);
      }
    } catch (cause) {
      throw new ResultFileError('unwritable', this.#file, `Cannot write the trace ${this.#file} further: ${systemReason(cause)}.`, {
        cause,
      });
    }
  }
}
