import type { DcrBus, DeviceBus } from '../../src/hardware.js';
import { StopReason } from '../../src/hardware.js';
import { assemble } from '../../src/isa/assembler.js';
import { sprn } from '../../src/isa/special-purpose-registers.js';
import { Msr } from '../../src/isa/vectors.js';
import { TlbWord0, TlbWord2 } from '../../src/mmu/tlb-words.js';
import { Processor440 } from '../../src/processor/processor-440.js';
import type { Processor440Options } from '../../src/processor/processor-options.js';

/** Where programs start, and where data may lie; the vectors are at 0x1000 and every 0x100 from there. */
export const CODE = 0x10000;
export const DATA = 0x20000;
export const RAM_BYTES = 1 << 20;
export const vectorAddress = (vector: number): number => 0x1000 + 0x100 * vector;

/** Page sizes by the code in SIZE. */
export const Size = { '1K': 0, '4K': 1, '16K': 2, '64K': 3, '256K': 4, '1M': 5, '16M': 7, '256M': 9 } as const;
export const { UX, UW, UR, SX, SW, SR, E, W, I } = TlbWord2;
export const ALL = UX | UW | UR | SX | SW | SR;

export interface Page {
  ea: number;
  pa?: number;
  size: number;
  space?: 0 | 1;
  tid?: number;
  /** Word 2: permissions and attributes; all permissions by default. */
  word2?: number;
}

export function writeEntry(processor: Processor440, index: number, { ea, pa = ea, size, space = 0, tid = 0, word2 = ALL }: Page): void {
  processor.writeTlb(index, 2, word2);
  processor.writeTlb(index, 1, (pa & 0xfffffc00) | Math.floor(pa / 2 ** 32));
  processor.writeTlb(index, 0, (ea | TlbWord0.V | (space ? TlbWord0.TS : 0) | (size << 4)) >>> 0, tid);
}

/**
 * A processor without a board: 1 MB of RAM, mapped one to one in both address spaces by the last two TLB entries, vectors set, all else as
 * after reset. Its time is one tick an instruction.
 */
export function createProcessor(options: Partial<Processor440Options> = {}): Processor440 {
  const nothing: DeviceBus & DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: RAM_BYTES, coreHz: 1, timebaseHz: 1, devices: nothing, dcrs: nothing, ...options });
  writeEntry(processor, 62, { ea: 0, size: Size['1M'], space: 1 });
  writeEntry(processor, 63, { ea: 0, size: Size['1M'] });
  for (let vector = 0; vector < 16; vector++) setSpr(processor, `IVOR${vector}`, vectorAddress(vector));
  processor.pc = CODE;
  return processor;
}

/** Assembles a program to an address; `pc` is left alone. */
export function load(processor: Processor440, lines: readonly string[], at = CODE): void {
  for (const [index, line] of lines.entries()) processor.memory.write32(at + 4 * index, assemble(line, at + 4 * index));
}

export function spr(processor: Processor440, name: string): number {
  return processor.readSpr(sprn(name))!;
}
export function setSpr(processor: Processor440, name: string, value: number): void {
  processor.writeSpr(sprn(name), value);
}

/** Runs until an interrupt is taken and stops before its handler; the IVOR number, or -1 where `within` instructions bring none. */
export function runToInterrupt(processor: Processor440, within = 100): number {
  const before = processor.interruptTarget;
  processor.interruptTarget = 'host';
  const reason = processor.run(within);
  processor.interruptTarget = before;
  return reason === StopReason.interrupt ? processor.lastVector : -1;
}

/** A machine with a program, in a state of the MSR, one step before its interrupt. */
export function createProgram(lines: readonly string[], msr = 0, registers: Readonly<Record<number, number>> = {}): Processor440 {
  const processor = createProcessor();
  load(processor, lines);
  processor.msr = msr;
  for (const [n, value] of Object.entries(registers)) processor.setGpr(Number(n), value);
  return processor;
}

export const USER = Msr.PR;
