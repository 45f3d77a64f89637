import { HOST_MEMORY_BASE, HOST_MEMORY_BYTES, RAM_BASE } from '../processor/state-layout.js';

/**
 * Memory that belongs to a host: it lies in the processor's own WebAssembly memory, where host routines reach it, and no guest does.
 * It is the host's to lay out, in host-endian words.
 */
export interface HostMemory {
  readonly buffer: ArrayBuffer;
  /** Byte address of the area in `buffer`, a multiple of 64 KB. */
  readonly base: number;
  readonly sizeBytes: number;
  /** Byte address in `buffer` of the word at physical address 0; RAM is kept as host-endian words. */
  readonly ramBase: number;
}

export function hostMemoryIn(buffer: ArrayBuffer): HostMemory {
  return { buffer, base: HOST_MEMORY_BASE, sizeBytes: HOST_MEMORY_BYTES, ramBase: RAM_BASE };
}
