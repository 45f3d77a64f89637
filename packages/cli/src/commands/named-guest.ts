import { type AvailableGuest, type GuestRunSpec, readInputFile } from '@exitlab/bench';
import { parseChoice } from '../option-values.js';

/** What runs a guest that the bench knows by name. */
export type NamedGuestSpec = Pick<GuestRunSpec, 'name' | 'family' | 'variant' | 'kernel' | 'initrd' | 'append' | 'memoryBytes'>;

/**
 * Reads the files of a guest of the bench.
 * @throws UsageError where there is none of that name
 * @throws InputFileError
 */
export async function namedGuestSpec(name: string, guests: readonly AvailableGuest[]): Promise<NamedGuestSpec> {
  const known = parseChoice(
    'guest',
    name,
    guests.map((guest) => guest.name),
  );
  const { family, variant, kernel, initrd, append, memoryBytes } = guests.find((guest) => guest.name === known)!;
  return {
    name,
    kernel: await readInputFile(kernel, `the kernel of guest "${name}"`),
    ...(initrd !== undefined && { initrd: await readInputFile(initrd, `the initrd of guest "${name}"`) }),
    ...(family !== undefined && { family }),
    ...(variant !== undefined && { variant }),
    ...(append !== undefined && { append }),
    memoryBytes,
  };
}
