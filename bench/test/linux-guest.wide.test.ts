import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { compareConsoles, type VolatileConsole } from '../src/console-comparison.js';

const run = promisify(execFile);
// Compiled tests lie in bench/dist/test.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const volatileConsole = JSON.parse(readFileSync(join(root, 'scripts/linux-guest/volatile-console.json'), 'utf8')) as VolatileConsole;
const QEMU_TIMEOUT_MS = 120_000;

/**
 * The reference machine's console, to its reset. `virtualClock` makes QEMU count time in instructions, as `-icount` has it. The serial
 * port writes to a file: QEMU drops characters when a pipe to a busy reader is full.
 */
async function qemuConsole(guest: string, append: string, virtualClock?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'exitlab-qemu-'));
  try {
    const consoleFile = join(directory, 'console');
    const machine = [
      '-M',
      'bamboo',
      '-m',
      '64',
      '-display',
      'none',
      '-monitor',
      'none',
      '-serial',
      `file:${consoleFile}`,
      '-net',
      'none',
      '-no-reboot',
    ];
    const clock = virtualClock === undefined ? [] : ['-icount', virtualClock];
    const files = ['-kernel', join(guest, 'vmlinux'), '-initrd', join(guest, 'initrd.gz'), '-append', append];
    await run('qemu-system-ppc', [...machine, ...clock, ...files], { timeout: QEMU_TIMEOUT_MS });
    return await readFile(consoleFile, 'utf8');
  } finally {
    await rm(directory, { recursive: true });
  }
}

test.before('the guests that the bench needs are built', async (t) => {
  t.timeout(1_800_000);
  await run('node', [join(root, 'scripts/build-linux-guest.mjs'), 'linux-6.12', 'linux-6.12-nokuap']);
});

for (const name of ['linux-6.12', 'linux-6.12-nokuap']) {
  const guest = join(root, '.cache/linux-guest', name);

  test.serial(`${name} on the reference machine runs every workload and resets the board`, async (t) => {
    const console = await qemuConsole(guest, 'console=ttyS0 rdinit=/init');
    const started = [...console.matchAll(/^EXITLAB-START (\w+) count=\d+\r?$/gm)].map((match) => match[1]);
    const succeeded = [...console.matchAll(/^RESULT (\w+) ok checksum=0x[0-9a-f]{8} us=\d+\r?$/gm)].map((match) => match[1]);
    t.true(started.length > 10);
    t.deepEqual(succeeded, started);
    t.regex(console, /^EXITLAB-DONE failed=0\r?$/m);
    t.regex(console.trimEnd(), /reboot: Restarting system$/);
  });

  test.serial(`the console of ${name} depends on time in no more than what is declared`, async (t) => {
    const append = 'console=ttyS0 rdinit=/init printk.time=1';
    const byWallClock = await qemuConsole(guest, append);
    t.deepEqual(compareConsoles(byWallClock, await qemuConsole(guest, append, 'shift=0,sleep=off'), volatileConsole), []);
    t.deepEqual(compareConsoles(byWallClock, await qemuConsole(guest, append, 'shift=5,sleep=off'), volatileConsole), []);
  });
}

test.serial('the command line chooses workloads and their counts', async (t) => {
  const console = await qemuConsole(
    join(root, '.cache/linux-guest/linux-6.12'),
    'console=ttyS0 rdinit=/init exitlab.run=fork:3,nonsense,crc exitlab.scale=2',
  );
  const lines = console.split(/\r?\n/).filter((line) => /^(EXITLAB|RESULT)/.test(line));
  t.deepEqual(
    lines.map((line) => line.replace(/ checksum=.*/, '')),
    [
      'EXITLAB-START fork count=3',
      'RESULT fork ok',
      'EXITLAB-ERROR there is no workload named nonsense',
      'EXITLAB-START crc count=128',
      'RESULT crc ok',
      'EXITLAB-DONE failed=1',
    ],
  );
});
