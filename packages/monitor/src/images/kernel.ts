import { UserError } from '../errors.js';
import { isElf, parseElf } from './elf.js';
import type { GuestImage } from './guest-image.js';
import { rawImage } from './raw.js';
import { isUImage, parseUImage } from './uimage.js';

/** Recognises ELF and uImage by their magic numbers; with `rawAddress` the bytes are taken raw, whatever they look like. */
export const parseKernel = (bytes: Uint8Array, memoryBytes: number, rawAddress?: number): GuestImage => {
  if (rawAddress !== undefined) return rawImage(bytes, rawAddress);
  if (isElf(bytes)) return parseElf(bytes);
  if (isUImage(bytes)) return parseUImage(bytes, memoryBytes);
  throw UserError.of('image-unknown', {});
};
