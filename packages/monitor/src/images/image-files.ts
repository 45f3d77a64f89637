import { readFileSync } from 'node:fs';
import { UserError } from '../errors.js';
import { isElf, parseElf } from './elf.js';
import type { GuestImage } from './guest-image.js';
import { rawImage } from './raw.js';
import { isUImage, parseUImage } from './uimage.js';

/** Reads a file the user named; `role` is what the user calls it: `kernel`, `initrd`, `device tree`. */
export const readImageFile = (role: string, path: string): Uint8Array => {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (code === 'ENOENT') throw UserError.of('file-missing', { role, path });
    throw UserError.of('file-unreadable', { role, path, cause: code });
  }
};

/** Recognises ELF and uImage by their magic numbers; with `rawAddress` the bytes are taken raw, whatever they look like. */
export const parseKernel = (bytes: Uint8Array, memoryBytes: number, rawAddress?: number): GuestImage => {
  if (rawAddress !== undefined) return rawImage(bytes, rawAddress);
  if (isElf(bytes)) return parseElf(bytes);
  if (isUImage(bytes)) return parseUImage(bytes, memoryBytes);
  throw UserError.of('image-unknown', {});
};

/**
 * Splits what the user gives as a kernel: `FILE`, whose content tells its format, or `FILE@ADDRESS` for a raw image at a physical
 * address, decimal or with `0x`.
 */
export const parseKernelArgument = (argument: string): { readonly path: string; readonly rawAddress?: number } => {
  const raw = /^(.+)@(0x[0-9a-f]+|\d+)$/i.exec(argument);
  return raw === null ? { path: argument } : { path: raw[1]!, rawAddress: Number(raw[2]) };
};
