import type { TlbWords } from '@exitlab/core';
import { type HostArea, HostCell } from './host-area.js';
import { addressSpace, effectiveBase, isValid, pageBytes } from './tlb-words.js';
import type { Work } from './work.js';

export const GUEST_TLB_ENTRIES = 64;
const HIGHEST_ADDRESS = 0xffffffff;
/** An entry that was never written has the smallest page size. */
const SMALLEST_PAGE_END = 1023;

interface GuestTlbWords {
  readonly word0: Uint32Array;
  readonly word1: Uint32Array;
  readonly word2: Uint32Array;
  readonly tid: Uint32Array;
}

/**
 * The TLB that the guest believes it has: an unmodified copy of what it wrote. Searched from slot 0 upwards, as
 * kvmppc_44x_tlb_index does; what each slot cost the search goes to the work record. As a what-if it finds the same entry by a hash of
 * the page number, kept up at each write of word 0. It lies where the exit routine searches it, too.
 */
export class GuestTlb {
  readonly #words: GuestTlbWords;
  /** What {@link entry} gives out. */
  readonly #entries: readonly TlbWords[];
  // First and last effective address of each slot, kept so that a search need not decode.
  readonly #first: Uint32Array;
  readonly #last: Uint32Array;
  readonly #hashed: boolean;

  constructor(area: HostArea, search: 'linear' | 'hashed' = 'linear') {
    const column = (cell: number) => area.wordsAt(cell, GUEST_TLB_ENTRIES);
    this.#words = {
      word0: column(HostCell.guestWord0),
      word1: column(HostCell.guestWord1),
      word2: column(HostCell.guestWord2),
      tid: column(HostCell.guestTid),
    };
    this.#first = column(HostCell.guestFirst);
    this.#last = column(HostCell.guestLast).fill(SMALLEST_PAGE_END);
    this.#entries = Array.from({ length: GUEST_TLB_ENTRIES }, () => ({ word0: 0, word1: 0, word2: 0, tid: 0 }));
    this.#hashed = search === 'hashed';
  }

  /** A slot's words as they are now; the exit routine may change them while the guest runs. */
  entry(index: number): Readonly<TlbWords> {
    const entry = this.#entries[index] as TlbWords;
    const { word0, word1, word2, tid } = this.#words;
    entry.word0 = word0[index] as number;
    entry.word1 = word1[index] as number;
    entry.word2 = word2[index] as number;
    entry.tid = tid[index] as number;
    return entry;
  }

  /** Writes one word; word 0 takes the TID with it. */
  write(index: number, word: 0 | 1 | 2, value: number, tid = 0): void {
    switch (word) {
      case 0: {
        this.#words.word0[index] = value;
        this.#words.tid[index] = tid;
        const entry = this.entry(index);
        const first = effectiveBase(entry);
        this.#first[index] = first;
        // The reserved size codes reach beyond the last address.
        this.#last[index] = Math.min(first + pageBytes(entry) - 1, HIGHEST_ADDRESS);
        break;
      }
      case 1:
        this.#words.word1[index] = value;
        break;
      case 2:
        this.#words.word2[index] = value;
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
      const tid = this.#words.tid[index] as number;
      if (tid !== 0 && tid !== pid) {
        work.slotsOtherTid++;
        continue;
      }
      const entry = this.entry(index);
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
      const entry = this.entry(index);
      if (isValid(entry) && (entry.tid === 0 || entry.tid === pid) && addressSpace(entry) === space) return index;
    }
    return -1;
  }
}
