import type { CostProfile } from './cost-profiles/cost-profile.js';
import { clearDurations, DurationField, type DurationSummary, Durations } from './durations.js';
import { SPR_TABLE } from './emulation/sprs.js';
import { EXIT_CLASS_DOUBLES, ExitClass, type WorkItemName } from './exit-classes.js';
import { ExitLedger, type LedgerEntry } from './exit-ledger.js';
import { EXIT_TYPES, type ExitType } from './exit-types.js';
import { EXIT_CLASS_CAPACITY, PINNED_COUNTS } from './host-area.js';
import { SearchedExits } from './searched-exits.js';
import type { Work } from './work.js';

/** What one exit type came to. */
export interface ExitSummary extends DurationSummary {
  readonly type: string;
  /** Present where the type is not KVM's: why it exists. */
  readonly ours?: string;
  /** Where the modelled instructions went, by the parts of the cost profile, in the order of their names. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface AccountingSnapshot {
  /** Types in KVM's print order; those of our own only where they occurred. */
  readonly exits: readonly ExitSummary[];
  /** KVM's TIMEINGUEST: stretches of guest execution between an entry and the next exit. */
  readonly timeInGuest: DurationSummary;
  /** Exits by emulated instruction, as `kvmtrace_format -s` lists them (`mfspr SPRG0`, `tlbwe`, …), in the order of their names. */
  readonly instructions: ReadonlyMap<string, number>;
  /** Modelled cycles in which the guest was idle; part of EMUL_WAIT's durations. */
  readonly idleCycles: number;
}

/** Where an accounting keeps what the exit routine books, too; memory of its own where absent. */
export interface AccountingCells {
  readonly timeInGuest?: Float64Array<ArrayBuffer>;
  readonly pinnedCounts?: Float64Array<ArrayBuffer>;
  readonly exitClasses?: Float64Array<ArrayBuffer>;
}

/** An entry whose count lies where the exit routine counts, too. */
export class PinnedEntry implements LedgerEntry {
  readonly type: ExitType;
  readonly work: Work;
  readonly cycles: number;
  readonly index: number;
  sleepCount = 0;
  readonly #counts: Float64Array;

  constructor(type: ExitType, work: Work, cycles: number, counts: Float64Array, index: number) {
    this.type = type;
    this.work = work;
    this.cycles = cycles;
    this.index = index;
    this.#counts = counts;
  }

  get count(): number {
    return this.#counts[this.index] as number;
  }
  set count(value: number) {
    this.#counts[this.index] = value;
  }
}

/** In the order of names by code units, which does not depend on the way by which exits were handled. */
function sortedByName(sums: ReadonlyMap<string, number>): [name: string, sum: number][] {
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Exit timing, as arch/powerpc/kvm/timing.c keeps it, with exact modelled cycles in place of microseconds. */
export class Accounting {
  readonly #types = EXIT_TYPES.map(() => new Durations());
  readonly #timeInGuest: Durations;
  readonly #instructions = new Map<string, number>();
  readonly #parts = EXIT_TYPES.map(() => new Map<string, number>());
  #idleCycles = 0;
  readonly #costProfile: CostProfile;
  readonly #isTimed: boolean;
  /** What has been booked since the sums were last brought up to date. */
  readonly #ledger = new ExitLedger();
  readonly #searched: SearchedExits;
  readonly #pinned: PinnedEntry[] = [];
  readonly #pinnedCounts: Float64Array;
  readonly #classes: ExitClass[] = [];
  readonly #classDoubles: Float64Array;

  /** @param isTimed whether durations are kept; without them exits are only counted, and cost the guest the same. */
  constructor(costProfile: CostProfile, isTimed = true, cells: AccountingCells = {}) {
    this.#costProfile = costProfile;
    this.#isTimed = isTimed;
    this.#searched = new SearchedExits(costProfile);
    this.#timeInGuest = new Durations(cells.timeInGuest);
    this.#pinnedCounts = cells.pinnedCounts ?? new Float64Array(PINNED_COUNTS);
    this.#classDoubles = cells.exitClasses ?? new Float64Array(EXIT_CLASS_CAPACITY * EXIT_CLASS_DOUBLES);
  }

  /** Books an exit in which the guest slept for `idleCycles`, 0 for most. Returns what the exit costs beside that, in core cycles. */
  bookExit(type: ExitType, idleCycles: number, work: Work): number {
    const searched = idleCycles === 0 ? this.#searched.classOf(type, work) : undefined;
    if (searched !== undefined) return searched.bookSearched(work, this.#isTimed);
    const entry = this.#ledger.find(type, work) ?? this.#newEntry(type, work);
    if (idleCycles === 0) {
      entry.count++;
    } else {
      entry.sleepCount++;
      this.#book(type, entry.cycles + idleCycles, 1);
    }
    return entry.cycles;
  }

  /** The entry for exits that always take this work; who takes one adds to its count. It lasts as long as this accounting. */
  pin(type: ExitType, work: Work): PinnedEntry {
    const known = this.#pinned.find((entry) => entry.type === type && entry.work.equals(work));
    if (known !== undefined) return known;
    if (this.#pinned.length === PINNED_COUNTS)
      throw new Error('there is no room for another kind of exits that are booked by a count alone');
    const entry = new PinnedEntry(type, work.copy(), this.#costProfile.price(type, work), this.#pinnedCounts, this.#pinned.length);
    this.#pinned.push(entry);
    return entry;
  }

  /** A class of exits that the exit routine books. */
  exitClass(type: ExitType, base: Work, items: readonly WorkItemName[]): ExitClass {
    const index = this.#classes.length;
    if (index === EXIT_CLASS_CAPACITY) throw new Error('there is no room for another class of exits');
    const doubles = this.#classDoubles.subarray(index * EXIT_CLASS_DOUBLES, (index + 1) * EXIT_CLASS_DOUBLES);
    const made = new ExitClass(this.#costProfile, type, base, items, index, doubles);
    this.#classes.push(made);
    return made;
  }

  #newEntry(type: ExitType, work: Work): LedgerEntry {
    if (this.#ledger.isFull) {
      this.#settle();
      this.#ledger.clear();
    }
    return this.#ledger.add(type, work, this.#costProfile.price(type, work));
  }

  /** Adds what the ledger holds to the sums. */
  #settle(): void {
    for (const entries of [this.#ledger.entries, this.#pinned]) for (const entry of entries) this.#settleEntry(entry);
    for (const classes of [this.#classes, this.#searched.classes]) for (const each of classes) this.#settleClass(each);
  }

  #settleClass(exitClass: ExitClass): void {
    const { type, base, doubles, items, itemParts, parts } = exitClass;
    const count = doubles[DurationField.count] as number;
    if (count === 0) return;
    const durations = this.#types[type] as Durations;
    if (this.#isTimed) {
      durations.merge(doubles);
      this.#addParts(type, parts, count);
      for (const name of items) {
        const amount = exitClass.amountOf(name);
        if (amount > 0) this.#addParts(type, itemParts.get(name) as ReadonlyMap<string, number>, amount);
      }
    } else durations.count(count);
    this.#addInstruction(base, count);
    clearDurations(doubles);
  }

  #addParts(type: ExitType, parts: ReadonlyMap<string, number>, times: number): void {
    const sums = this.#parts[type] as Map<string, number>;
    for (const [part, instructions] of parts) sums.set(part, (sums.get(part) ?? 0) + times * instructions);
  }

  #addInstruction(work: Work, times: number): void {
    if (work.instruction === '') return;
    const spr = work.sprn < 0 ? '' : ` ${SPR_TABLE.get(work.sprn)?.name ?? work.sprn}`;
    const key = `${work.instruction}${spr}`;
    this.#instructions.set(key, (this.#instructions.get(key) ?? 0) + times);
  }

  #settleEntry(entry: LedgerEntry): void {
    const { type, work, cycles, count } = entry;
    const times = count + entry.sleepCount;
    if (times === 0) return;
    if (count > 0) this.#book(type, cycles, count);
    if (this.#isTimed) {
      const parts = this.#parts[type] as Map<string, number>;
      this.#costProfile.price(type, work, (part, instructions) => {
        parts.set(part, (parts.get(part) ?? 0) + times * instructions);
      });
    }
    this.#addInstruction(work, times);
    entry.count = 0;
    entry.sleepCount = 0;
  }

  #book(type: ExitType, cycles: number, times: number): void {
    const durations = this.#types[type] as Durations;
    if (this.#isTimed) durations.add(cycles, times);
    else durations.count(times);
  }

  bookTimeInGuest(cycles: number): void {
    if (this.#isTimed) this.#timeInGuest.add(cycles);
  }

  bookIdle(cycles: number): void {
    this.#idleCycles += cycles;
  }

  /** Forgets everything, as writing `c` to KVM's timing file does. */
  clear(): void {
    this.#settle();
    for (const durations of this.#types) durations.clear();
    for (const sums of this.#parts) sums.clear();
    this.#timeInGuest.clear();
    this.#instructions.clear();
    this.#idleCycles = 0;
  }

  snapshot(): AccountingSnapshot {
    this.#settle();
    const exits: ExitSummary[] = [];
    EXIT_TYPES.forEach((row, index) => {
      const parts = Object.fromEntries(sortedByName(this.#parts[index] as Map<string, number>));
      const summary = { ...(this.#types[index] as Durations).summary(), parts };
      if (row.ours === undefined) exits.push({ type: row.name, ...summary });
      else if (summary.count > 0) exits.push({ type: row.name, ours: row.ours, ...summary });
    });
    return {
      exits,
      timeInGuest: this.#timeInGuest.summary(),
      instructions: new Map(sortedByName(this.#instructions)),
      idleCycles: this.#idleCycles,
    };
  }
}
