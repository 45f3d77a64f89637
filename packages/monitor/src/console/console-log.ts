import { ExpectedText } from './expected-text.js';
import { type PanicSign, panicSign } from './panic-signs.js';

/** The newest output that is kept for results, in bytes; a guest that prints for ever must not fill the host's memory. */
const KEPT_BYTES = 4 * 2 ** 20;
/** A line longer than this is looked at in pieces of this many characters. */
const LONGEST_LINE = 4096;

export interface ConsoleLogOptions {
  /** Where output goes as it comes; absent if nobody looks on. */
  readonly write?: (bytes: Uint8Array) => void;
  readonly expectation?: RegExp;
}

/**
 * A guest's console: collects the bytes a UART sends, hands them on in pieces, and watches for the text the user expects and for a
 * kernel's last words. Carriage returns before a newline are no part of the text that is matched.
 */
export class ConsoleLog {
  readonly #write: ((bytes: Uint8Array) => void) | undefined;
  readonly #expected: ExpectedText | undefined;
  readonly #decoder = new TextDecoder('utf-8');
  #pending: number[] = [];
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #partialLine = '';
  #expectedText: string | undefined;
  #panic: PanicSign | undefined;
  #totalBytes = 0;

  constructor(options: ConsoleLogOptions = {}) {
    this.#write = options.write;
    this.#expected = options.expectation && new ExpectedText(options.expectation);
  }

  /** Takes one byte; nothing is written or looked at before {@link flush}. */
  push(byte: number): void {
    this.#pending.push(byte);
  }

  /** Hands on what has come since the last call, and looks at it. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = Uint8Array.from(this.#pending);
    this.#pending = [];
    this.#totalBytes += bytes.length;
    this.#keep(bytes);
    this.#write?.(bytes);
    const text = this.#decoder.decode(bytes, { stream: true }).replace(/\r/g, '');
    this.#expectedText ??= this.#expected?.feed(text);
    this.#lookForPanic(text);
  }

  /** Bytes sent so far, also those no longer kept; what waits for {@link flush} does not count. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** The output so far, or its newest 4 MB or so. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#kept);
  }

  /** The text that matched the expectation first. */
  get expectedText(): string | undefined {
    return this.#expectedText;
  }

  /** The first sign that the kernel has failed. */
  get panic(): PanicSign | undefined {
    return this.#panic;
  }

  #keep(bytes: Uint8Array): void {
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    while (this.#keptBytes > KEPT_BYTES && this.#kept.length > 1) this.#keptBytes -= this.#kept.shift()!.length;
  }

  #lookForPanic(text: string): void {
    const lines = (this.#partialLine + text).split('\n');
    const rest = lines.pop() ?? '';
    this.#panic ??= lines.map(panicSign).find((sign) => sign !== undefined);
    this.#partialLine = rest.length > LONGEST_LINE ? rest.slice(-LONGEST_LINE) : rest;
  }
}
