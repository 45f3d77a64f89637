import type { ByteChannels } from '@exitlab/hypervisor';

/** The console's handle among ePAPR's byte channels. */
const CONSOLE_HANDLE = 0;
const ROOM_BYTES = 16;

/** The console as a byte channel. It only sends: what the user types goes to the first UART. */
export class ConsoleByteChannel implements ByteChannels {
  readonly #send: (byte: number) => void;

  constructor(send: (byte: number) => void) {
    this.#send = send;
  }

  send(handle: number, bytes: Uint8Array): number | undefined {
    if (handle !== CONSOLE_HANDLE) return undefined;
    for (const byte of bytes) this.#send(byte);
    return bytes.length;
  }

  receive(handle: number): Uint8Array | undefined {
    return handle === CONSOLE_HANDLE ? new Uint8Array() : undefined;
  }

  poll(handle: number): { readonly received: number; readonly room: number } | undefined {
    return handle === CONSOLE_HANDLE ? { received: 0, room: ROOM_BYTES } : undefined;
  }
}
