/** A number with where it comes from. Unit: host instructions. */
export interface Cost {
  readonly instructions: number;
  readonly source: string;
}

/**
 * What an exit's cost is composed of; the same parts with other numbers describe other kernels and builds. Instruction keys are a
 * mnemonic, with the SPR's name or the `tlbwe` word where those differ: `mfspr SPRG0`, `tlbwe 1`.
 */
export interface CostParts {
  readonly name: string;
  readonly version: string;
  /** Entry stub of the interrupt vector. */
  readonly stub: Cost;
  /** Saving and restoring registers, both ways, by how much the exit needs. */
  readonly saveRestore: {
    readonly plain: Cost;
    /** With the faulting instruction, DEAR and ESR. */
    readonly dataMiss: Cost;
    /** With the instruction, ESR, and all registers back. */
    readonly emulation: Cost;
  };
  /** From the assembly into the handler of the type and out again, nothing pending. */
  readonly dispatch: Cost;
  /** Handler's own work by exit type, for exits that emulate no instruction; `from user mode` where that differs. */
  readonly handlers: Readonly<Record<string, Cost>>;
  /** Decoding and carrying out an instruction. */
  readonly instructions: Readonly<Record<string, Cost>>;
  /** For instructions that the table does not have. */
  readonly otherInstruction: Cost;
  readonly otherDeviceAccess: Cost;
  /** The guest TLB search, by how each slot was told from a hit. */
  readonly search: {
    readonly start: Cost;
    readonly slotBelow: Cost;
    readonly slotAbove: Cost;
    readonly slotOtherTid: Cost;
    readonly slotInvalid: Cost;
    readonly slotOtherSpace: Cost;
    readonly hit: Cost;
    /** What-if: one search by hash, over the page sizes in use, and one entry moved in the hash. */
    readonly hashed: Cost;
    readonly hashUpdate: Cost;
  };
  readonly shadow: {
    readonly map: Cost;
    /** Less for a mapping made in guest user mode, whose permissions need no shift. */
    readonly userModeMap: Cost;
    readonly eagerCheck: Cost;
    readonly replaced: Cost;
    /** What-if: one slot looked at for the choice of a victim. */
    readonly victimLook: Cost;
    /** The walk for one guest entry, and that for a change of PID. */
    readonly entryWalk: Cost;
    readonly pidWalk: Cost;
    readonly entryRelease: Cost;
    readonly pidRelease: Cost;
    /** Less where the page was not writable. */
    readonly readOnly: Cost;
    readonly staleReference: Cost;
  };
  /** Delivering one interrupt, and looking at a pending one that is not allowed. */
  readonly delivery: Cost;
  readonly deferral: Cost;
  readonly timerStart: Cost;
  readonly timerCancel: Cost;
  /** Setting the host's decrementer, since the new timer comes before all others. */
  readonly timerReprogram: Cost;
  /** A host timer interrupt with its tasklet. */
  readonly hostTimerInterrupt: Cost;
  /** An exit to user space: kernel, user code, shadow TLB saved and reloaded, and more for each mapping in it. */
  readonly heavyKernel: Cost;
  /** User space's own part: a DCR access, an access to a device, and more for an interrupt that it injects. */
  readonly userDcr: Cost;
  readonly userMmio: Cost;
  readonly userInjection: Cost;
  readonly shadowSave: Cost;
  readonly shadowLoad: Cost;
  readonly shadowReloadEach: Cost;
  readonly injection: Cost;
  /** The guest's sleep: two context switches and the wake-up. */
  readonly wait: Cost;
  /** The host's page fault for an untouched page, and for the first in a region. */
  readonly coldPage: Cost;
  readonly coldRegion: Cost;
  readonly coldBatch: Cost;
  /** Where the shadow TLB is kept in memory: what copying it costs at each entry, and more for each slot that has changed. */
  readonly shadowInMemory?: { readonly everyEntry: Cost; readonly changedSlot: Cost };
  /** From the exit of `mtspr DEC` until the host's timer starts to run. */
  readonly timerStartDelay: Cost;
}
