import test from 'ava';
import { readGuestCatalogue } from '../src/guest-catalogue.js';
import { exactResults } from './engine-comparison.js';

/** Quick ones of every class. */
const QUICK = ['crc32', 'vm', 'nbody', 'string', 'irq', 'mmio', 'privileged', 'syscall', 'switch', 'signal'];
const MAX_INSTRUCTIONS = 3_000_000;

for (const { name, elfFile } of readGuestCatalogue().filter((guest) => QUICK.includes(guest.name))) {
  for (const strategy of ['native', 'trap']) {
    test(`${name} under ${strategy} has the same counts, exits and console in every engine`, async (t) => {
      const [first, ...others] = await exactResults(
        { name, kernel: elfFile, append: 'scale=2', maxInstructions: MAX_INSTRUCTIONS },
        strategy,
      );
      for (const other of others) t.deepEqual(other, first);
    });
  }
}
