import type { AccessSize, MmioDevice } from './device.js';

/** PCI is little-endian: a value on the processor's big-endian bus holds its bytes in reverse. */
const swapBytes = (value: number, sizeBytes: AccessSize): number => {
  if (sizeBytes === 1) return value & 0xff;
  if (sizeBytes === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
};

const ALL_ONES: Readonly<Record<AccessSize, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** Offsets in the bridge's own configuration header (PCI 2.2, section 6.1), what they hold, and the bits software can write. */
const CONFIGURATION_HEADER = [
  { offset: 0x00, sizeBytes: 2, value: 0x1014, writable: 0 }, // vendor: IBM
  { offset: 0x02, sizeBytes: 2, value: 0x027f, writable: 0 }, // device: the 440's bridge, as QEMU's bamboo names it
  { offset: 0x04, sizeBytes: 2, value: 0x0000, writable: 0x0507 }, // command
  { offset: 0x0a, sizeBytes: 2, value: 0x0680, writable: 0 }, // class: other bridge
  { offset: 0x0c, sizeBytes: 1, value: 0x00, writable: 0xff }, // cache line size
  { offset: 0x0d, sizeBytes: 1, value: 0x00, writable: 0xff }, // latency timer
  { offset: 0x2c, sizeBytes: 2, value: 0x1af4, writable: 0 }, // subsystem vendor, as QEMU gives it
  { offset: 0x2e, sizeBytes: 2, value: 0x1100, writable: 0 }, // subsystem
  { offset: 0x3c, sizeBytes: 1, value: 0x00, writable: 0xff }, // interrupt line
] as const;

const CONFIGURATION_BYTES = 256;
const CONFIGURATION_ENABLE = 0x8000_0000;

/** Configuration mechanism 1: an address register at 0 and a data window at 4. Only the bridge itself is on the bus. */
export class PciConfigurationSpace implements MmioDevice {
  static readonly sizeBytes = 8;
  #address = 0;
  readonly #header = new Uint8Array(CONFIGURATION_BYTES);
  readonly #writable = new Uint8Array(CONFIGURATION_BYTES);

  constructor() {
    for (const field of CONFIGURATION_HEADER) {
      for (let i = 0; i < field.sizeBytes; i++) {
        this.#header[field.offset + i] = field.value >>> (8 * i);
        this.#writable[field.offset + i] = field.writable >>> (8 * i);
      }
    }
  }

  read(offset: number, sizeBytes: AccessSize): number {
    if (offset < 4) return swapBytes(this.#address >>> (8 * offset), sizeBytes);
    const register = this.#bridgeRegister(offset);
    if (register === undefined) return ALL_ONES[sizeBytes];
    let value = 0;
    for (let i = 0; i < sizeBytes; i++) value = value * 256 + (this.#header[register + i] ?? 0);
    return value;
  }

  write(offset: number, sizeBytes: AccessSize, value: number): void {
    if (offset < 4) {
      // Only a whole word names a register; narrower writes would leave a mixture, and no software makes them.
      if (sizeBytes === 4) this.#address = (swapBytes(value, 4) & ~3) >>> 0;
      return;
    }
    const register = this.#bridgeRegister(offset);
    if (register === undefined) return;
    for (let i = 0; i < sizeBytes; i++) {
      const at = register + i;
      const mask = this.#writable[at] ?? 0;
      const byte = value >>> (8 * (sizeBytes - 1 - i));
      if (at < CONFIGURATION_BYTES) this.#header[at] = (this.#header[at]! & ~mask) | (byte & mask);
    }
  }

  /** Offset in the bridge's header, or undefined if another function is addressed or configuration is off. */
  #bridgeRegister(offset: number): number | undefined {
    const isEnabled = this.#address >= CONFIGURATION_ENABLE;
    const busDeviceFunction = (this.#address >>> 8) & 0xffff;
    return isEnabled && busDeviceFunction === 0 ? (this.#address & 0xfc) + (offset - 4) : undefined;
  }
}

/** The bridge's local registers: master and target maps, sixteen little-endian words that are kept and translate nothing. */
export class PciLocalRegisters implements MmioDevice {
  static readonly sizeBytes = 0x40;
  readonly #bytes = new Uint8Array(PciLocalRegisters.sizeBytes);

  read(offset: number, sizeBytes: AccessSize): number {
    let value = 0;
    for (let i = 0; i < sizeBytes; i++) value = value * 256 + (this.#bytes[offset + i] ?? 0);
    return value;
  }

  write(offset: number, sizeBytes: AccessSize, value: number): void {
    for (let i = 0; i < sizeBytes && offset + i < this.#bytes.length; i++) this.#bytes[offset + i] = value >>> (8 * (sizeBytes - 1 - i));
  }
}

/** A window onto a bus with nothing on it: undriven lines read as ones. */
export class EmptyBusWindow implements MmioDevice {
  read(_offset: number, sizeBytes: AccessSize): number {
    return ALL_ONES[sizeBytes];
  }

  write(): void {}
}
