import type { Processor } from '@exitlab/core';
import { BAMBOO } from './bamboo.js';

const GPR_COUNT = 32;
const TLB_ENTRIES = 64;

/** `tlbwe` fields (PPC440 user's manual, "TLB entry fields"): word 0 valid and 256 MB; word 2 supervisor execute, write and read. */
const VALID_256_MB = 0x0000_0290;
const SUPERVISOR_ALL = 0x0000_0007;

/**
 * Effective equal to physical, for all that the board has. QEMU's two entries cover 2 GB each, a size the 440 does not know; entry 0 here
 * covers the RAM a boot loader promises, entry 1 the 256 MB that hold every device.
 */
const FIRST_ENTRIES = [0x0000_0000, 0xe000_0000] as const;

export interface EntryPoint {
  /** Physical, and effective under the first TLB entries. */
  readonly entryPa: number;
  readonly deviceTreePa: number;
}

/** Puts the processor into the state in which QEMU's bamboo starts a kernel: as after reset, with a stack, the device tree in r3, and a TLB. */
export const applyEntryState = (processor: Processor, { entryPa, deviceTreePa }: EntryPoint): void => {
  for (let n = 0; n < GPR_COUNT; n++) processor.setGpr(n, 0);
  processor.setGpr(1, BAMBOO.boot.stackTop);
  processor.setGpr(3, deviceTreePa);
  processor.cr = 0;
  processor.lr = 0;
  processor.ctr = 0;
  processor.xer = 0;
  processor.msr = 0;
  processor.pc = entryPa;
  for (let index = 0; index < TLB_ENTRIES; index++) {
    const base = FIRST_ENTRIES[index];
    processor.writeTlb(index, 0, base === undefined ? 0 : (base | VALID_256_MB) >>> 0, 0);
    processor.writeTlb(index, 1, base ?? 0);
    processor.writeTlb(index, 2, base === undefined ? 0 : SUPERVISOR_ALL);
  }
};
