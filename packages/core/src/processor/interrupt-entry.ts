import { sprn } from '../isa/special-purpose-registers.js';
import { type InterruptClass, Msr } from '../isa/vectors.js';

/** What entering an interrupt of a class does: the save/restore registers, by SPR number, and the MSR bits that survive. */
export interface InterruptEntry {
  readonly save0: number;
  readonly save1: number;
  readonly keptMsr: number;
}

/** PPC440x5 UM, chapter 6. */
export const INTERRUPT_ENTRY = {
  base: { save0: sprn('SRR0'), save1: sprn('SRR1'), keptMsr: Msr.CE | Msr.ME | Msr.DE },
  critical: { save0: sprn('CSRR0'), save1: sprn('CSRR1'), keptMsr: Msr.ME },
  machineCheck: { save0: sprn('MCSRR0'), save1: sprn('MCSRR1'), keptMsr: 0 },
} as const satisfies Record<InterruptClass, InterruptEntry>;

/** By the argument of the call-out `returnFromInterrupt`: rfi, rfci, rfmci. */
export const RETURN_FROM: readonly InterruptEntry[] = [INTERRUPT_ENTRY.base, INTERRUPT_ENTRY.critical, INTERRUPT_ENTRY.machineCheck];
