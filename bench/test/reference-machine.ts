import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { VolatileConsole } from '../src/console-comparison.js';

const run = promisify(execFile);
/** The folder of the checkout; compiled tests lie in bench/dist/test. */
export const checkout = fileURLToPath(new URL('../../../', import.meta.url));

const QEMU_TIMEOUT_MS = 120_000;
const MACHINE = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-monitor', 'none', '-net', 'none', '-no-reboot'];

/** What consoles of the Linux guests may differ in, since it depends on time. */
export const volatileConsole = JSON.parse(
  readFileSync(join(checkout, 'scripts/linux-guest/volatile-console.json'), 'utf8'),
) as VolatileConsole;

/** The folder with a Linux guest's `vmlinux` and `initrd.gz`. */
export const linuxGuestFolder = (name: string): string => join(checkout, '.cache/linux-guest', name);

/** Builds Linux guests, if their sources have changed since the last time. */
export async function buildLinuxGuests(...names: readonly string[]): Promise<void> {
  await run('node', [join(checkout, 'scripts/build-linux-guest.mjs'), ...names]);
}

/**
 * A Linux guest's console on QEMU's bamboo, to its reset. `virtualClock` makes QEMU count time in instructions, as `-icount` has it. The
 * serial port writes to a file: QEMU drops characters when a pipe to a busy reader is full.
 */
export async function referenceConsole(guestFolder: string, append: string, virtualClock?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'exitlab-qemu-'));
  try {
    const consoleFile = join(folder, 'console');
    const clock = virtualClock === undefined ? [] : ['-icount', virtualClock];
    const files = ['-kernel', join(guestFolder, 'vmlinux'), '-initrd', join(guestFolder, 'initrd.gz'), '-append', append];
    await run('qemu-system-ppc', [...MACHINE, '-serial', `file:${consoleFile}`, ...clock, ...files], { timeout: QEMU_TIMEOUT_MS });
    return await readFile(consoleFile, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
