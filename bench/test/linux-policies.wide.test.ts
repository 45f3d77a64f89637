import { readFile } from 'node:fs/promises';
import { LINUX_3_4, type Policy, REPLACEMENTS } from '@exitlab/hypervisor';
import { Machine, strategyByName } from '@exitlab/monitor';
import test from 'ava';
import { linuxGuests } from '../src/index.js';

const APPEND = 'console=ttyS0 rdinit=/init exitlab.run=getppid:200,signal:20,fork:5,exec:2,pages:64';
const RESULT = /^RESULT (\S+) (\S+) checksum=(\S+)/gm;

/** Policies by what they change; the rest is Linux 3.4's. */
const POLICIES: readonly Partial<Policy>[] = [
  {},
  ...REPLACEMENTS.filter((replacement) => replacement !== 'fifo').map((replacement) => ({ replacement })),
  { shadowSlots: 16 },
  { mapping: 'lazy' },
  { permissions: 'privilege' },
  { hostPageBytes: 64 * 1024 },
  { hostPageBytes: 16 * 2 ** 20 },
  { hostPageBytes: 256 * 2 ** 20 },
  { hardwarePids: 'flush' },
  { hardwarePids: 'each' },
  { guestTlbSearch: 'hashed' },
  { hardwarePids: 'each', hostPageBytes: 16 * 2 ** 20, mapping: 'lazy', guestTlbSearch: 'hashed', replacement: 'lru' },
];

const guest = linuxGuests().find(({ name }) => name === 'linux-6.12');
const results = new Map<Partial<Policy>, string[]>();

async function resultsUnder(changes: Partial<Policy>): Promise<string[]> {
  const console: Uint8Array[] = [];
  const machine = new Machine({
    strategy: strategyByName('trap')!,
    memoryBytes: guest!.memoryBytes,
    kernel: await readFile(guest!.kernel),
    initrd: await readFile(guest!.initrd!),
    bootArguments: APPEND,
    policy: { ...LINUX_3_4, ...changes },
    write: (bytes) => console.push(bytes.slice()),
  });
  await machine.run({
    limits: { maxInstructions: 200e6 },
    interruption: new AbortController().signal,
    hostNowMs: () => performance.now(),
  });
  return [...Buffer.concat(console).toString('latin1').matchAll(RESULT)].map(([, ...parts]) => parts.join(' '));
}

for (const changes of POLICIES) {
  const name = JSON.stringify(changes);
  test.serial(`Linux completes its init with the same results under ${name}`, async (t) => {
    if (guest === undefined) return t.fail('linux-6.12 has not been built: node scripts/build-linux-guest.mjs');
    results.set(changes, await resultsUnder(changes));
    const [asKvm] = [...results.values()];
    t.is(asKvm?.length, 5);
    t.deepEqual(results.get(changes), asKvm);
    return undefined;
  });
}
