import type { DcrDevice } from './device.js';

/**
 * A pair of DCRs, address and data, in front of a block of 32-bit registers, as SDR0, CPR0, EBC and the SDRAM controller have.
 * A register keeps what is written to it; it starts as `initial` says, else as 0.
 */
export class IndirectDcr implements DcrDevice {
  static readonly dcrCount = 2;
  readonly #registers: Map<number, number>;
  #address = 0;

  constructor(initial: Iterable<readonly [address: number, value: number]> = []) {
    this.#registers = new Map(initial);
  }

  readDcr(offset: number): number {
    return offset === 0 ? this.#address : (this.#registers.get(this.#address) ?? 0);
  }

  writeDcr(offset: number, value: number): void {
    if (offset === 0) this.#address = value >>> 0;
    else this.#registers.set(this.#address, value >>> 0);
  }
}
