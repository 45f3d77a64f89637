import { type HostArea, HostCell, LOG_ROWS } from './host-area.js';

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

/** Collects exits, so that who wants to know of each need not be called for each. */
export class ExitLog {
  readonly #takers: readonly ExitTrace[];
  readonly #area: HostArea;
  readonly #types: Uint32Array;
  readonly #pcs: Uint32Array;
  readonly #takenAtCycles: Float64Array;
  readonly #durationCycles: Float64Array;

  constructor(takers: readonly ExitTrace[], area: HostArea) {
    this.#takers = takers;
    this.#area = area;
    this.#types = area.wordsAt(HostCell.logTypes, LOG_ROWS);
    this.#pcs = area.wordsAt(HostCell.logPcs, LOG_ROWS);
    this.#takenAtCycles = area.doublesAt(HostCell.logTakenAt, LOG_ROWS);
    this.#durationCycles = area.doublesAt(HostCell.logDurations, LOG_ROWS);
  }

  add(type: number, pc: number, takenAtCycles: number, durationCycles: number): void {
    if (this.#area.get(HostCell.logCount) === LOG_ROWS) this.handOver();
    const row = this.#area.get(HostCell.logCount);
    this.#area.set(HostCell.logCount, row + 1);
    this.#types[row] = type;
    this.#pcs[row] = pc;
    this.#takenAtCycles[row] = takenAtCycles;
    this.#durationCycles[row] = durationCycles;
  }

  /** Gives what has been collected to the takers. */
  handOver(): void {
    const count = this.#area.get(HostCell.logCount);
    if (count === 0) return;
    const exits: LoggedExits = {
      count,
      types: this.#types,
      pcs: this.#pcs,
      takenAtCycles: this.#takenAtCycles,
      durationCycles: this.#durationCycles,
    };
    this.#area.set(HostCell.logCount, 0);
    for (const take of this.#takers) take(exits);
  }
}
