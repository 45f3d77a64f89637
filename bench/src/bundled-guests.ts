import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchGuest } from './bench-definition.js';
import { InputFileError } from './guest-run.js';

/** A row of `bench/guests/guests.json`, as far as running the guest needs it. */
interface GuestTableRow {
  readonly name: string;
  readonly class: string;
  readonly checksum: string;
  readonly description: string;
  /** What a person types to it; such a guest measures the console and no workload. */
  readonly input?: string;
  /** `never`: the guest is there to be ended from outside. */
  readonly ends?: string;
}

/** Classes of guests that test the machine and are no workload. */
const NO_WORKLOADS = ['console', 'instructions'];

const MEMORY_BYTES = 64 * 2 ** 20;

/** The folder of the guests that come with the toolkit. */
export const BUNDLED_GUESTS_FOLDER = fileURLToPath(new URL('../../guests/', import.meta.url));

/**
 * The bare-metal guests that come with the toolkit and are workloads: each ends by itself and says PASS.
 * @throws InputFileError where the table of guests is missing
 */
export async function bundledGuests(folder: string = BUNDLED_GUESTS_FOLDER): Promise<BenchGuest[]> {
  const path = join(folder, 'guests.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InputFileError(`The table of guests ${path} is missing: this checkout is not complete.`, { cause });
  }
  const { guests } = JSON.parse(text) as { guests: GuestTableRow[] };
  return guests
    .filter((guest) => !NO_WORKLOADS.includes(guest.class) && guest.input === undefined && guest.ends !== 'never')
    .map((guest) => ({
      name: guest.name,
      kernel: join(folder, 'elf', `${guest.name}.elf`),
      memoryBytes: MEMORY_BYTES,
      verdict: `PASS ${guest.name}`,
    }));
}
