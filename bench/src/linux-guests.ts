import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchGuest } from './bench-definition.js';

const CANNOT_PATCH_ITSELF = { pv: 'this kernel as it is shipped gives up patching itself (docs/patching.md)' } as const;

/** The Linux guests of the bench: configurations of `scripts/build-linux-guest.mjs`, a row each. */
const LINUX_GUESTS = [
  { name: 'linux-6.12', variant: 'KUAP', without: CANNOT_PATCH_ITSELF },
  { name: 'linux-6.12-nokuap', variant: 'no KUAP', without: CANNOT_PATCH_ITSELF },
  { name: 'linux-6.12-pv', variant: 'KUAP, able to patch itself', without: {} },
  { name: 'linux-6.12-pv-nokuap', variant: 'no KUAP, able to patch itself', without: {} },
] as const;

const FAMILY = 'linux-6.12';
/** The last line of `bench/guests/linux-init` when every workload came out right. */
const VERDICT = 'EXITLAB-DONE failed=0';
const APPEND = 'console=ttyS0 rdinit=/init';
const MEMORY_BYTES = 64 * 2 ** 20;

/** Where the script keeps what it has built. */
export const LINUX_GUESTS_FOLDER = fileURLToPath(new URL('../../../.cache/linux-guest/', import.meta.url));

/** The Linux guests that have been built; none before the script has run. */
export function linuxGuests(folder: string = LINUX_GUESTS_FOLDER): BenchGuest[] {
  return LINUX_GUESTS.flatMap(({ name, variant, without }) => {
    const kernel = join(folder, name, 'vmlinux');
    const initrd = join(folder, name, 'initrd.gz');
    if (!existsSync(kernel) || !existsSync(initrd)) return [];
    return [{ name, family: FAMILY, variant, kernel, initrd, append: APPEND, memoryBytes: MEMORY_BYTES, verdict: VERDICT, without }];
  });
}
