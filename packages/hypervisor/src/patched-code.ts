/** A sequence beside the guest's code that stands for one of its privileged instructions and works on the shared page. */
export interface PatchTrampoline {
  readonly pa: number;
  readonly lengthWords: number;
  /** Where the instruction is that it stands for, and its word. */
  readonly sitePa: number;
  readonly original: number;
  /** The registers that it saves in the page, each by one of its first instructions, and restores before its last. */
  readonly temporaries: readonly number[];
  /** Index of the word that makes the effect visible. */
  readonly commit: number;
}

/** A word of the guest's code to be written when a site of its group traps for the first time. */
export interface PatchEdit {
  readonly pa: number;
  readonly before: number;
  readonly after: number;
  readonly group?: string;
}

/** What the hypervisor must know of a guest that was patched from outside. Addresses are physical. */
export interface PatchedGuest {
  /** By how much the addresses at which the guest kernel executes its code exceed the physical ones; 0 is always among them. */
  readonly executionOffsets: readonly number[];
  readonly area?: { readonly pa: number; readonly sizeBytes: number };
  readonly trampolines: readonly PatchTrampoline[];
  /** Code in which interrupts wait: after the instruction at `firstPa`, up to that at `lastPa`. */
  readonly uninterrupted: readonly { readonly firstPa: number; readonly lastPa: number }[];
  /** Edits still to be made, at the first trap of each site; none where the image came patched. */
  readonly pendingEdits: readonly PatchEdit[];
}

/** The memory of the trampolines: `sizeBytes` is a page size of the 440, and both addresses are multiples of it. */
export interface TrampolineRange {
  readonly pa: number;
  readonly ea: number;
  readonly sizeBytes: number;
}

/** The guest's pc inside a trampoline. */
export interface TrampolinePosition {
  readonly trampoline: PatchTrampoline;
  /** Index of the next instruction. */
  readonly index: number;
  /** Where the instruction that it stands for is executed. */
  readonly siteEa: number;
}

/** Finds out, for a pc of the guest kernel, whether it lies in code that patching has added or that interrupts must not enter. */
export class PatchedCode {
  readonly #guest: PatchedGuest;
  readonly #offsets: readonly number[];
  /** Trampolines by ascending address. */
  readonly #inOrder: readonly PatchTrampoline[];
  readonly #pending = new Map<number, PatchEdit>();
  readonly #groups = new Map<string, PatchEdit[]>();
  /** The guest's last `tlbwe`, and the next of the same entry, which must not be used before; equal where nothing is waited for. */
  readonly #unfinished = { firstEa: 0, lastEa: 0 };

  constructor(guest: PatchedGuest) {
    this.#guest = guest;
    this.#offsets = guest.executionOffsets;
    this.#inOrder = [...guest.trampolines].sort((a, b) => a.pa - b.pa);
    for (const edit of guest.pendingEdits) {
      this.#pending.set(edit.pa, edit);
      if (edit.group === undefined) continue;
      const group = this.#groups.get(edit.group) ?? [];
      group.push(edit);
      this.#groups.set(edit.group, group);
    }
  }

  /** Where in a trampoline `pc` is, if it is in one. */
  trampolineAt(pc: number): TrampolinePosition | undefined {
    const { area } = this.#guest;
    if (area === undefined) return undefined;
    for (const offset of this.#offsets) {
      const pa = pc - offset;
      if (pa < area.pa || pa >= area.pa + area.sizeBytes) continue;
      const trampoline = this.#lastAtOrBelow(pa);
      if (trampoline === undefined) continue;
      const index = (pa - trampoline.pa) / 4;
      if (index < trampoline.lengthWords) return { trampoline, index, siteEa: (trampoline.sitePa + offset) >>> 0 };
    }
    return undefined;
  }

  #lastAtOrBelow(pa: number): PatchTrampoline | undefined {
    let low = 0;
    let high = this.#inOrder.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#inOrder[middle]!.pa <= pa) low = middle + 1;
      else high = middle;
    }
    return this.#inOrder[low - 1];
  }

  /** The physical address of an instruction in the trampoline area. */
  areaPa(pc: number): number | undefined {
    const position = this.trampolineAt(pc);
    return position && position.trampoline.pa + position.index * 4;
  }

  /** Whether interrupts must wait at `pc`. */
  isUninterrupted(pc: number): boolean {
    const { firstEa, lastEa } = this.#unfinished;
    return (pc > firstEa && pc <= lastEa) || this.isBetweenJoined(pc);
  }

  /** Whether `pc` lies behind the first of joined `tlbwe`, up to the last. */
  isBetweenJoined(pc: number): boolean {
    return this.#guest.uninterrupted.some(({ firstPa, lastPa }) =>
      this.#offsets.some((offset) => pc - offset > firstPa && pc - offset <= lastPa),
    );
  }

  /** Interrupts must wait from behind the `tlbwe` at `firstEa` up to that at `lastEa`, since nothing may use the entry in between. */
  awaitRestOfEntry(firstEa: number, lastEa: number): void {
    this.#unfinished.firstEa = firstEa;
    this.#unfinished.lastEa = lastEa;
  }

  /** Where the trampolines lie, and where the guest kernel that runs at its linked address executes them. */
  get area(): TrampolineRange | undefined {
    const { area } = this.#guest;
    const offset = this.#offsets.find((each) => each !== 0) ?? 0;
    return area && { ...area, ea: (area.pa + offset) >>> 0 };
  }

  /** Whether sites wait to be patched. */
  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether the rest of an entry is waited for, see {@link awaitRestOfEntry}. */
  get isAwaitingEntry(): boolean {
    return this.#unfinished.firstEa !== this.#unfinished.lastEa;
  }

  /** The edits to make now that the instruction at `pa` has trapped; each is given out once. */
  takeEdits(pa: number): readonly PatchEdit[] {
    const edit = this.#pending.get(pa);
    if (edit === undefined) return [];
    const edits = edit.group === undefined ? [edit] : (this.#groups.get(edit.group) ?? []);
    for (const each of edits) this.#pending.delete(each.pa);
    return edits;
  }
}
