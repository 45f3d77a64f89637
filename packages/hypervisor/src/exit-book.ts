import type { Processor } from '@exitlab/core';
import { Accounting, type AccountingSnapshot } from './accounting.js';
import type { CostProfile } from './cost-profiles/cost-profile.js';
import { DURATION_FIELDS } from './durations.js';
import { EXIT_CLASS_DOUBLES } from './exit-classes.js';
import type { LedgerEntry } from './exit-ledger.js';
import { ExitLog, type LoggedExits } from './exit-log.js';
import { type ExitRecorder, HostRecordPlace } from './exit-recording.js';
import { ExitSites } from './exit-sites.js';
import type { ExitType } from './exit-types.js';
import { EXIT_CLASS_CAPACITY, type HostArea, HostCell, PINNED_COUNTS } from './host-area.js';
import type { HypervisorOptions } from './hypervisor-options.js';
import type { Work } from './work.js';

/** What a hypervisor tells of the run so far. */
export interface HypervisorStatistics extends AccountingSnapshot {
  /** Exits by guest pc and type name, if asked for. */
  readonly sites: ReadonlyMap<number, ReadonlyMap<string, number>> | undefined;
}

/** Books exits: prices them, lets their modelled time pass, counts them, and tells who wants to know of each. */
export class ExitBook {
  readonly accounting: Accounting;
  /** Whether each exit is noted one by one in the log. */
  readonly isLogged: boolean;
  readonly #clock: Processor['clock'];
  readonly #sites: ExitSites | undefined;
  readonly #log: ExitLog | undefined;
  /** Those that are told of each exit: log and recorder, where there are any. */
  readonly #readers: readonly Pick<ExitRecorder, 'add'>[];
  readonly #onExit: HypervisorOptions['onExit'];
  #onCleared: (() => void) | undefined;

  constructor(
    clock: Processor['clock'],
    area: HostArea,
    costProfile: CostProfile,
    { exitTiming = true, countSites = false, trace, recorder, onExit }: HypervisorOptions,
  ) {
    this.#clock = clock;
    this.#onExit = onExit;
    recorder?.recordIn(new HostRecordPlace(area, recorder.layout));
    this.accounting = new Accounting(costProfile, exitTiming, {
      timeInGuest: area.doublesAt(HostCell.timeInGuest, DURATION_FIELDS),
      pinnedCounts: area.doublesAt(HostCell.pinnedCounts, PINNED_COUNTS),
      exitClasses: area.doublesAt(HostCell.exitClasses, EXIT_CLASS_CAPACITY * EXIT_CLASS_DOUBLES),
    });
    const sites = countSites ? new ExitSites() : undefined;
    this.#sites = sites;
    const takers = [...(sites ? [(exits: LoggedExits) => sites.book(exits)] : []), ...(trace ? [trace] : [])];
    if (takers.length > 0) this.#log = new ExitLog(takers, area);
    this.isLogged = this.#log !== undefined;
    this.#readers = [this.#log, recorder].filter((each) => each !== undefined);
  }

  /** Whether something is to be done at each exit, or at the next, that only {@link book} does. */
  get mustSeeEveryExit(): boolean {
    return this.#onExit !== undefined || this.#onCleared !== undefined;
  }

  snapshot(): HypervisorStatistics {
    this.handOver();
    return { ...this.accounting.snapshot(), sites: this.#sites?.snapshot() };
  }

  /** Forgets what has been booked, from the end of the next {@link book} on; `then` is called at that moment. */
  clearAfterNext(then: () => void): void {
    this.#onCleared = then;
  }

  /** Gives the exits that have been noted to who wants them. */
  handOver(): void {
    this.#log?.handOver();
  }

  /** An exit, and its time. @param idleCycles how long the guest slept in it, which has passed already */
  book(type: ExitType, pc: number, idleCycles: number, work: Work): void {
    const cycles = this.accounting.bookExit(type, idleCycles, work);
    this.#tell(type, pc, idleCycles, cycles + idleCycles);
    this.#clock.advance(cycles);
    this.#onExit?.({ type, pc, cycles, work });
    if (this.#onCleared === undefined) return;
    this.accounting.clear();
    this.#log?.handOver();
    this.#sites?.clear();
    this.#onCleared();
    this.#onCleared = undefined;
  }

  /** One more exit like those of an entry, and its time, where {@link mustSeeEveryExit} does not hold. */
  bookAnother(entry: LedgerEntry, pc: number): void {
    this.#tell(entry.type, pc, 0, entry.cycles);
    this.#clock.advance(entry.cycles);
    entry.count++;
  }

  #tell(type: ExitType, pc: number, idleCycles: number, durationCycles: number): void {
    for (const reader of this.#readers) reader.add(type, pc, this.#clock.cycles - idleCycles, durationCycles);
  }
}
