import type { Processor } from '@exitlab/core';
import type { PageWindow, Profile } from '@exitlab/results';

/** Exits in a window. */
const WINDOW_EXITS = 2000;
/** Exits from the start of one window to the next, at first. */
const FIRST_SPACING_EXITS = 4000;
/** Where a phase has more windows than this every second is given up, and the next come half as often. */
const MOST_WINDOWS_A_PHASE = 48;

/**
 * A guest that uses more than this share of the slots between two exits goes round its pages without one: in which order, only looks in
 * between can tell. From then on it is looked at so often that few pages are used from one look to the next, and a window ends after so many
 * looks; the window in which that is found out starts anew.
 */
const MANY_PAGES_SHARE = 0.5;
const LOOK_INSTRUCTIONS = 4;
const MOST_LOOKS = 20_000;

const VALID = 0x200;
const PAGE_MASK = 0xfffffc00;
/** Hardware PID of the guest kernel's mappings (TID 0), see `shadow-tlb.ts`. */
const KERNEL_TID = 1;
const EMPTY = -1;

/** Windows of one phase, and when the next is due. */
interface PhaseWindows {
  spacing: number;
  exits: number;
  windows: PageWindow[];
  /** The guest has used many pages between two exits. */
  usesMany: boolean;
}

/** The window that is being recorded. */
interface OpenWindow {
  readonly phase: number;
  /** Until the first mapping is seen, nobody knows which slot the replacement has come to. */
  slots: number[] | undefined;
  readonly events: string[];
  exits: number;
  looks: number;
  /** The pages used up to the last exit or look, and after that none but these. */
  lastUsed: ReadonlySet<number>;
}

/** Records page windows: stretches of a run with every page that the guest uses. Between windows it costs nothing. */
export class PageWindowRecorder {
  readonly #processor: () => Processor;
  readonly #slots: () => number;
  readonly #phases: PhaseWindows[] = [];
  readonly #places = new Map<number, number>();
  readonly #pages = new Map<string, number>();
  readonly #pageRows: Profile['pages'] = [];
  #open: OpenWindow | undefined;
  /** The page in each slot at the last exit. */
  #held: number[] = [];
  readonly #stopGuest: () => void;
  #inTimer = false;

  /** `slots` is how many of the TLB the hypervisor gives to the guest, asked for when they are there; `stopGuest` makes it stop for a look. */
  constructor(processor: () => Processor, slots: () => number, stopGuest: () => void) {
    this.#processor = processor;
    this.#slots = slots;
    this.#stopGuest = stopGuest;
  }

  /** Guest instructions to the next look; Infinity while exits tell enough. */
  get instructionsToLook(): number {
    return this.#open?.slots !== undefined && this.#phases[this.#open.phase]!.usesMany ? LOOK_INSTRUCTIONS : Infinity;
  }

  /** Takes note of the pages used since the last exit or look. */
  look(): void {
    const open = this.#open;
    if (open?.slots === undefined) return;
    const used = this.#takeReferences(this.#held);
    // What was used just now is still there: to use it again changes nothing.
    if (used.some((page) => !open.lastUsed.has(page))) {
      open.events.push([this.#inTimer ? 't.' : '.', ...used].join(','));
      open.lastUsed = new Set(used);
    }
    open.looks++;
    if (open.looks >= MOST_LOOKS) this.#close(open);
  }

  /** Takes note of an exit, perhaps within a timer interrupt; where it is a virtual miss inside a window, says whose page was missing. */
  observe(pc: number, isVirtualMiss: boolean, phase: number, inTimer: boolean): { readonly kernel: boolean } | undefined {
    this.#inTimer = inTimer;
    this.#phases[phase] ??= { spacing: FIRST_SPACING_EXITS, exits: 0, windows: [], usesMany: false };
    const state = this.#phases[phase];
    if (this.#open === undefined) {
      if (state.exits++ % state.spacing === 0) this.#start(phase);
      return undefined;
    }
    state.exits++;
    if (this.#open.phase !== phase) {
      this.#close(this.#open);
      return undefined;
    }
    return this.#record(this.#open, pc, isVirtualMiss);
  }

  recorded(): { readonly places: number[]; readonly pages: Profile['pages']; readonly windows: PageWindow[] } {
    if (this.#open !== undefined) this.#close(this.#open);
    return { places: [...this.#places.keys()], pages: this.#pageRows, windows: this.#phases.flatMap(({ windows }) => windows) };
  }

  #start(phase: number): void {
    this.#open = { phase, slots: undefined, events: [], exits: 0, looks: 0, lastUsed: new Set() };
    this.#held = this.#heldPages();
  }

  #record(open: OpenWindow, pc: number, isVirtualMiss: boolean): { readonly kernel: boolean } | undefined {
    const held = this.#heldPages();
    const mapped = held.findIndex((page, slot) => page !== EMPTY && page !== this.#held[slot]);
    if (open.slots === undefined) {
      if (mapped >= 0) {
        open.slots = held.map((_, behind) => held[(mapped + 1 + behind) % held.length]!);
        this.#takeReferences(held);
        if (this.#phases[open.phase]!.usesMany) this.#stopGuest();
      }
      this.#held = held;
      return undefined;
    }
    const used = this.#takeReferences(this.#held);
    if (used.length > MANY_PAGES_SHARE * held.length && !this.#phases[open.phase]!.usesMany) {
      this.#phases[open.phase]!.usesMany = true;
      this.#start(open.phase);
      return undefined;
    }
    const words = [`${this.#inTimer ? 't' : ''}${this.#place(pc)}`, ...used.map(String)];
    this.#held.forEach((page, slot) => {
      if (page !== EMPTY && held[slot] !== page && slot !== mapped) words.push(`-${page}`);
    });
    if (mapped >= 0) words.push(`${isVirtualMiss ? 'm' : 'e'}${held[mapped]}`);
    open.events.push(words.join(','));
    open.lastUsed = new Set(mapped >= 0 ? [...used, held[mapped]!] : used);
    open.exits++;
    this.#held = held;
    if (open.exits >= WINDOW_EXITS) this.#close(open);
    return isVirtualMiss && mapped >= 0 ? this.#pageRows[held[mapped]!] : undefined;
  }

  #close({ phase, slots, events, exits }: OpenWindow): void {
    this.#open = undefined;
    if (slots === undefined || exits === 0) return;
    const state = this.#phases[phase]!;
    state.windows.push({ phase, slots, events: events.join(';') });
    if (state.windows.length < MOST_WINDOWS_A_PHASE) return;
    state.windows = state.windows.filter((_, index) => index % 2 === 0);
    state.spacing *= 2;
  }

  #place(pc: number): number {
    return indexOf(this.#places, pc);
  }

  /** The pages among `held` that were used since they were last asked for. */
  #takeReferences(held: readonly number[]): number[] {
    const processor = this.#processor();
    return held.filter((page, slot) => processor.takeTlbReference!(slot) && page !== EMPTY);
  }

  #heldPages(): number[] {
    const processor = this.#processor();
    return Array.from({ length: this.#slots() }, (_, slot) => {
      const { word0, tid } = processor.readTlb(slot);
      return (word0 & VALID) === 0 ? EMPTY : this.#page((word0 & PAGE_MASK) >>> 0, tid === KERNEL_TID);
    });
  }

  #page(ea: number, kernel: boolean): number {
    const index = indexOf(this.#pages, `${ea} ${kernel}`);
    this.#pageRows[index] ??= { ea, kernel };
    return index;
  }
}

function indexOf<K>(indexes: Map<K, number>, key: K): number {
  const found = indexes.get(key);
  if (found !== undefined) return found;
  indexes.set(key, indexes.size);
  return indexes.size - 1;
}
