/** A register that guest and hypervisor keep in the page they share. */
export type PageField = 'sprg0' | 'sprg1' | 'sprg2' | 'sprg3' | 'srr0' | 'srr1' | 'dear' | 'msr';

/** Where the shared page is in the guest kernel and where in it the registers are: the hypervisor's to say. */
export interface SharedPageLayout {
  /** Effective address, within the reach of a 16-bit displacement from 0: -32768 or above, as an unsigned number. */
  readonly ea: number;
  /** Version of the layout; a patched image runs on this version only. */
  readonly version: number;
  /** Byte offset of each register's word. */
  readonly offsets: Readonly<Record<PageField, number>>;
}

/** The displacement from a base of 0 that reaches a field: loads and stores with RA = 0 add nothing to it. */
export function displacementOf({ ea, offsets }: SharedPageLayout, field: PageField): number {
  return (ea + offsets[field]) | 0;
}
