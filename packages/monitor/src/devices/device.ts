/** What a device shows to the board: registers by offset, and one output for each interrupt it can raise. */

export type AccessSize = 1 | 2 | 4;

/** A device on the address bus. Offsets count bytes from its base; values are unsigned, as a big-endian bus carries them. */
export interface MmioDevice {
  read(offset: number, sizeBytes: AccessSize): number;
  write(offset: number, sizeBytes: AccessSize, value: number): void;
}

/** A device in DCR space. Offsets count registers from its base; values are unsigned 32-bit. */
export interface DcrDevice {
  readDcr(offset: number): number;
  writeDcr(offset: number, value: number): void;
}

/** A device's interrupt output; called on every change of level, and possibly without one. */
export type InterruptLine = (asserted: boolean) => void;
