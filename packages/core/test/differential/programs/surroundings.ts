import { Msr } from '../../../src/isa/vectors.js';
import type { RandomWords } from '../../random-words.js';
import { CaseGenerator } from '../case-generator.js';

/** What is the same all through a program. */
export interface Surroundings {
  /** It stays in address space 0. Only then does it search the TLB, as QEMU's search looks in both spaces. */
  readonly oneSpace: boolean;
  /** Its pages belong to processes, which only a handler changes; else to all, and it writes the PID as it likes. */
  readonly byProcess: boolean;
  /** Handlers drop entries of its data pages at times. Otherwise it makes reservations in them, which need to stay mapped. */
  readonly dropsData: boolean;
  /** MSR[ME], which QEMU's mtmsr leaves alone: the same in all states that it takes. */
  readonly machineChecks: number;
  /** It has floating point at times. */
  readonly float: boolean;
  /** The share of what interrupts that it has. */
  readonly interrupting: number;
  /** Where its block is: physically, and as one large page maps it for everyone. */
  readonly pa: number;
  readonly linear: number;
}

/** A state to run in that does not wait. */
export function randomMsr(random: RandomWords, { oneSpace, machineChecks, float }: Surroundings): number {
  let msr = machineChecks;
  for (const bit of [Msr.EE, Msr.CE, Msr.DE, Msr.FE0, Msr.FE1, Msr.DWE]) if (random.oneIn(2)) msr |= bit;
  if (random.oneIn(3)) msr |= Msr.PR;
  if (float && !random.oneIn(4)) msr |= Msr.FP;
  if (!oneSpace) for (const bit of [Msr.IS, Msr.DS]) if (random.oneIn(3)) msr |= bit;
  return msr;
}

/** A value as registers and memory have it at first. */
export function randomValue(random: RandomWords): number {
  return new CaseGenerator(random).value();
}
