import { VECTORS } from '../isa/vectors.js';
import type { ProcessorState } from './processor-state.js';
import { State } from './state-layout.js';

/** What a processor has counted since it was made; all counts are taken modulo 2**32. */
export interface ProcessorStatistics {
  /** Interrupts taken, by IVOR number: a property of the guest alone. */
  readonly interrupts: readonly number[];
  /** Words written into the TLB, by tlbwe and by the host: a property of the guest, and of the hypervisor if there is one. */
  readonly tlbWrites: number;
  /** Pages that came into the software TLB, the fast path of translation: a property of what runs and of its contexts, alike in every engine. */
  readonly softTlbFills: number;
}

export function readStatistics(state: ProcessorState): ProcessorStatistics {
  return {
    interrupts: VECTORS.map(({ ivor }) => state.get(State.interruptCounts + 4 * ivor)),
    tlbWrites: state.get(State.tlbWrites),
    softTlbFills: state.get(State.softTlbFills),
  };
}
