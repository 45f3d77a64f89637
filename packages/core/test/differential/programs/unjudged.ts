import type { Instruction } from '../../../src/isa/instruction-set.js';
import { Msr, Vector } from '../../../src/isa/vectors.js';
import { Logged } from './layout.js';

/**
 * What programs do without, as a difference in the middle of one would make all that follows differ. Each is a difference that
 * known-differences.ts has with its reason, but for those marked "programs only", which a single instruction does not show.
 */
export interface LeftOut {
  readonly reason: string;
  readonly applies: (instruction: Instruction) => boolean;
}

const named =
  (pattern: RegExp) =>
  ({ row }: Instruction) =>
    pattern.test(row.mnemonic);

export const LEFT_OUT: readonly LeftOut[] = [
  { reason: "QEMU's 440EP lacks them", applies: named(/^(isel|icbt|icbt400|rsvnop)$/) },
  {
    reason: 'multiply-accumulate without overflow check or saturation is not written back by QEMU 7.2',
    applies: (i) => named(/^n?mac/)(i) && !i.variant.OE && !named(/su?$/)(i),
  },
  {
    reason: "overflow of signed multiply-accumulate is judged by the multiplier's sign in QEMU 7.2",
    applies: (i) => named(/^n?mac/)(i) && !named(/u$/)(i),
  },
  { reason: 'QEMU loads from the address of dcread', applies: named(/^dcread$/) },
  { reason: 'DCRs that nothing answers are illegal in QEMU', applies: named(/^m[ft]dcr$/) },
];

/** Bits of a logged interrupt that QEMU has otherwise. */
export interface UncomparedBits {
  readonly reason: string;
  /** All where absent. */
  readonly vector?: number;
  /** The word of the entry. */
  readonly word: number;
  readonly bits: number;
}

export const UNCOMPARED: readonly UncomparedBits[] = [
  {
    reason: 'interrupts of the base class leave MSR[CE] and MSR[DE] alone (UM 6.2); QEMU clears them (programs only)',
    word: Logged.msr,
    bits: Msr.CE | Msr.DE,
  },
  {
    reason: 'QEMU sets the reason bits of the server architecture in SRR1 at a Program interrupt',
    vector: Vector.program,
    word: Logged.srr1,
    bits: 0x001e0000,
  },
  {
    reason: 'an Instruction TLB Error leaves ESR alone (UM 6.4.11); QEMU clears it (programs only)',
    vector: Vector.instructionTlbError,
    word: Logged.esr,
    bits: 0xffffffff,
  },
  {
    reason: 'QEMU writes DEAR at an Instruction TLB Error',
    vector: Vector.instructionTlbError,
    word: Logged.dear,
    bits: 0xffffffff,
  },
];
