/** What every image format comes down to: pieces of memory and a physical entry point. */

export interface ImageSegment {
  /** Physical load address. */
  readonly pa: number;
  /** Address the image is linked for; equal to `pa` where the format knows no other. */
  readonly ea: number;
  readonly bytes: Uint8Array;
  /** Size in memory; what `bytes` does not fill is zero. */
  readonly sizeBytes: number;
}

export interface GuestImage {
  readonly format: 'elf' | 'uimage' | 'raw';
  readonly segments: readonly ImageSegment[];
  /** Physical address of the first instruction. */
  readonly entryPa: number;
}
