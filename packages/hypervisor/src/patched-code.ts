/** A sequence beside the guest's code that stands for one of its privileged instructions and works on the shared page. */
export interface PatchTrampoline {
  readonly pa: number;
  readonly lengthWords: number;
  /** Where the instruction is that it stands for, and its word. */
  readonly sitePa: number;
  readonly original: number;
  /** The register that its first instruction saves in the page and the one before its last restores. */
  readonly temporary: number;
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

/** The guest's pc inside a trampoline. */
export interface TrampolinePosition {
  readonly trampoline: PatchTrampoline;
  /** Index of the next instruction. */
  readonly index: number;
  /** Where the instruction that it stands for is executed. */
  readonly siteEa: number;
}

const SMALLEST_TRAMPOLINE_BYTES = 32;

/** Finds out, for a pc of the guest kernel, whether it lies in code that patching has added or that interrupts must not enter. */
export class PatchedCode {
  readonly #guest: PatchedGuest;
  readonly #offsets: readonly number[];
  /** Trampolines by the units that they take. */
  readonly #byUnit = new Map<number, PatchTrampoline>();
  readonly #pending = new Map<number, PatchEdit>();
  readonly #groups = new Map<string, PatchEdit[]>();

  constructor(guest: PatchedGuest) {
    this.#guest = guest;
    this.#offsets = guest.executionOffsets;
    for (const trampoline of guest.trampolines) {
      const last = trampoline.pa + trampoline.lengthWords * 4 - 4;
      for (let unit = unitOf(trampoline.pa); unit <= unitOf(last); unit++) this.#byUnit.set(unit, trampoline);
    }
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
      const trampoline = this.#byUnit.get(unitOf(pa));
      if (trampoline === undefined) continue;
      const index = (pa - trampoline.pa) / 4;
      if (index < trampoline.lengthWords) return { trampoline, index, siteEa: (trampoline.sitePa + offset) >>> 0 };
    }
    return undefined;
  }

  /** The physical address of an instruction in the trampoline area. */
  areaPa(pc: number): number | undefined {
    const position = this.trampolineAt(pc);
    return position && position.trampoline.pa + position.index * 4;
  }

  /** Whether interrupts must wait at `pc`. */
  isUninterrupted(pc: number): boolean {
    return this.#guest.uninterrupted.some(({ firstPa, lastPa }) =>
      this.#offsets.some((offset) => pc - offset > firstPa && pc - offset <= lastPa),
    );
  }

  /** Whether the memory at `pa` holds trampolines, so that the guest must not store there. */
  holdsTrampolines(pa: number): boolean {
    const { area } = this.#guest;
    return area !== undefined && pa >= area.pa && pa < area.pa + area.sizeBytes;
  }

  /** Whether sites are still to be patched. */
  get hasPendingEdits(): boolean {
    return this.#pending.size > 0;
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

const unitOf = (pa: number): number => Math.floor(pa / SMALLEST_TRAMPOLINE_BYTES);
