import type { Instruction } from '../../../src/isa/instruction-set.js';
import { Esr, Msr, Vector } from '../../../src/isa/vectors.js';
import { Logged } from './layout.js';

/**
 * What programs do without, as a difference in the middle of one would make all that follows differ. Each is a difference that
 * known-differences.ts has with its reason, but for those marked "programs only", which a single instruction does not show. What concerns
 * values and not instructions is avoided, with its reason, where they are drawn: memory-pieces.ts, system-pieces.ts, surroundings.ts.
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

/** A word of a logged interrupt that QEMU has otherwise. */
export interface OtherWord {
  readonly reason: string;
  /** All where absent. */
  readonly vector?: number;
  /** The word of the entry. */
  readonly word: number;
  /** What the 440 has there, from what QEMU has; where QEMU does not tell, from our own entry. */
  readonly corrected: (theirs: number, ours: (word: number) => number) => number;
}

/** Bits of QEMU's SRR1 by the reason in ESR. One of them lies where the 440 has MSR[CE]. */
const REASONS = [
  [Esr.PIL, 0x00080000],
  [Esr.PPR, 0x00040000],
  [Esr.PTR, 0x00020000],
] as const;

export const OTHER_WORDS: readonly OtherWord[] = [
  {
    reason: 'interrupts of the base class leave MSR[CE] and MSR[DE] alone (UM p. 183); QEMU clears them (programs only)',
    word: Logged.msr,
    corrected: (theirs, ours) => theirs | (ours(Logged.srr1) & (Msr.CE | Msr.DE)),
  },
  ...[Vector.dataStorage, Vector.dataTlbError].map((vector) => ({
    reason: 'floating-point accesses set ESR[FP]; QEMU leaves it 0',
    vector,
    word: Logged.esr,
    corrected: (theirs: number, ours: (word: number) => number) => theirs | (ours(Logged.esr) & Esr.FP),
  })),
  {
    reason: 'an Instruction TLB Error leaves ESR alone (UM p. 172); QEMU clears it (programs only)',
    vector: Vector.instructionTlbError,
    word: Logged.esr,
    corrected: (_, ours) => ours(Logged.esr),
  },
  {
    reason: 'QEMU writes DEAR at an Instruction TLB Error',
    vector: Vector.instructionTlbError,
    word: Logged.dear,
    corrected: (_, ours) => ours(Logged.dear),
  },
  {
    reason: 'QEMU sets the reason bits of the server architecture in SRR1 at a Program interrupt',
    vector: Vector.program,
    word: Logged.srr1,
    corrected: (theirs, ours) => {
      const reasons = REASONS.reduce((bits, [cause, bit]) => (ours(Logged.esr) & cause ? bits | bit : bits), 0);
      return (theirs & ~reasons) | (ours(Logged.srr1) & reasons);
    },
  },
];
