import type { Processor } from '@exitlab/core';
import type { Hypervisor } from '@exitlab/hypervisor';
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
export const applyEntryState = (processor: Processor, entry: EntryPoint): void => {
  applyEntryRegisters(processor, entry);
  processor.msr = 0;
  processor.pc = entry.entryPa;
  for (let index = 0; index < TLB_ENTRIES; index++) {
    const [word0, word1, word2] = entryWords(index);
    processor.writeTlb(index, 0, word0, 0);
    processor.writeTlb(index, 1, word1);
    processor.writeTlb(index, 2, word2);
  }
};

/**
 * The same for a guest of the hypervisor. KVM itself maps 16 MB of RAM and the UART's page (arch/powerpc/kvm/44x.c,
 * kvmppc_core_vcpu_setup); a guest cannot tell the difference but by touching more, which bare-metal guests may do.
 */
export const applyGuestEntryState = (hypervisor: Hypervisor, entry: EntryPoint): void => {
  applyEntryRegisters(hypervisor.processor, entry);
  for (let index = 0; index < FIRST_ENTRIES.length; index++) hypervisor.setGuestTlbEntry(index, ...entryWords(index));
  hypervisor.start(entry.entryPa);
};

const applyEntryRegisters = (processor: Processor, { deviceTreePa }: EntryPoint): void => {
  for (let n = 0; n < GPR_COUNT; n++) processor.setGpr(n, 0);
  processor.setGpr(1, BAMBOO.boot.stackTop);
  processor.setGpr(3, deviceTreePa);
  processor.cr = 0;
  processor.lr = 0;
  processor.ctr = 0;
  processor.xer = 0;
};

const entryWords = (index: number): [number, number, number] => {
  const base = FIRST_ENTRIES[index];
  return base === undefined ? [0, 0, 0] : [(base | VALID_256_MB) >>> 0, base, SUPERVISOR_ALL];
};
