import type { PatchTime } from '@exitlab/monitor';
import test from 'ava';
import { type GuestRunSpec, readGuestCatalogue, readInputFile, runGuest } from '../src/index.js';

const surroundings = { toolVersion: 'test', secondsNow: () => performance.now() / 1e3, dateNow: () => new Date() };
/** How much longer than under pv a patched guest may take, in modelled time. */
const MOST_OF_PV = 1.01;

const guests = readGuestCatalogue().filter(({ ends, consoleInput }) => ends === 'reset' && consoleInput === undefined);

/** What a guest came to: exits but virtual misses, which depend on where trampolines lie; modelled time but idle; its last line. */
async function outcome(elfFile: string, strategy: string, patchTime?: PatchTime) {
  const spec: GuestRunSpec = {
    name: 'guest',
    strategy,
    kernel: await readInputFile(elfFile, 'the kernel'),
    ...(patchTime && { patchTime }),
    memoryBytes: 64 * 2 ** 20,
    unsupported: 'fill',
    policy: {},
    append: 'scale=1',
  };
  const output: Uint8Array[] = [];
  const io = { console: (bytes: Uint8Array) => void output.push(bytes.slice()), signal: new AbortController().signal };
  const { end, exits, modelledTime } = await runGuest(spec, io, surroundings);
  return {
    end: end.reason,
    verdict: Buffer.concat(output).toString('latin1').trimEnd().split('\n').at(-1),
    exits: Object.entries(exits).reduce((sum, [type, { count }]) => (type.endsWith('VIRT') ? sum : sum + count), 0),
    cycles: modelledTime.cycles - modelledTime.idleCycles,
  };
}

// These guests do not patch themselves: pv is trap with the page there, and nobody asks for it.
for (const { name, elfFile } of guests) {
  test(`${name}, patched when loaded or at its first trap, makes no more exits than under pv, takes no longer, and does the same`, async (t) => {
    const pv = await outcome(elfFile, 'pv');
    t.is((await outcome(elfFile, 'trap')).exits, pv.exits);
    for (const patchTime of ['load', 'trap'] as const) {
      const patched = await outcome(elfFile, 'patched', patchTime);
      t.deepEqual([patched.end, patched.verdict], [pv.end, pv.verdict]);
      t.true(patched.exits <= pv.exits, `${patchTime}: ${patched.exits} exits, pv ${pv.exits}`);
      t.true(patched.cycles <= MOST_OF_PV * pv.cycles, `${patchTime}: ${patched.cycles} cycles, pv ${pv.cycles}`);
    }
  });
}
