import type { PhysicalMemory } from '@exitlab/core';
import { UserError } from '../errors.js';
import type { GuestImage, ImageSegment } from './guest-image.js';

/** Bytes with a name and a place in the guest's memory. */
export interface PlacedImage {
  /** As the user knows it: `kernel`, `trampoline area`, `initial RAM disk`, `device tree`. */
  readonly what: string;
  readonly pa: number;
  readonly bytes: Uint8Array;
  /** Size in memory, at least that of `bytes`; the rest is zero. */
  readonly sizeBytes: number;
}

/** The segments of a kernel, each by the name that `whatIs` gives it. */
export const placeKernel = (image: GuestImage, whatIs: (segment: ImageSegment) => string): PlacedImage[] =>
  image.segments.map((segment) => ({ what: whatIs(segment), pa: segment.pa, bytes: segment.bytes, sizeBytes: segment.sizeBytes }));

export const place = (what: string, pa: number, bytes: Uint8Array): PlacedImage => ({ what, pa, bytes, sizeBytes: bytes.length });

/** Throws {@link UserError} if an image leaves the memory or two overlap. */
export const checkPlacement = (images: readonly PlacedImage[], memoryBytes: number): void => {
  const inOrder = images.filter((image) => image.sizeBytes > 0).sort((a, b) => a.pa - b.pa);
  inOrder.forEach((image, i) => {
    const end = image.pa + image.sizeBytes;
    if (end > memoryBytes) throw UserError.of('image-outside-memory', { what: image.what, start: image.pa, end, memoryBytes });
    const next = inOrder[i + 1];
    if (next !== undefined && next.pa < end) throw UserError.of('image-overlap', { first: image.what, second: next.what, at: next.pa });
  });
};

/** Copies the images into memory that has held nothing yet: the zero rest of a segment is not written. */
export const loadPlaced = (images: readonly PlacedImage[], memory: PhysicalMemory): void => {
  checkPlacement(images, memory.sizeBytes);
  for (const image of images) if (image.bytes.length > 0) memory.writeBytes(image.pa, image.bytes);
};
