import type { HostMemory } from '@exitlab/core';
import type { PinnedEntry } from '../accounting.js';
import type { ExitType } from '../exit-types.js';
import { EMULATION_SLOT_BYTES, EMULATION_SLOTS, type HostArea, HostCell } from '../host-area.js';
import type { SharedField, SharedPage } from '../shared-page.js';

/** What an emulation does that the exit routine can do by itself. */
export const EmulationKind = {
  /** A register takes the word at a place. */
  read: 0,
  /** The word at a place takes a register, as far as a mask lets it. */
  write: 1,
  /** As `write`, and the hardware's SPR of that name takes it, too. */
  writeBoth: 2,
  /** MSR[EE] takes that bit of a register, or of a constant. */
  writeEe: 3,
  writeEeImmediate: 4,
  /** The MSR takes a register. */
  writeMsr: 5,
  /** `rfi`. */
  returnFromInterrupt: 6,
  /** `tlbwe`: here on, what it takes depends on more than the word. */
  writeTlb: 7,
  /** `mtspr PID`. */
  writePid: 8,
  /** The last of joined `tlbwe`, which writes an entry whole, and the `rfi` that does so in its place. */
  writeEntry: 9,
  returnWithEntry: 10,
  /** `tlbsx`. */
  searchTlb: 11,
} as const;
export type EmulationKind = (typeof EmulationKind)[keyof typeof EmulationKind];

/** Where a register of the guest's that is a plain word lies: in the shared page, or in the host's own cells. */
export type RegisterPlace = { readonly field: SharedField } | { readonly cell: number };

/** An emulation of {@link EmulationKind} with its operands; a plain value, so that generated code can read it from a table. */
export interface InlineEmulation {
  readonly kind: EmulationKind;
  /** Number of the GPR; 0 where there is none. */
  readonly register: number;
  /** Absent where the kind needs none. */
  readonly place?: RegisterPlace;
  /** The GPR that names a TLB entry; for `returnWithEntry`, as it was at the last `tlbwe`, and so `register`. */
  readonly entryRegister?: number;
  /** The bits that a write changes, the constant of `writeEeImmediate`, or the word that `writeTlb` writes, the last of `writeEntry`. */
  readonly mask?: number;
  /** The operands of `searchTlb` beside `register`: GPRs whose sum is the address, of which the first counts as 0 if it is GPR 0. */
  readonly search?: { readonly registers: readonly [number, number]; readonly setsCr0: boolean };
  /** The SPR of `writeBoth`. */
  readonly sprn?: number;
}

/** What is known beforehand of exits that are all alike: their price and where they are counted, by how many interrupts they defer. */
export interface AlikeExits {
  readonly exitType: ExitType;
  readonly entries: readonly [alone: PinnedEntry, deferring: PinnedEntry];
}

/** Words of a slot of the table: byte offsets. Of the last two there is a pair an entry of {@link AlikeExits}. */
export const EmulationSlot = { word: 0, kind: 4, register: 8, place: 12, mask: 16, sprn: 20, exitType: 24, cycles: 28, count: 32 } as const;
export const EMULATION_PAIR_BYTES = 8;
/** The operands of `searchTlb`, which lie where other kinds have theirs. */
export const SearchSlot = { base: EmulationSlot.place, index: EmulationSlot.mask, setsCr0: EmulationSlot.sprn } as const;

/** Byte address of a field of the shared page in the processor's memory. */
export function sharedAddress(memory: HostMemory, shared: SharedPage, field: SharedField): number {
  return (shared.pa === undefined ? memory.base + HostCell.sharedPage : memory.ramBase + shared.pa) + field;
}

/**
 * Emulations by instruction word, where the exit routine looks them up: some slots a hash. In those that are free stands a word that is
 * looked for elsewhere, since a guest may execute any.
 */
export class EmulationTable {
  readonly #area: HostArea;
  readonly #shared: SharedPage;
  readonly #taken = new Set<number>();

  constructor(area: HostArea, shared: SharedPage) {
    this.#area = area;
    this.#shared = shared;
    for (let slot = 0; slot < EMULATION_SLOTS; slot++) this.#setWord(slot, wordElsewhere(slot));
  }

  enter(word: number, emulation: InlineEmulation, exits?: AlikeExits): void {
    const slots = EMULATION_PROBES.map((probe) => emulationSlot(word) ^ probe);
    const slot = slots.find((each) => !this.#taken.has(each)) ?? slots[0]!;
    this.#taken.add(slot);
    const { memory } = this.#area;
    const { place } = emulation;
    const set = (offset: number, value: number) => this.#area.set(HostCell.emulations + slot * EMULATION_SLOT_BYTES + offset, value);
    this.#setWord(slot, word);
    set(EmulationSlot.kind, emulation.kind);
    set(EmulationSlot.register, 4 * emulation.register);
    if (emulation.entryRegister !== undefined) set(EmulationSlot.place, 4 * emulation.entryRegister);
    if (place !== undefined) {
      set(EmulationSlot.place, 'field' in place ? sharedAddress(memory, this.#shared, place.field) : memory.base + place.cell);
    }
    set(EmulationSlot.mask, emulation.mask ?? 0);
    set(EmulationSlot.sprn, emulation.sprn ?? 0);
    if (emulation.search !== undefined) {
      const { registers, setsCr0 } = emulation.search;
      set(SearchSlot.base, 4 * registers[0]);
      set(SearchSlot.index, 4 * registers[1]);
      set(SearchSlot.setsCr0, setsCr0 ? 1 : 0);
    }
    if (exits === undefined) return;
    set(EmulationSlot.exitType, exits.exitType);
    for (const [deferrals, { cycles, index }] of exits.entries.entries()) {
      const pair = deferrals * EMULATION_PAIR_BYTES;
      set(EmulationSlot.cycles + pair, cycles);
      set(EmulationSlot.count + pair, memory.base + HostCell.pinnedCounts + 8 * index);
    }
  }

  #setWord(slot: number, word: number): void {
    this.#area.set(HostCell.emulations + slot * EMULATION_SLOT_BYTES + EmulationSlot.word, word);
  }
}

/** Multiplier and shift of the hash, as generated code computes it. */
export const EMULATION_HASH = { multiplier: 0x9e3779b1, shift: 16 } as const;

/** The slots of a hash, by what they differ in from the first. A kernel has a hundred words or so: with two, some would lose their place. */
export const EMULATION_PROBES = [0, 1, 2, 3] as const;

function emulationSlot(word: number): number {
  return (Math.imul(word, EMULATION_HASH.multiplier) >>> EMULATION_HASH.shift) % EMULATION_SLOTS;
}

/** A word for which nobody looks in a slot. */
function wordElsewhere(slot: number): number {
  let word = 0;
  while (EMULATION_PROBES.some((probe) => (emulationSlot(word) ^ probe) === slot)) word++;
  return word;
}
