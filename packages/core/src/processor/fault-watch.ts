import { Vector } from '../isa/vectors.js';
import type { ProcessorState } from './processor-state.js';
import { State } from './state-layout.js';

/** The same access fault, taken again and again with nothing in between. */
export interface RepeatedFault {
  vector: number;
  pc: number;
  ea: number;
  count: number;
}

/** A guest that repeats a fault this often makes no progress; a demand-paging kernel repeats one a handful of times at most. */
export const ENDLESS_FAULT_COUNT = 100_000;
export const ACCESS_FAULTS: ReadonlySet<number> = new Set([
  Vector.dataStorage,
  Vector.instructionStorage,
  Vector.dataTlbError,
  Vector.instructionTlbError,
]);

/** A count of instructions that no stretch of execution has left. */
const NEVER = 0xffffffff;

/**
 * Notices that a processor gets nowhere: it takes one access fault for ever, with the same vector, instruction and address and no other
 * synchronous interrupt in between; or it takes interrupt after interrupt and completes no instruction, as when the vectors themselves
 * hold no code. It counts in State, where generated code that takes interrupts counts, too.
 */
export class FaultWatch {
  readonly #state: ProcessorState;
  #retiredInstructions = -1;

  constructor(state: ProcessorState) {
    this.#state = state;
  }

  /** Records a synchronous interrupt, with the instructions retired before it. */
  record(vector: number, pc: number, ea: number, retiredInstructions: number): void {
    const state = this.#state;
    const isSame = state.get(State.faultVector) === vector + 1 && state.get(State.faultPc) === pc && state.get(State.faultDear) === ea;
    state.set(State.faultCount, isSame && ACCESS_FAULTS.has(vector) ? state.get(State.faultCount) + 1 : 1);
    state.set(State.faultsAtOnce, retiredInstructions === this.#retiredInstructions ? state.get(State.faultsAtOnce) + 1 : 1);
    state.set(State.faultVector, vector + 1);
    state.set(State.faultPc, pc);
    state.set(State.faultDear, ea);
    this.#retiredInstructions = retiredInstructions;
  }

  /** Generated code, which counts down from `budget`, takes over. */
  beginStretch(retiredInstructions: number, budget: number): void {
    this.#state.set(State.faultRemaining, retiredInstructions === this.#retiredInstructions ? budget : NEVER);
  }

  /** Generated code gives back, having left `remaining`. */
  endStretch(retiredInstructions: number, remaining: number): void {
    if (this.#state.get(State.faultRemaining) === remaining) this.#retiredInstructions = retiredInstructions;
  }

  /** A host that runs on after an endless fault may have mended what caused it: counts anew. */
  beginRun(): void {
    if (!this.isEndless) return;
    this.#state.set(State.faultCount, 0);
    this.#state.set(State.faultsAtOnce, 0);
  }

  get isEndless(): boolean {
    return this.#count >= ENDLESS_FAULT_COUNT;
  }

  get #count(): number {
    return Math.max(this.#state.get(State.faultCount), this.#state.get(State.faultsAtOnce));
  }

  get endlessFault(): RepeatedFault | undefined {
    if (!this.isEndless) return undefined;
    const state = this.#state;
    const vector = state.get(State.faultVector) - 1;
    return { vector, pc: state.get(State.faultPc), ea: state.get(State.faultDear), count: this.#count };
  }
}
