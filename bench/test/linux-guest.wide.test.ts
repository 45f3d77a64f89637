import test from 'ava';
import { compareConsoles } from '../src/console-comparison.js';
import { buildLinuxGuests, linuxGuestFolder, referenceConsole, volatileConsole } from './reference-machine.js';

test.before('the guests that the bench needs are built', async (t) => {
  t.timeout(1_800_000);
  await buildLinuxGuests('linux-6.12', 'linux-6.12-nokuap');
});

for (const name of ['linux-6.12', 'linux-6.12-nokuap']) {
  const guest = linuxGuestFolder(name);

  test.serial(`${name} on the reference machine runs every workload and resets the board`, async (t) => {
    const console = await referenceConsole(guest, 'console=ttyS0 rdinit=/init');
    const started = [...console.matchAll(/^EXITLAB-START (\w+) count=\d+\r?$/gm)].map((match) => match[1]);
    const succeeded = [...console.matchAll(/^RESULT (\w+) ok checksum=0x[0-9a-f]{8} us=\d+\r?$/gm)].map((match) => match[1]);
    t.true(started.length > 10);
    t.deepEqual(succeeded, started);
    t.regex(console, /^EXITLAB-DONE failed=0\r?$/m);
    t.regex(console.trimEnd(), /reboot: Restarting system$/);
  });

  test.serial(`the console of ${name} depends on time in no more than what is declared`, async (t) => {
    const append = 'console=ttyS0 rdinit=/init printk.time=1';
    const byWallClock = await referenceConsole(guest, append);
    t.deepEqual(compareConsoles(byWallClock, await referenceConsole(guest, append, 'shift=0,sleep=off'), volatileConsole), []);
    t.deepEqual(compareConsoles(byWallClock, await referenceConsole(guest, append, 'shift=5,sleep=off'), volatileConsole), []);
  });
}

test.serial('the command line chooses workloads and their counts', async (t) => {
  const console = await referenceConsole(
    linuxGuestFolder('linux-6.12'),
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
