import test from 'ava';
import { readGuestCatalogue } from '../src/guest-catalogue.js';
import { linuxGuests } from '../src/index.js';
import { exactResults } from './engine-comparison.js';
import { buildLinuxGuests } from './reference-machine.js';

const STRATEGIES = ['native', 'trap'] as const;
/** Ends the guests that never end by themselves. */
const MAX_INSTRUCTIONS = 300_000_000;

test.before('the Linux guest is built', async (t) => {
  t.timeout(1_800_000);
  await buildLinuxGuests('linux-6.12');
});

for (const { name, elfFile } of readGuestCatalogue()) {
  for (const strategy of STRATEGIES) {
    test.serial(`${name} under ${strategy} has the same counts, exits and console in every engine`, async (t) => {
      const [first, ...others] = await exactResults({ name, kernel: elfFile, maxInstructions: MAX_INSTRUCTIONS }, strategy);
      for (const other of others) t.deepEqual(other, first);
    });
  }
}

for (const strategy of STRATEGIES) {
  test.serial(`Linux under ${strategy} has the same counts, exits and console in every engine`, async (t) => {
    const linux = linuxGuests().find(({ name }) => name === 'linux-6.12')!;
    const [first, ...others] = await exactResults(linux, strategy);
    for (const other of others) t.deepEqual(other, first);
  });
}
