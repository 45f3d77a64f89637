import { readFileSync } from 'node:fs';
import { Machine, strategyByName } from '@exitlab/monitor';
import { type Guest, readGuestCatalogue } from '../guest-catalogue.js';
import { geometricMeans, type Measured, measureInterleaved } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';

/** The interpreter's code is compiled twice; the better one comes while it runs, and is used from the next slice on. */
const WARM_UP_SLICES = 20;
const SLICE_INSTRUCTIONS = 250_000;
const MEASURED_SLICES = 40;
const MEMORY_BYTES = 64 * 2 ** 20;
/** Times the guest's usual work, so that it does not end while it is measured. */
const ENDLESS = 1000;

/** A guest under the interpreter alone, warm; a sample is guest instructions a second of host time. */
function interpreted(guest: Guest, secondsNow: () => number): Measured {
  const strategy = strategyByName('native')!;
  const kernel = readFileSync(guest.elfFile);
  const bootArguments = `scale=${guest.scale * ENDLESS}`;
  const { processor } = new Machine({ strategy, memoryBytes: MEMORY_BYTES, kernel, bootArguments, engine: 'interpreter' });
  const runSlices = (count: number) => {
    for (let slice = 0; slice < count; slice++) processor.run(SLICE_INSTRUCTIONS);
  };
  runSlices(WARM_UP_SLICES);
  return {
    key: guest.name,
    sample: () => {
      const before = processor.clock.retiredInstructions;
      const began = secondsNow();
      runSlices(MEASURED_SLICES);
      return (processor.clock.retiredInstructions - before) / (secondsNow() - began);
    },
  };
}

/** The interpreter alone, without the translator. */
export const interpreterSection: HostSection = {
  name: 'interpreter',
  meaning: 'guest instructions a second of the interpreter alone',
  share: 1,
  async measure(_, repetition) {
    const guests = readGuestCatalogue().filter((each) => each.class === 'compute');
    const samples = await measureInterleaved(
      guests.map((guest) => interpreted(guest, repetition.secondsNow)),
      repetition,
    );
    const what = 'interpreter alone, guest instructions a second';
    const means = geometricMeans([...samples.values()]);
    return [
      figure(`${what}: geometric mean of ${guests.length}`, '1/s', means, HOST_TARGETS.interpreterRate),
      ...guests.map(({ name }) => figure(`${what}: ${name}`, '1/s', samples.get(name))),
    ];
  },
};
