import { LARGEST_BANK_BYTES, SDRAM_BANK_COUNT, SMALLEST_BANK_BYTES, sdramBanks } from '../devices/sdram-banks.js';
import { UserError } from '../errors.js';

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Reads a memory size such as `64M`, `65536K` or `67108864`, and checks that the board can hold it. Throws {@link UserError}. */
export const parseMemorySize = (text: string): number => {
  const match = /^(\d+)([kmg]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) throw UserError.of('memory-size-syntax', { text });
  return checkMemorySize(Number(match[1]) * UNIT_BYTES[match[2]!.toLowerCase()]!);
};

/** The size itself, if four SDRAM banks can make it up. Throws {@link UserError}. */
export const checkMemorySize = (bytes: number): number => {
  const minimumBytes = SMALLEST_BANK_BYTES;
  const maximumBytes = LARGEST_BANK_BYTES * SDRAM_BANK_COUNT;
  if (!(bytes >= minimumBytes && bytes <= maximumBytes)) throw UserError.of('memory-size-range', { bytes, minimumBytes, maximumBytes });
  if (sdramBanks(bytes) === undefined) throw UserError.of('memory-size-banks', { bytes, bankCount: SDRAM_BANK_COUNT });
  return bytes;
};
