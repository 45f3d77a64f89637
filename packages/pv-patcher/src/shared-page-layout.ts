/** A word of the page that guest and hypervisor share, which patched code loads or stores. */
export type PageField =
  | `sprg${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`
  | 'srr0'
  | 'srr1'
  | 'dear'
  | 'esr'
  | 'msr'
  | 'pir'
  | 'pid'
  | 'mmucr'
  /** Where a trampoline keeps the registers that it works with. */
  | 'trampolineScratch'
  | 'secondScratch'
  /** The MSR bits that would let a pending interrupt through: 0 if none is pending. */
  | 'pendingEnables'
  /** The words of a TLB entry that wait to be written in one exit. */
  | `joinedWord${0 | 1 | 2}`
  /** Where the registers from the last word's on are kept until the return that writes the entry: r0's place, and each next four bytes on. */
  | 'joinedRegisters'
  /** Low word of the timebase at which DEC runs out. */
  | 'decrementerEnd'
  /** What DEC started from; the largest word while it does not run. */
  | 'decrementerStart'
  /** All ones while DEC runs, else 0. */
  | 'decrementerMask'
  /** Bits of TSR that the hypervisor clears at the next exit, before anything else. */
  | 'deferredClear';

/** Where the shared page is in the guest kernel and where in it the words are: the hypervisor's to say. */
export interface SharedPageLayout {
  /** Effective address, within the reach of a 16-bit displacement from 0: -32768 or above, as an unsigned number. */
  readonly ea: number;
  /** Version of the layout; a patched image runs on this version only. */
  readonly version: number;
  /** Byte offset of each word. */
  readonly offsets: Readonly<Record<PageField, number>>;
}

/** The displacement from a base of 0 that reaches a field: loads and stores with RA = 0 add nothing to it. */
export function displacementOf({ ea, offsets }: SharedPageLayout, field: PageField): number {
  return (ea + offsets[field]) | 0;
}
