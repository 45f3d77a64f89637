import type { TlbWords } from '@exitlab/core';
import { addressSpace, effectiveBase, isValid, pageBytes } from './tlb-words.js';
import type { Work } from './work.js';

export const GUEST_TLB_ENTRIES = 64;

/**
 * The TLB that the guest believes it has: an unmodified copy of what it wrote. Searched from slot 0 upwards, as
 * kvmppc_44x_tlb_index does; what each slot cost the search goes to the work record. As a what-if it finds the same entry by a hash of
 * the page number, kept up at each write of word 0.
 */
export class GuestTlb {
  readonly #entries: TlbWords[] = Array.from({ length: GUEST_TLB_ENTRIES }, () => ({ word0: 0, word1: 0, word2: 0, tid: 0 }));
  // First and last effective address of each slot, kept so that a search need not decode.
  readonly #first = new Float64Array(GUEST_TLB_ENTRIES);
  readonly #last = new Float64Array(GUEST_TLB_ENTRIES).fill(1023);

  readonly #hashed: boolean;

  constructor(search: 'linear' | 'hashed' = 'linear') {
    this.#hashed = search === 'hashed';
  }

  entry(index: number): Readonly<TlbWords> {
    return this.#entries[index] as TlbWords;
  }

  /** Writes one word; word 0 takes the TID with it. */
  write(index: number, word: 0 | 1 | 2, value: number, tid = 0): void {
    const entry = this.#entries[index] as TlbWords;
    switch (word) {
      case 0:
        entry.word0 = value;
        entry.tid = tid;
        this.#first[index] = effectiveBase(entry);
        this.#last[index] = (this.#first[index] as number) + pageBytes(entry) - 1;
        break;
      case 1:
        entry.word1 = value;
        break;
      case 2:
        entry.word2 = value;
        break;
    }
  }

  /** Slot of the first entry that translates `ea` for `pid` in address space `space`, or -1. */
  search(ea: number, pid: number, space: 0 | 1, work: Work): number {
    if (this.#hashed) {
      work.hashedSearches++;
      return this.#find(ea, pid, space);
    }
    work.searches++;
    for (let index = 0; index < GUEST_TLB_ENTRIES; index++) {
      if (ea < (this.#first[index] as number)) {
        work.slotsBelow++;
        continue;
      }
      if (ea > (this.#last[index] as number)) {
        work.slotsAbove++;
        continue;
      }
      const entry = this.#entries[index] as TlbWords;
      if (entry.tid !== 0 && entry.tid !== pid) {
        work.slotsOtherTid++;
        continue;
      }
      if (!isValid(entry)) {
        work.slotsInvalid++;
        continue;
      }
      if (addressSpace(entry) !== space) {
        work.slotsOtherSpace++;
        continue;
      }
      work.searchHits++;
      return index;
    }
    return -1;
  }

  #find(ea: number, pid: number, space: 0 | 1): number {
    for (let index = 0; index < GUEST_TLB_ENTRIES; index++) {
      if (ea < (this.#first[index] as number) || ea > (this.#last[index] as number)) continue;
      const entry = this.#entries[index] as TlbWords;
      if (isValid(entry) && (entry.tid === 0 || entry.tid === pid) && addressSpace(entry) === space) return index;
    }
    return -1;
  }
}
