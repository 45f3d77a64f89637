import type { BenchGuest } from './bench-definition.js';
import { bundledGuests } from './bundled-guests.js';
import { linuxGuests } from './linux-guests.js';

/** A guest that a bench may name; those by default are there on a fresh checkout and quick. */
export interface AvailableGuest extends BenchGuest {
  readonly byDefault: boolean;
}

/**
 * Every guest that a bench may name here and now.
 * @throws InputFileError where the table of bundled guests is missing
 */
export async function benchGuests(): Promise<AvailableGuest[]> {
  const bundled = bundledGuests();
  return [...bundled.map((guest) => ({ ...guest, byDefault: true })), ...linuxGuests().map((guest) => ({ ...guest, byDefault: false }))];
}
