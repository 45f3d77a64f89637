import type { GuestImage } from './guest-image.js';

/** A raw binary: the bytes at `pa`, entered at `entryPa` or else at the first byte. */
export const rawImage = (bytes: Uint8Array, pa: number, entryPa: number = pa): GuestImage => ({
  format: 'raw',
  segments: [{ pa, ea: pa, bytes, sizeBytes: bytes.length }],
  entryPa,
});
