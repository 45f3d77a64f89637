import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
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
const HEADER_WORD_BYTES = 4;
/** A record's length in words is the type of its header; above the five bits of the type stands the time since the record before. */
const RECORD_TYPE = EXIT_RECORD_BYTES / 4;
const DELTA_SHIFT = 5;
const DELTA_BITS = 27;
/** A record that only says that more time has passed than fits: the upper bits in a word of their own. */
const TIME_EXTEND_TYPE = 30;
const TIME_EXTEND_BYTES = 8;
const WORD = 2 ** 32;

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
  readonly #pages = new Uint8Array(PAGES * PAGE_BYTES);
  readonly #view = new DataView(this.#pages.buffer);
  /** Bytes of pages in the file. */
  #writtenBytes = 0;
  /** Where the present page begins, and where in it the next record goes. */
  #page = 0;
  #next = PAGE_HEADER_BYTES;
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
    const view = this.#view;
    for (let row = 0; row < count; row++) {
      const nanoseconds = Math.round(takenAtCycles[row]! * this.#nanosecondsACycle);
      let at = this.#place(nanoseconds);
      const delta = nanoseconds - this.#lastNanoseconds;
      this.#lastNanoseconds = nanoseconds;
      if (delta >= 2 ** DELTA_BITS) {
        view.setUint32(at, ((delta % 2 ** DELTA_BITS) * 2 ** DELTA_SHIFT + TIME_EXTEND_TYPE) >>> 0, true);
        view.setUint32(at + HEADER_WORD_BYTES, Math.floor(delta / 2 ** DELTA_BITS), true);
        at += TIME_EXTEND_BYTES;
        view.setUint32(at, RECORD_TYPE, true);
      } else {
        view.setUint32(at, (delta << DELTA_SHIFT) | RECORD_TYPE, true);
      }
      at += HEADER_WORD_BYTES;
      const duration = Math.round(durationCycles[row]! * this.#nanosecondsACycle);
      view.setUint32(at, EXIT_EVENT_ID, true);
      view.setUint32(at + 4, VCPU_PID, true);
      view.setUint32(at + EXIT_FIELDS.type.offset, types[row]!, true);
      view.setUint32(at + EXIT_FIELDS.pc.offset, pcs[row]!, true);
      // The conversion to 32 bits takes the lower half by itself; `%` would be a call of fmod.
      view.setUint32(at + EXIT_FIELDS.duration.offset, duration, true);
      view.setUint32(at + EXIT_FIELDS.duration.offset + 4, duration / WORD, true);
      this.#next = at + EXIT_RECORD_BYTES - this.#page;
    }
  }

  /**
   * Writes what is left, and closes the file.
   * @throws ResultFileError
   */
  close(): void {
    if (this.#next > PAGE_HEADER_BYTES) this.#endPage();
    this.#writePages();
    closeSync(this.#descriptor);
  }

  /** Where a record of any length fits; on a new page the record's time is the page's. */
  #place(nanoseconds: number): number {
    if (this.#next + TIME_EXTEND_BYTES + HEADER_WORD_BYTES + EXIT_RECORD_BYTES > PAGE_BYTES) {
      this.#endPage();
      if (this.#page === this.#pages.length) this.#writePages();
    }
    if (this.#next === PAGE_HEADER_BYTES) {
      this.#lastNanoseconds = nanoseconds;
      this.#view.setUint32(this.#page, nanoseconds, true);
      this.#view.setUint32(this.#page + 4, nanoseconds / WORD, true);
    }
    return this.#page + this.#next;
  }

  #endPage(): void {
    this.#view.setUint32(this.#page + 8, this.#next - PAGE_HEADER_BYTES, true);
    this.#page += PAGE_BYTES;
    this.#next = PAGE_HEADER_BYTES;
  }

  /** Writes the pages that are full, and then how many there are, so that the file can be read at any time. */
  #writePages(): void {
    this.#write(this.#pages.subarray(0, this.#page), this.#pagesOffset + this.#writtenBytes);
    this.#writtenBytes += this.#page;
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigUint64(0, BigInt(this.#writtenBytes), true);
    this.#write(size, this.#sizeOffset);
    this.#page = 0;
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
