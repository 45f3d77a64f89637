/**
 * Exits in the order in which they were taken, a column a property: row n of each belongs together, and the first `count` rows hold.
 * The columns are lent: they are written anew once their taker returns.
 */
export interface LoggedExits {
  readonly count: number;
  /** What each was, as an index of EXIT_TYPES. */
  readonly types: Uint32Array;
  /** Where the guest was: the address that the interrupt saved. */
  readonly pcs: Uint32Array;
  /** When the guest was left, by the clock of the machine in core cycles (modelled time). */
  readonly takenAtCycles: Float64Array;
  /** How long it took until the guest could go on, in core cycles (modelled time), the guest's sleep included. */
  readonly durationCycles: Float64Array;
}

/**
 * Takes the exits of a traced run, some thousands at a time. All exits taken before `Hypervisor.run` returns have been handed over when
 * it does. A trace changes nothing that the guest sees or that is counted.
 */
export type ExitTrace = (exits: LoggedExits) => void;

/** Exits that wait for a taker. */
const CAPACITY = 4096;

/** Collects exits, so that who wants to know of each need not be called for each. */
export class ExitLog {
  readonly #takers: readonly ExitTrace[];
  readonly #types = new Uint32Array(CAPACITY);
  readonly #pcs = new Uint32Array(CAPACITY);
  readonly #takenAtCycles = new Float64Array(CAPACITY);
  readonly #durationCycles = new Float64Array(CAPACITY);
  #count = 0;

  constructor(takers: readonly ExitTrace[]) {
    this.#takers = takers;
  }

  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void {
    if (this.#count === CAPACITY) this.handOver();
    const row = this.#count++;
    this.#types[row] = type;
    this.#pcs[row] = pc;
    this.#takenAtCycles[row] = takenAtCycles;
    this.#durationCycles[row] = durationCycles;
  }

  /** Gives what has been collected to the takers. */
  handOver(): void {
    if (this.#count === 0) return;
    const exits: LoggedExits = {
      count: this.#count,
      types: this.#types,
      pcs: this.#pcs,
      takenAtCycles: this.#takenAtCycles,
      durationCycles: this.#durationCycles,
    };
    this.#count = 0;
    for (const take of this.#takers) take(exits);
  }
}
