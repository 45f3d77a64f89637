import { readFileSync } from 'node:fs';
import { Machine, strategyByName } from '@exitlab/monitor';
import { type Guest, readGuestCatalogue } from '../guest-catalogue.js';
import { geometricMean } from './host-measurements.js';
import { type HostTableRow, valueRow } from './host-table.js';

/** The interpreter's code is compiled twice; the better one comes while it runs, and is used from the next slice on. */
const WARM_UP_SLICES = 20;
const SLICE_INSTRUCTIONS = 250_000;
const MEASURED_SLICES = 80;
const MEMORY_BYTES = 64 * 2 ** 20;

/** Guest instructions a second of host time that the interpreter retires in a compute guest, natively. */
function interpreterRate(guest: Guest, secondsNow: () => number): number {
  const strategy = strategyByName('native')!;
  const { processor } = new Machine({ strategy, memoryBytes: MEMORY_BYTES, kernel: readFileSync(guest.elfFile), engine: 'interpreter' });
  for (let slice = 0; slice < WARM_UP_SLICES; slice++) processor.run(SLICE_INSTRUCTIONS);
  const before = processor.clock.retiredInstructions;
  const start = secondsNow();
  for (let slice = 0; slice < MEASURED_SLICES; slice++) processor.run(SLICE_INSTRUCTIONS);
  return (processor.clock.retiredInstructions - before) / (secondsNow() - start);
}

/** The interpreter alone, without the translator: a row a compute guest, and their geometric mean. */
export function interpreterRows(secondsNow: () => number, progress: (text: string) => void): HostTableRow[] {
  progress('interpreter');
  const rates = readGuestCatalogue()
    .filter((each) => each.class === 'compute')
    .map((guest) => ({ name: guest.name, rate: interpreterRate(guest, secondsNow) }));
  const rows = rates.map(({ name, rate }) => valueRow(`${name}: interpreter, guest instructions a second`, rate, ''));
  const mean = geometricMean(rates.map(({ rate }) => rate));
  return [...rows, valueRow('compute guests, geometric mean: interpreter, guest instructions a second', mean, '', '100 M')];
}
