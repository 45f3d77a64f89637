import { LARGEST_BANK_BYTES, SDRAM_BANK_COUNT, SMALLEST_BANK_BYTES, sdramBanks } from '../devices/sdram-banks.js';
import { UserError } from '../errors.js';

/** The size itself, if four SDRAM banks can make it up. Throws {@link UserError}. */
export const checkMemorySize = (bytes: number): number => {
  const minimumBytes = SMALLEST_BANK_BYTES;
  const maximumBytes = LARGEST_BANK_BYTES * SDRAM_BANK_COUNT;
  if (!(bytes >= minimumBytes && bytes <= maximumBytes)) throw UserError.of('memory-size-range', { bytes, minimumBytes, maximumBytes });
  if (sdramBanks(bytes) === undefined) throw UserError.of('memory-size-banks', { bytes, bankCount: SDRAM_BANK_COUNT });
  return bytes;
};
