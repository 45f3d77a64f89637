import type { ByteChannels } from '@exitlab/hypervisor';

/** The console's handle among ePAPR's byte channels. */
const CONSOLE_HANDLE = 0;
const ROOM_BYTES = 16;

/**
 * The console as a byte channel. What the user types goes to the first UART, until the guest asks the channel for input: from then on it
 * comes here. No interrupt tells of it, as the device tree names none; the guest polls.
 */
export class ConsoleByteChannel implements ByteChannels {
  readonly #send: (byte: number) => void;
  readonly #received: number[] = [];
  #isListening = false;

  constructor(send: (byte: number) => void) {
    this.#send = send;
  }

  /** Whether the guest has ever asked for input here. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Takes what the user has typed. */
  push(bytes: Uint8Array): void {
    this.#received.push(...bytes);
  }

  send(handle: number, bytes: Uint8Array): number | undefined {
    if (handle !== CONSOLE_HANDLE) return undefined;
    for (const byte of bytes) this.#send(byte);
    return bytes.length;
  }

  receive(handle: number, limit: number): Uint8Array | undefined {
    if (handle !== CONSOLE_HANDLE) return undefined;
    this.#isListening = true;
    return Uint8Array.from(this.#received.splice(0, limit));
  }

  poll(handle: number): { readonly received: number; readonly room: number } | undefined {
    if (handle !== CONSOLE_HANDLE) return undefined;
    this.#isListening = true;
    return { received: this.#received.length, room: ROOM_BYTES };
  }
}
