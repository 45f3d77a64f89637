import type { DcrBus, DeviceBus } from '@exitlab/core';
import type { AccessSize, DcrDevice, MmioDevice } from './device.js';

/** Accesses that no device answered, by address or DCR number; a diagnosis for the user, never output on a console. */
export interface UnclaimedAccess {
  readonly space: 'address' | 'dcr';
  readonly location: number;
  readonly reads: number;
  readonly writes: number;
}

class UnclaimedTally {
  // A guest that scans its address space must not fill the host's memory.
  static readonly #maxLocations = 256;
  readonly #space: UnclaimedAccess['space'];
  readonly #counts = new Map<number, { reads: number; writes: number }>();

  constructor(space: UnclaimedAccess['space']) {
    this.#space = space;
  }

  add(location: number, direction: 'reads' | 'writes'): void {
    let count = this.#counts.get(location);
    if (count === undefined) {
      if (this.#counts.size >= UnclaimedTally.#maxLocations) return;
      count = { reads: 0, writes: 0 };
      this.#counts.set(location, count);
    }
    count[direction]++;
  }

  list(): UnclaimedAccess[] {
    return [...this.#counts].map(([location, count]) => ({ space: this.#space, location, ...count }));
  }
}

interface Range {
  readonly base: number;
  readonly end: number;
  readonly device: MmioDevice;
}

/** Routes physical addresses to devices. A guest that polls a UART asks for one range again and again: that one is tried first. */
export class AddressMap implements DeviceBus {
  readonly #ranges: Range[] = [];
  readonly #unclaimed = new UnclaimedTally('address');
  #last: Range = { base: 0, end: 0, device: { read: () => 0, write: () => {} } };

  /** Puts a device at `[base, base + sizeBytes)`; overlapping ranges are a mistake in the board (RangeError). */
  add(base: number, sizeBytes: number, device: MmioDevice): void {
    const end = base + sizeBytes;
    if (this.#ranges.some((range) => base < range.end && range.base < end)) {
      throw new RangeError(`device ranges overlap at 0x${base.toString(16)}`);
    }
    this.#ranges.push({ base, end, device });
  }

  read(pa: number, sizeBytes: AccessSize): number {
    const range = this.#find(pa);
    if (range !== undefined) return range.device.read(pa - range.base, sizeBytes);
    this.#unclaimed.add(pa, 'reads');
    return 0;
  }

  write(pa: number, sizeBytes: AccessSize, value: number): void {
    const range = this.#find(pa);
    if (range !== undefined) range.device.write(pa - range.base, sizeBytes, value);
    else this.#unclaimed.add(pa, 'writes');
  }

  /** At most the first 256 addresses that nothing answered. */
  get unclaimed(): UnclaimedAccess[] {
    return this.#unclaimed.list();
  }

  #find(pa: number): Range | undefined {
    if (pa >= this.#last.base && pa < this.#last.end) return this.#last;
    const range = this.#ranges.find((candidate) => pa >= candidate.base && pa < candidate.end);
    if (range !== undefined) this.#last = range;
    return range;
  }
}

/** Number of device control registers that the 10-bit field of `mfdcr` and `mtdcr` reaches. */
const DCR_COUNT = 1024;

/** Routes DCR numbers to devices. */
export class DcrMap implements DcrBus {
  readonly #slots: ({ readonly device: DcrDevice; readonly base: number } | undefined)[] = new Array(DCR_COUNT);
  readonly #unclaimed = new UnclaimedTally('dcr');

  /** Puts a device at `base` to `base + count - 1`; overlapping ranges are a mistake in the board (RangeError). */
  add(base: number, count: number, device: DcrDevice): void {
    if (base < 0 || base + count > DCR_COUNT) throw new RangeError(`DCR range at 0x${base.toString(16)} leaves the DCR space`);
    for (let dcrn = base; dcrn < base + count; dcrn++) {
      if (this.#slots[dcrn] !== undefined) throw new RangeError(`DCR ranges overlap at 0x${dcrn.toString(16)}`);
      this.#slots[dcrn] = { device, base };
    }
  }

  read(dcrn: number): number {
    const slot = this.#slots[dcrn];
    if (slot !== undefined) return slot.device.readDcr(dcrn - slot.base);
    this.#unclaimed.add(dcrn, 'reads');
    return 0;
  }

  write(dcrn: number, value: number): void {
    const slot = this.#slots[dcrn];
    if (slot !== undefined) slot.device.writeDcr(dcrn - slot.base, value);
    else this.#unclaimed.add(dcrn, 'writes');
  }

  /** At most the first 256 DCR numbers that nothing answered. */
  get unclaimed(): UnclaimedAccess[] {
    return this.#unclaimed.list();
  }
}
