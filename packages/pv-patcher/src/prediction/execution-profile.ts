/** What prediction needs to know of a run of the unpatched guest under `trap`. Cycles are modelled. */
export interface ExecutionProfile {
  readonly phases: readonly ProfiledPhase[];
  /** Guest pcs that windows name. */
  readonly places: readonly number[];
  /** Pages that windows name. */
  readonly pages: readonly ProfiledPage[];
  readonly windows: readonly ProfiledWindow[];
}

export interface PricedExits {
  readonly count: number;
  readonly cycles: number;
}

export interface SiteExits extends PricedExits {
  /** Of these, the ones that no rewriting takes away: they let an interrupt through, or changed the MSR beyond EE. */
  readonly kept: PricedExits;
  /** Of these, the ones within timer interrupts. */
  readonly inTimer: PricedExits;
  /** Of the cycles of `tlbwe`, those for dropping the mappings of what the entry held before. */
  readonly dropCycles?: number;
}

export interface ProfiledPhase {
  readonly name: string;
  /** All exits. */
  readonly count: number;
  /** All modelled time. */
  readonly cycles: number;
  /** By guest pc as `0x…`, and exit type. */
  readonly sites: Readonly<Record<string, Readonly<Record<string, SiteExits>>>>;
  readonly virtualMisses: PricedExits;
  readonly windowMisses: { readonly kernel: PricedExits; readonly user: PricedExits };
  readonly timerInterrupts: { readonly count: number; readonly followed: number; readonly cycles: number; readonly missCycles: number };
}

export interface ProfiledPage {
  readonly ea: number;
  readonly kernel: boolean;
}

/** Successive exits with the pages used between them; `events` is as the result format describes it. */
export interface ProfiledWindow {
  readonly phase: number;
  /** Pages held at the start, in the order in which they will be replaced; -1 for an empty slot. */
  readonly slots: readonly number[];
  readonly events: string;
}

/** How the hypervisor of the profiled run keeps its shadow TLB. */
export interface ShadowPolicy {
  readonly shadowSlots: number;
  /** The largest page that one shadow entry maps. */
  readonly hostPageBytes: number;
  /** Whether the shared page takes a slot out of the rotation; else it is replaced like any other. */
  readonly sharedPagePinned: boolean;
  /** The same for the trampolines, which one slot then maps; else each of their pages is mapped like any other. */
  readonly trampolinesPinned: boolean;
}
