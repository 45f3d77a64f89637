import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { ResultFileError, systemReason } from '../result-file.js';

/** A piece on its way into the file. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly position: number;
  isWritten: boolean;
}

/**
 * A file that grows by pieces. A piece may be written behind the caller's back, from its own memory past the page cache, where system and
 * file system know how: that costs next to no time of a processor, while a copy of what a guest's exits tell costs as much as making it.
 */
export class PieceFile {
  readonly #file: string;
  readonly #descriptor: number;
  /** For writing past the page cache; absent where that cannot be done. */
  #direct: number | undefined;
  /** Pieces of which not all before are written, in the file's order. */
  readonly #pieces: Piece[] = [];
  #isWriting = 0;
  #failure: unknown;
  #onIdle: (() => void) | undefined;
  readonly #onWritten: (end: number) => void;
  #end: number;

  /**
   * @param head what the file begins with; pieces follow it
   * @param onWritten told, at some time, that all up to `end`, an offset in the file, is written
   * @throws ResultFileError where the file cannot be written, or not at any place, as a pipe cannot
   */
  constructor(file: string, head: Uint8Array, onWritten: (end: number) => void) {
    this.#file = file;
    this.#onWritten = onWritten;
    this.#end = head.length;
    try {
      this.#descriptor = openSync(file, 'w');
    } catch (cause) {
      throw new ResultFileError('unwritable', file, `Cannot write the trace ${file}: ${systemReason(cause)}.`, { cause });
    }
    if (!fstatSync(this.#descriptor).isFile()) {
      closeSync(this.#descriptor);
      throw new ResultFileError('unwritable', file, `Cannot write the trace ${file}: it must be a file, since its head is written again.`);
    }
    this.overwrite(head, 0);
    this.#direct = openDirect(file);
  }

  /**
   * Adds a piece, whose bytes must stay as they are until {@link isBusy} says otherwise.
   * @param mayWait whether it may be written later
   * @throws ResultFileError where this piece or one before cannot be written
   */
  add(bytes: Uint8Array, mayWait: boolean): void {
    this.#throwFailure();
    const piece: Piece = { bytes, position: this.#end, isWritten: false };
    this.#end += bytes.length;
    this.#pieces.push(piece);
    if (mayWait && this.#direct !== undefined) this.#writeBehind(piece, this.#direct);
    else {
      this.overwrite(bytes, piece.position);
      this.#finish(piece);
    }
  }

  /** Whether something of this memory, which belongs to the same buffer as all pieces, is still to be written. */
  isBusy({ byteOffset: begin, byteLength }: Uint8Array): boolean {
    const end = begin + byteLength;
    return this.#pieces.some(({ bytes, isWritten }) => !isWritten && bytes.byteOffset < end && begin < bytes.byteOffset + bytes.length);
  }

  /** @throws ResultFileError */
  overwrite(bytes: Uint8Array, position: number): void {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, position + written);
      }
    } catch (cause) {
      throw this.#furtherError(cause);
    }
  }

  /**
   * Waits for what is still to be written, and closes the file.
   * @throws ResultFileError where a piece could not be written
   */
  async close(): Promise<void> {
    if (this.#isWriting > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const descriptor of [this.#descriptor, this.#direct]) if (descriptor !== undefined) closeSync(descriptor);
    this.#throwFailure();
  }

  #writeBehind(piece: Piece, descriptor: number): void {
    this.#isWriting++;
    write(descriptor, piece.bytes, 0, piece.bytes.length, piece.position, (cause, written) => {
      this.#isWriting--;
      try {
        // Not every file system that opens a file so writes so; and a write may fall short.
        if (cause) this.#direct = undefined;
        const done = cause ? 0 : written;
        if (done < piece.bytes.length) this.overwrite(piece.bytes.subarray(done), piece.position + done);
        this.#finish(piece);
      } catch (failure) {
        this.#failure ??= failure;
      }
      if (this.#isWriting === 0) this.#onIdle?.();
    });
  }

  #finish(piece: Piece): void {
    piece.isWritten = true;
    let end: number | undefined;
    while (this.#pieces[0]?.isWritten) {
      const { bytes, position } = this.#pieces.shift()!;
      end = position + bytes.length;
    }
    if (end !== undefined) this.#onWritten(end);
  }

  #furtherError(cause: unknown): ResultFileError {
    return new ResultFileError('unwritable', this.#file, `Cannot write the trace ${this.#file} further: ${systemReason(cause)}.`, {
      cause,
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Opens a file for writing past the page cache (open(2), O_DIRECT); nothing where system or file system does not have that. */
function openDirect(file: string): number | undefined {
  // Other systems than Linux have no such constant, whatever the types say.
  const flag = constants.O_DIRECT as number | undefined;
  if (flag === undefined) return undefined;
  try {
    return openSync(file, constants.O_WRONLY | flag);
  } catch {
    return undefined;
  }
}
