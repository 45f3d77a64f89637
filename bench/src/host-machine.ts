import { arch, cpus, platform, totalmem } from 'node:os';
import type { HostMachine } from '@exitlab/results';

/** The machine that this process runs on, as results describe it. */
export function hostMachine(): HostMachine {
  const processors = cpus();
  return {
    os: platform(),
    architecture: arch(),
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cpuCount: processors.length,
    memoryBytes: totalmem(),
    nodeVersion: process.version,
  };
}
