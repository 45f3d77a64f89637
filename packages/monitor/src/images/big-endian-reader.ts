/** Reads big-endian fields of untrusted bytes. Every read beyond the end throws what `truncated` makes for the named part. */
export class BigEndianReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #truncated: (part: string) => Error;

  constructor(bytes: Uint8Array, truncated: (part: string) => Error) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#truncated = truncated;
  }

  u8(offset: number, part: string): number {
    this.#check(offset, 1, part);
    return this.#view.getUint8(offset);
  }

  u16(offset: number, part: string): number {
    this.#check(offset, 2, part);
    return this.#view.getUint16(offset);
  }

  u32(offset: number, part: string): number {
    this.#check(offset, 4, part);
    return this.#view.getUint32(offset);
  }

  /** A view, not a copy, of `[offset, offset + lengthBytes)`. */
  slice(offset: number, lengthBytes: number, part: string): Uint8Array {
    this.#check(offset, lengthBytes, part);
    return this.bytes.subarray(offset, offset + lengthBytes);
  }

  /** The bytes from `offset` to the next NUL, as Latin-1; the NUL must lie before `end`. */
  text(offset: number, end: number, part: string): string {
    this.#check(offset, Math.max(end - offset, 1), part);
    const terminator = this.bytes.subarray(offset, end).indexOf(0);
    if (terminator < 0) throw this.#truncated(part);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + offset, terminator).toString('latin1');
  }

  #check(offset: number, lengthBytes: number, part: string): void {
    if (offset < 0 || offset + lengthBytes > this.bytes.length) throw this.#truncated(part);
  }
}
