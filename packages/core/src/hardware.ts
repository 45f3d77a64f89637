/**
 * The contract between the emulated processor and what surrounds it. Three parties meet here:
 *
 * - the *board* (package `monitor`) supplies {@link DeviceBus} and {@link DcrBus} and drives the interrupt inputs;
 * - a *hypervisor* (package `hypervisor`), if there is one, uses the processor only as a 440's own supervisor could: registers,
 *   SPRs, the TLB, and the interrupt that brought it there ({@link Processor});
 * - the *processor* (this package) knows neither of them.
 */

import type { HostMemory } from './host/host-memory.js';
import type { HostRoutineWriter } from './host/host-routine-module.js';

/** Everything on the physical address bus that is not RAM. Addresses are 36 bits (ERPN and RPN), values unsigned big-endian. */
export interface DeviceBus {
  /** Reads 1, 2 or 4 bytes; an address that nothing answers reads as 0 (the PLB's default on this board). */
  read(pa: number, sizeBytes: 1 | 2 | 4): number;
  write(pa: number, sizeBytes: 1 | 2 | 4, value: number): void;
}

/** The device control registers, reached by `mfdcr` and `mtdcr`; `dcrn` is 0 to 1023, values are unsigned 32-bit. */
export interface DcrBus {
  read(dcrn: number): number;
  write(dcrn: number, value: number): void;
}

/** The guest's physical RAM from address 0, as the guest sees it: big-endian. Addresses outside it throw a RangeError (our bug). */
export interface PhysicalMemory {
  readonly sizeBytes: number;
  read8(pa: number): number;
  read16(pa: number): number;
  read32(pa: number): number;
  write8(pa: number, value: number): void;
  write16(pa: number, value: number): void;
  write32(pa: number, value: number): void;
  /** A copy of `lengthBytes` bytes. */
  readBytes(pa: number, lengthBytes: number): Uint8Array;
  /** Copies bytes in, and drops whatever the processor had derived from the old ones (decoded or translated code). */
  writeBytes(pa: number, bytes: Uint8Array): void;
}

/**
 * Why {@link Processor.run} came back.
 * - `limit`: the given number of instructions has retired.
 * - `interrupt`: only with `interruptTarget` `'host'`: an interrupt was taken; `lastVector` says which, SRR0/SRR1 (or CSRR, MCSRR),
 *   ESR and DEAR hold what the architecture puts there, and nothing at the vector has been executed.
 * - `wait`: MSR[WE] is set and no enabled interrupt is pending.
 * - `reset`: DBCR0[RST] or the watchdog asked for a reset.
 * - `stopped`: a device or the monitor called {@link Processor.requestStop}.
 */
export const StopReason = { limit: 0, interrupt: 1, wait: 2, reset: 3, stopped: 4 } as const;
export type StopReason = (typeof StopReason)[keyof typeof StopReason];

export type { HostMemory } from './host/host-memory.js';
export type { HostRoutineWriter } from './host/host-routine-module.js';

/** A TLB entry as the three words of `tlbwe`/`tlbre` (word 0 without TID) and the TID that MMUCR[STID] gives and takes. */
export interface TlbWords {
  word0: number;
  word1: number;
  word2: number;
  tid: number;
}

/** Which inputs of the interrupt controller reach the core. */
export interface InterruptInputs {
  /** Level of the non-critical external input. */
  setExternal(asserted: boolean): void;
  /** Level of the critical external input. */
  setCritical(asserted: boolean): void;
}

/** A PowerPC 440 as its supervisor software and its board see it. All register values are unsigned 32-bit numbers. */
export interface Processor extends InterruptInputs {
  readonly memory: PhysicalMemory;
  readonly clock: Clock;

  /** Where interrupts go: to the guest's own vectors, or back to the caller of {@link run}. */
  interruptTarget: 'vectors' | 'host';
  /** With `interruptTarget` `'host'`: the IVOR number (0 to 15) of the interrupt that ended the last run. */
  readonly lastVector: number;

  pc: number;
  msr: number;
  cr: number;
  lr: number;
  ctr: number;
  xer: number;
  gpr(n: number): number;
  setGpr(n: number, value: number): void;
  /** Floating-point register as its 64 bits. */
  fpr(n: number): bigint;
  setFpr(n: number, bits: bigint): void;
  fpscr: number;

  /** Reads an SPR with supervisor privilege; undefined where the 440 has none of that number or it is write-only. */
  readSpr(sprn: number): number | undefined;
  /** Writes an SPR with supervisor privilege and its architected effects (PID changes translations, DBCR0[RST] resets …). */
  writeSpr(sprn: number, value: number): void;

  /** `tlbre` of all three words; index 0 to 63. */
  readTlb(index: number): TlbWords;
  /** `tlbwe` of one word; word 0 takes the TID beside it, as `tlbwe` takes it from MMUCR[STID]. */
  writeTlb(index: number, word: 0 | 1 | 2, value: number, tid?: number): void;
  /**
   * Whether a TLB entry has translated anything since it was last asked, and forgets it. No 440 has such a reference bit: where it is
   * present, it is there for what-if policies of replacement.
   */
  takeTlbReference?(index: number): boolean;
  /** All three words of an entry with its TID, as three `tlbwe` write them. */
  writeTlbEntry(index: number, word0: number, word1: number, word2: number, tid: number): void;

  /**
   * With `interruptTarget` `'host'`: the word at the pc that the last interrupt saved, read as a handler reads it through the mapping
   * that served the fetch; undefined where that mapping is not at hand, for which {@link translate} is the way.
   */
  interruptedInstruction(): number | undefined;

  /** Memory of the host's own, where its routines reach it. */
  readonly hostMemory: HostMemory;
  /**
   * With `interruptTarget` `'host'`: has interrupts of one vector (an IVOR number of those that use SRR0 and SRR1) handled by code that
   * the processor calls before it leaves the guest; only what that declines ends {@link run}. A real processor runs its host's handler
   * in the same way. An engine that leaves generated code at every interrupt may take no notice.
   */
  installHostRoutine(vector: number, write: HostRoutineWriter): void;
  /** Instructions of the guest that host routines have completed; they count towards the limit of {@link run}. */
  readonly hostInstructions: number;

  /** Drops a `lwarx` reservation, as taking an exit through the host does. */
  clearReservation(): void;

  /**
   * Executes from `pc` in state `msr` until a reason of {@link StopReason} arises. At most `maxInstructions` retire.
   * Asynchronous interrupts that are pending and enabled are taken before the first instruction.
   */
  run(maxInstructions: number): StopReason;
  /** Makes the current or next {@link run} return `stopped` at the next instruction boundary it looks at. */
  requestStop(): void;

  /**
   * Loads or stores through the current translation as an instruction at supervisor or user level would; used by host code that
   * emulates a guest access. Returns the physical address, or undefined where no matching TLB entry permits it.
   */
  translate(ea: number, access: 'read' | 'write' | 'execute', addressSpace: 0 | 1, pid: number, user: boolean): number | undefined;
}

/** Guest time. It advances with retired instructions and with what a hypervisor says its own work costs; never with the host's clock. */
export interface Clock {
  /** Instructions retired by the processor since reset, exact. */
  readonly retiredInstructions: number;
  /** Time since reset in core cycles: retired instructions at one cycle each, and all that was added. */
  readonly cycles: number;
  /** Core cycles a second; with one instruction a cycle also the modelled instruction rate. */
  readonly coreHz: number;
  /** Timebase ticks a second. */
  readonly timebaseHz: number;
  /** The 64-bit timebase as a number; exact below 2**53. */
  readonly timebase: number;
  /** Adds modelled work, in core cycles (integer): a hypervisor's own instructions, or idle time skipped. */
  advance(cycles: number): void;
}
