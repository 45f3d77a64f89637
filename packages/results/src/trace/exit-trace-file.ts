import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { ResultFileError, systemReason } from '../result-file.js';
import { EXIT_EVENT_ID, EXIT_FIELDS, EXIT_RECORD_BYTES } from './trace-event.js';
import { PAGE_BYTES, PAGE_HEADER_BYTES, traceHeader, VCPU_PID } from './trace-header.js';

/** Exits in the order in which they were taken, a column a property; the first `count` rows hold. */
export interface TracedExits {
  readonly count: number;
  /** Types by number, see {@link TraceOrigin.typeNames}. */
  readonly types: ArrayLike<number>;
  readonly pcs: ArrayLike<number>;
  /** When the guest was left, in cycles of modelled time. */
  readonly takenAtCycles: ArrayLike<number>;
  /** How long it took until the guest could go on, in cycles of modelled time. */
  readonly durationCycles: ArrayLike<number>;
}

/** What the rows of a trace mean. */
export interface TraceOrigin {
  /** Names of exit types, by their number. */
  readonly typeNames: readonly string[];
  /** The clock by which cycles become time. */
  readonly coreHz: number;
}

/** Pages collected before they are written: what the trace takes of memory. */
const PAGES = 64;
const BYTES_A_WORD = 4;
const PAGE_WORDS = PAGE_BYTES / BYTES_A_WORD;
const PAGE_HEADER_WORDS = PAGE_HEADER_BYTES / BYTES_A_WORD;
/** A record's length is the type of the word before it; above the five bits of the type stands the time since the record before. */
const RECORD_WORDS = EXIT_RECORD_BYTES / BYTES_A_WORD;
const DELTA_SHIFT = 5;
const MOST_DELTA = 2 ** 27;
/** A record that only says that more time has passed than fits: the upper bits in a word of their own. */
const TIME_EXTEND_TYPE = 30;
const TIME_EXTEND_WORDS = 2;
/** The last place in a page where a record fits, whatever time has passed. */
const LAST_PLACE = PAGE_WORDS - TIME_EXTEND_WORDS - 1 - RECORD_WORDS;
const wordOf = ({ offset }: { readonly offset: number }): number => 1 + offset / BYTES_A_WORD;
const TYPE_WORD = wordOf(EXIT_FIELDS.type);
const PC_WORD = wordOf(EXIT_FIELDS.pc);
const DURATION_WORD = wordOf(EXIT_FIELDS.duration);
const WORD = 2 ** 32;
const HOST_IS_BIG_ENDIAN = endianness() === 'BE';

/**
 * Writes exits, as they happen, into a file that `trace-cmd report` and KernelShark read. It is written in pieces, so that a trace may be
 * larger than memory; whatever ends the process, the pieces until then can be read.
 */
export class ExitTraceFile {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #nanosecondsACycle: number;
  readonly #sizeOffset: number;
  readonly #pagesOffset: number;
  /** The pages being filled, in the host's byte order; the lower half of a number first. */
  readonly #words = new Uint32Array(PAGES * PAGE_WORDS);
  /** Bytes of pages in the file. */
  #writtenBytes = 0;
  /** Where the present page begins, and where in it the next record goes, in words. */
  #page = 0;
  #next = PAGE_HEADER_WORDS;
  /** Time of the record before, in nanoseconds. */
  #lastNanoseconds = 0;

  /** @throws ResultFileError where the file cannot be written, or not at any place, as a pipe cannot */
  constructor(file: string, { typeNames, coreHz }: TraceOrigin, task: string) {
    this.#file = file;
    this.#nanosecondsACycle = 1e9 / coreHz;
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

  /**
   * Takes exits in the order in which they happened.
   * @throws ResultFileError where the file cannot be written further
   */
  add({ count, types, pcs, takenAtCycles, durationCycles }: TracedExits): void {
    const words = this.#words;
    const nanosecondsACycle = this.#nanosecondsACycle;
    let last = this.#lastNanoseconds;
    for (let row = 0; row < count; row++) {
      const nanoseconds = Math.round(takenAtCycles[row]! * nanosecondsACycle);
      if (this.#next > LAST_PLACE) this.#endPage();
      if (this.#next === PAGE_HEADER_WORDS) {
        // The record's time is the page's.
        last = nanoseconds;
        words[this.#page] = nanoseconds;
        words[this.#page + 1] = nanoseconds / WORD;
      }
      let at = this.#page + this.#next;
      const delta = nanoseconds - last;
      last = nanoseconds;
      if (delta < MOST_DELTA) {
        words[at] = (delta << DELTA_SHIFT) | RECORD_WORDS;
      } else {
        words[at] = ((delta % MOST_DELTA) << DELTA_SHIFT) | TIME_EXTEND_TYPE;
        words[at + 1] = Math.floor(delta / MOST_DELTA);
        at += TIME_EXTEND_WORDS;
        words[at] = RECORD_WORDS;
      }
      const duration = Math.round(durationCycles[row]! * nanosecondsACycle);
      words[at + 1] = EXIT_EVENT_ID;
      words[at + 2] = VCPU_PID;
      words[at + TYPE_WORD] = types[row]!;
      words[at + PC_WORD] = pcs[row]!;
      // A word takes the lower half of a number by itself; `%` would be a call of fmod.
      words[at + DURATION_WORD] = duration;
      words[at + DURATION_WORD + 1] = duration / WORD;
      this.#next = at + 1 + RECORD_WORDS - this.#page;
    }
    this.#lastNanoseconds = last;
  }

  /**
   * Writes what is left, and closes the file.
   * @throws ResultFileError
   */
  close(): void {
    if (this.#next > PAGE_HEADER_WORDS) this.#endPage();
    this.#writePages();
    closeSync(this.#descriptor);
  }

  #endPage(): void {
    this.#words[this.#page + 2] = BYTES_A_WORD * (this.#next - PAGE_HEADER_WORDS);
    this.#page += PAGE_WORDS;
    this.#next = PAGE_HEADER_WORDS;
    if (this.#page === this.#words.length) this.#writePages();
  }

  /** Writes the pages that are full, and then how many there are, so that the file can be read at any time. */
  #writePages(): void {
    const pages = Buffer.from(this.#words.buffer, 0, BYTES_A_WORD * this.#page);
    if (HOST_IS_BIG_ENDIAN) pages.swap32();
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
