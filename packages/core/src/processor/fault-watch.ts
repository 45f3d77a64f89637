import { Vector } from '../isa/vectors.js';

/** The same access fault, taken again and again with nothing in between. */
export interface RepeatedFault {
  vector: number;
  pc: number;
  ea: number;
  count: number;
}

/** A guest that repeats a fault this often makes no progress; a demand-paging kernel repeats one a handful of times at most. */
const ENDLESS = 100_000;
const ACCESS_FAULTS: ReadonlySet<number> = new Set([
  Vector.dataStorage,
  Vector.instructionStorage,
  Vector.dataTlbError,
  Vector.instructionTlbError,
]);

/**
 * Notices that a processor gets nowhere: it takes one access fault for ever, with the same vector, instruction and address and no other
 * synchronous interrupt in between; or it takes interrupt after interrupt and completes no instruction, as when the vectors themselves
 * hold no code.
 */
export class FaultWatch {
  readonly #current: RepeatedFault = { vector: -1, pc: 0, ea: 0, count: 0 };
  #retiredInstructions = -1;
  #withoutProgress = 0;

  /** Records a synchronous interrupt, with the instructions retired before it. */
  record(vector: number, pc: number, ea: number, retiredInstructions: number): void {
    this.#withoutProgress = retiredInstructions === this.#retiredInstructions ? this.#withoutProgress + 1 : 1;
    this.#retiredInstructions = retiredInstructions;
    const current = this.#current;
    if (current.vector === vector && current.pc === pc && current.ea === ea && ACCESS_FAULTS.has(vector)) {
      current.count++;
      return;
    }
    current.vector = vector;
    current.pc = pc;
    current.ea = ea;
    current.count = 1;
  }

  get endlessFault(): RepeatedFault | undefined {
    const count = Math.max(this.#current.count, this.#withoutProgress);
    return count >= ENDLESS ? { ...this.#current, count } : undefined;
  }
}
