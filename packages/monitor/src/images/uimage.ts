import { crc32, gunzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { BigEndianReader } from './big-endian-reader.js';
import type { GuestImage } from './guest-image.js';

// U-Boot's legacy image header, 64 bytes big-endian (U-Boot, include/image.h).
const MAGIC = 0x27051956;
const HEADER = { headerCrc: 4, size: 12, load: 16, entry: 20, dataCrc: 24, architecture: 29, type: 30, compression: 31, sizeBytes: 64 };
const ARCHITECTURE_PPC = 7;
const TYPE_STANDALONE = 1;
const TYPE_KERNEL = 2;
const COMPRESSION_NONE = 0;
const COMPRESSION_GZIP = 1;

const malformed = (problem: string): UserError => UserError.of('image-malformed', { format: 'uImage', problem });

export const isUImage = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0) === MAGIC;

/** `maxSizeBytes` bounds what a compressed image may unpack to: the machine's memory. Throws {@link UserError} for an unsound image. */
export const parseUImage = (bytes: Uint8Array, maxSizeBytes: number): GuestImage => {
  const image = new BigEndianReader(bytes, (part) => UserError.of('image-truncated', { format: 'uImage', part }));
  const header = Uint8Array.from(image.slice(0, HEADER.sizeBytes, 'header'));
  const headerCrc = image.u32(HEADER.headerCrc, 'header');
  header.fill(0, HEADER.headerCrc, HEADER.headerCrc + 4);
  if (crc32(header) !== headerCrc) throw malformed('the checksum of its header is wrong');

  const architecture = image.u8(HEADER.architecture, 'header');
  if (architecture !== ARCHITECTURE_PPC) throw UserError.of('image-foreign', { found: `a uImage for architecture number ${architecture}` });
  const type = image.u8(HEADER.type, 'header');
  if (type !== TYPE_KERNEL && type !== TYPE_STANDALONE) {
    throw UserError.of('image-unsupported', { feature: `uImage type ${type}`, advice: 'give a kernel or standalone image' });
  }

  const data = image.slice(HEADER.sizeBytes, image.u32(HEADER.size, 'header'), 'data');
  if (crc32(data) !== image.u32(HEADER.dataCrc, 'header')) throw malformed('the checksum of its data is wrong');
  const content = unpack(data, image.u8(HEADER.compression, 'header'), maxSizeBytes);
  const pa = image.u32(HEADER.load, 'header');
  const entryPa = image.u32(HEADER.entry, 'header');
  if (entryPa < pa || entryPa >= pa + content.length) throw UserError.of('entry-outside', { entry: entryPa });
  return { format: 'uimage', segments: [{ pa, ea: pa, bytes: content, sizeBytes: content.length }], entryPa };
};

const unpack = (data: Uint8Array, compression: number, maxSizeBytes: number): Uint8Array => {
  if (compression === COMPRESSION_NONE) return data;
  if (compression !== COMPRESSION_GZIP) {
    throw UserError.of('image-unsupported', {
      feature: `uImage compression ${compression}`,
      advice: 'compress it with gzip or not at all',
    });
  }
  try {
    return gunzipSync(data, { maxOutputLength: maxSizeBytes });
  } catch (error) {
    // zlib reports damaged data and the exceeded limit alike, as an error with a code.
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw malformed(
      code === 'ERR_BUFFER_TOO_LARGE' ? 'it unpacks to more than the memory of the machine' : `its data do not unpack (${code})`,
    );
  }
};
