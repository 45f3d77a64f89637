import type { PhysicalMemory } from '../hardware.js';

/**
 * Guest RAM inside the processor's memory: host-endian 32-bit words, so that an aligned word access needs no byte swap; a byte lies at
 * its address with the low two bits mirrored (`^ 3`), a halfword at `^ 2`. Devices and loaders come through here and see big-endian bytes.
 */
export class Ram implements PhysicalMemory {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #codePages: Uint8Array;
  readonly #onCodeWrite: (pa: number, lengthBytes: number) => void;

  /**
   * @param codePages by page: not 0 where something has been derived from the code in it
   * @param onCodeWrite called after a write to such a page
   */
  constructor(
    buffer: ArrayBufferLike,
    baseBytes: number,
    sizeBytes: number,
    codePages: Uint8Array,
    onCodeWrite: (pa: number, lengthBytes: number) => void,
  ) {
    this.sizeBytes = sizeBytes;
    this.#codePages = codePages;
    this.#bytes = new Uint8Array(buffer, baseBytes, sizeBytes);
    this.#view = new DataView(buffer, baseBytes, sizeBytes);
    this.#onCodeWrite = onCodeWrite;
  }

  #check(pa: number, lengthBytes: number): void {
    if (!(pa >= 0 && pa + lengthBytes <= this.sizeBytes)) {
      throw new RangeError(`physical address 0x${pa.toString(16)} (${lengthBytes} bytes) is outside RAM`);
    }
  }

  read8(pa: number): number {
    this.#check(pa, 1);
    return this.#bytes[pa ^ 3]!;
  }
  read16(pa: number): number {
    if (pa & 1) return (this.read8(pa) << 8) | this.read8(pa + 1);
    this.#check(pa, 2);
    return this.#view.getUint16(pa ^ 2, true);
  }
  read32(pa: number): number {
    if (pa & 3) return this.read16(pa) * 0x10000 + this.read16(pa + 2);
    this.#check(pa, 4);
    return this.#view.getUint32(pa, true);
  }
  write8(pa: number, value: number): void {
    this.#check(pa, 1);
    this.#bytes[pa ^ 3] = value;
    if (this.#codePages[pa >>> 12]) this.#onCodeWrite(pa, 1);
  }
  write16(pa: number, value: number): void {
    if (pa & 1) {
      this.write8(pa, value >>> 8);
      this.write8(pa + 1, value);
      return;
    }
    this.#check(pa, 2);
    this.#view.setUint16(pa ^ 2, value, true);
    if (this.#codePages[pa >>> 12]) this.#onCodeWrite(pa, 2);
  }
  write32(pa: number, value: number): void {
    if (pa & 3) {
      this.write16(pa, value >>> 16);
      this.write16(pa + 2, value);
      return;
    }
    this.#check(pa, 4);
    this.#view.setUint32(pa, value, true);
    if (this.#codePages[pa >>> 12]) this.#onCodeWrite(pa, 4);
  }

  readBytes(pa: number, lengthBytes: number): Uint8Array {
    this.#check(pa, lengthBytes);
    return Uint8Array.from({ length: lengthBytes }, (_, i) => this.#bytes[(pa + i) ^ 3]!);
  }

  writeBytes(pa: number, bytes: Uint8Array): void {
    this.#check(pa, bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#bytes[(pa + i) ^ 3] = bytes[i]!;
    this.#onCodeWrite(pa, bytes.length);
  }
}
