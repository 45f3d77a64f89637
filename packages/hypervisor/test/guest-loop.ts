import { assemble, type DcrBus, type DeviceBus, Processor440 } from '@exitlab/core';
import { Hypervisor, type HypervisorOptions } from '../src/index.js';

const RAM_BYTES = 1 << 20;
const ENTRY = 0x1000;
export const CLOCK_HZ = 400_000_000;

/** A guest kernel of a few instructions in a machine of 1 MB, all of it mapped. */
export function guestOf(code: readonly string[], options: HypervisorOptions = {}, coreHz = CLOCK_HZ): Hypervisor {
  const bus: DeviceBus = { read: () => 0, write: () => {} };
  const dcr: DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: RAM_BYTES, devices: bus, dcrs: dcr, coreHz, timebaseHz: coreHz });
  code.forEach((line, index) => {
    processor.memory.write32(ENTRY + 4 * index, assemble(line));
  });
  const hypervisor = new Hypervisor(processor, { bus, dcr }, options);
  hypervisor.setGuestTlbEntry(0, 0x250, 0, 0x3f);
  processor.setGpr(1, 0x8000);
  hypervisor.start(ENTRY);
  return hypervisor;
}
