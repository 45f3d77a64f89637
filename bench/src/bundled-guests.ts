import type { BenchGuest } from './bench-definition.js';
import { type GuestClass, readGuestCatalogue } from './guest-catalogue.js';

/** Classes of guests that test the machine and are no workload. */
const NO_WORKLOADS: readonly GuestClass[] = ['console', 'instructions'];

const MEMORY_BYTES = 64 * 2 ** 20;

/**
 * The bare-metal guests that come with the toolkit and are workloads: each ends by itself, needs nobody at its console, and says PASS.
 * @throws InputFileError where the table of guests is missing
 */
export function bundledGuests(folder?: string): BenchGuest[] {
  return readGuestCatalogue(folder).flatMap(({ name, class: guestClass, elfFile, passLine, consoleInput }) =>
    passLine === undefined || consoleInput !== undefined || NO_WORKLOADS.includes(guestClass)
      ? []
      : [{ name, kernel: elfFile, memoryBytes: MEMORY_BYTES, verdict: passLine }],
  );
}
