import type { Readable } from 'node:stream';

/** Bytes from outside for the guest's UART. The end of the input is no event for the guest: a serial line has no end. */
export interface ConsoleInput {
  /** What has come since the last call, or undefined. */
  take(): Uint8Array | undefined;
  /** Whether there is, or may still come, anything to {@link take}. */
  readonly canDeliver: boolean;
  /** Resolves when there is something to take, the input has ended, or `signal` aborts. */
  waitForMore(signal: AbortSignal): Promise<void>;
}

/** The input of a guest that nobody types to. */
export const noInput: ConsoleInput = { take: () => undefined, canDeliver: false, waitForMore: () => Promise.resolve() };

/** Input from a stream such as standard input. Call {@link close} when the run is over, so that the stream does not keep Node alive. */
export class StreamInput implements ConsoleInput {
  readonly #stream: Readable;
  #chunks: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    this.#wake?.();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', this.#onData);
    // A stream that fails delivers no more; for the guest that is the same as its end.
    for (const event of ['end', 'close', 'error']) stream.on(event, this.#onEnd);
  }

  take(): Uint8Array | undefined {
    if (this.#chunks.length === 0) return undefined;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return bytes;
  }

  get canDeliver(): boolean {
    return this.#chunks.length > 0 || !this.#ended;
  }

  waitForMore(signal: AbortSignal): Promise<void> {
    if (this.#chunks.length > 0 || this.#ended || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  close(): void {
    this.#stream.off('data', this.#onData);
    for (const event of ['end', 'close']) this.#stream.off(event, this.#onEnd);
    this.#stream.pause();
    this.#onEnd();
  }
}
