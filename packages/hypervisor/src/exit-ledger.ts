import type { ExitType } from './exit-types.js';
import type { Work } from './work.js';

/** Exits of one type that took the same work, and so cost the same. */
export interface LedgerEntry {
  readonly type: ExitType;
  readonly work: Work;
  /** What one of them costs, in core cycles. */
  readonly cycles: number;
  /** Exits booked here: those that were over at once, and those in which the guest slept. */
  count: number;
  sleepCount: number;
}

/** Works that a guest repeats are some hundreds; more are not worth remembering. */
const CAPACITY = 4096;
const BUCKETS = 8192;
const PROBES = 8;

/**
 * Most exits are like one before: looking such a one up is a comparison, while pricing it anew means going through the parts of the cost
 * profile. A price must depend on type and work alone.
 */
export class ExitLedger {
  #buckets: (LedgerEntry | undefined)[] = new Array<LedgerEntry | undefined>(BUCKETS).fill(undefined);
  #entries: LedgerEntry[] = [];

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  get isFull(): boolean {
    return this.#entries.length >= CAPACITY;
  }

  /** The entry of exits like this one, if there is one. */
  find(type: ExitType, work: Work): LedgerEntry | undefined {
    let bucket = (work.hash() >>> 16) % BUCKETS;
    for (let probe = 0; probe < PROBES; probe++) {
      const entry = this.#buckets[bucket];
      if (entry === undefined) return undefined;
      if (entry.type === type && entry.work.equals(work)) return entry;
      bucket = (bucket + 1) % BUCKETS;
    }
    return undefined;
  }

  /** Makes an entry for exits like this one. Where its neighbourhood is crowded the next exit will not find it, and makes another. */
  add(type: ExitType, work: Work, cycles: number): LedgerEntry {
    const entry: LedgerEntry = { type, work: work.copy(), cycles, count: 0, sleepCount: 0 };
    this.#entries.push(entry);
    const home = (work.hash() >>> 16) % BUCKETS;
    for (let probe = 0; probe < PROBES; probe++) {
      const bucket = (home + probe) % BUCKETS;
      if (this.#buckets[bucket] !== undefined) continue;
      this.#buckets[bucket] = entry;
      break;
    }
    return entry;
  }

  /** Forgets all entries. */
  clear(): void {
    this.#buckets = new Array<LedgerEntry | undefined>(BUCKETS).fill(undefined);
    this.#entries = [];
  }
}
