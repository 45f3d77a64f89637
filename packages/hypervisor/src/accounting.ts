import type { CostProfile } from './cost-profiles/cost-profile.js';
import { SPR_TABLE } from './emulation/sprs.js';
import { ExitLedger, type LedgerEntry } from './exit-ledger.js';
import { EXIT_TYPES, type ExitType } from './exit-types.js';
import type { Work } from './work.js';

/** Distribution of durations in core cycles: what KVM's exit timing prints of a type. */
export interface DurationSummary {
  readonly count: number;
  /** 0 where the count is 0. */
  readonly minCycles: number;
  readonly maxCycles: number;
  readonly sumCycles: number;
  readonly sumOfSquares: number;
}

/** What one exit type came to. */
export interface ExitSummary extends DurationSummary {
  readonly type: string;
  /** Present where the type is not KVM's: why it exists. */
  readonly ours?: string;
  /** Where the modelled instructions went, by the parts of the cost profile. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface AccountingSnapshot {
  /** Types in KVM's print order; those of our own only where they occurred. */
  readonly exits: readonly ExitSummary[];
  /** KVM's TIMEINGUEST: stretches of guest execution between an entry and the next exit. */
  readonly timeInGuest: DurationSummary;
  /** Exits by emulated instruction, as `kvmtrace_format -s` lists them: `mfspr SPRG0`, `tlbwe`, …. */
  readonly instructions: ReadonlyMap<string, number>;
  /** Modelled cycles in which the guest was idle; part of EMUL_WAIT's durations. */
  readonly idleCycles: number;
}

class Durations {
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  sum = 0;
  sumOfSquares = 0;

  add(cycles: number, times = 1): void {
    this.count += times;
    this.sum += times * cycles;
    this.sumOfSquares += times * cycles * cycles;
    if (cycles < this.min) this.min = cycles;
    if (cycles > this.max) this.max = cycles;
  }

  clear(): void {
    this.count = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = 0;
    this.sum = 0;
    this.sumOfSquares = 0;
  }

  summary(): DurationSummary {
    return {
      count: this.count,
      minCycles: this.min === Number.POSITIVE_INFINITY ? 0 : this.min,
      maxCycles: this.max,
      sumCycles: this.sum,
      sumOfSquares: this.sumOfSquares,
    };
  }
}

/** Exit timing, as arch/powerpc/kvm/timing.c keeps it, with exact modelled cycles in place of microseconds. */
export class Accounting {
  readonly #types = EXIT_TYPES.map(() => new Durations());
  readonly #timeInGuest = new Durations();
  readonly #instructions = new Map<string, number>();
  readonly #parts = EXIT_TYPES.map(() => new Map<string, number>());
  #idleCycles = 0;
  readonly #costProfile: CostProfile;
  readonly #isTimed: boolean;
  /** What has been booked since the sums were last brought up to date. */
  readonly #ledger = new ExitLedger();
  readonly #pinned: LedgerEntry[] = [];

  /** @param isTimed whether durations are kept; without them exits are only counted, and cost the guest the same. */
  constructor(costProfile: CostProfile, isTimed = true) {
    this.#costProfile = costProfile;
    this.#isTimed = isTimed;
  }

  /** Books an exit in which the guest slept for `idleCycles`, 0 for most. Returns what the exit costs beside that, in core cycles. */
  bookExit(type: ExitType, idleCycles: number, work: Work): number {
    const entry = this.#ledger.find(type, work) ?? this.#newEntry(type, work);
    if (idleCycles === 0) {
      entry.count++;
    } else {
      entry.sleepCount++;
      this.#book(type, entry.cycles + idleCycles, 1);
    }
    return entry.cycles;
  }

  /** An entry for exits that always take this work; who takes one adds to its count. It lasts as long as this accounting. */
  pin(type: ExitType, work: Work): LedgerEntry {
    const entry = { type, work: work.copy(), cycles: this.#costProfile.price(type, work), count: 0, sleepCount: 0 };
    this.#pinned.push(entry);
    return entry;
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
    if (work.instruction !== '') {
      const spr = work.sprn < 0 ? '' : ` ${SPR_TABLE.get(work.sprn)?.name ?? work.sprn}`;
      const key = `${work.instruction}${spr}`;
      this.#instructions.set(key, (this.#instructions.get(key) ?? 0) + times);
    }
    entry.count = 0;
    entry.sleepCount = 0;
  }

  #book(type: ExitType, cycles: number, times: number): void {
    const durations = this.#types[type] as Durations;
    if (this.#isTimed) durations.add(cycles, times);
    else durations.count += times;
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
      const parts = Object.fromEntries(this.#parts[index] as Map<string, number>);
      const summary = { ...(this.#types[index] as Durations).summary(), parts };
      if (row.ours === undefined) exits.push({ type: row.name, ...summary });
      else if (summary.count > 0) exits.push({ type: row.name, ours: row.ours, ...summary });
    });
    return {
      exits,
      timeInGuest: this.#timeInGuest.summary(),
      instructions: new Map(this.#instructions),
      idleCycles: this.#idleCycles,
    };
  }
}
