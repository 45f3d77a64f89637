import { PATCH_TIMES, type PatchTime, patchKernel } from '@exitlab/monitor';
import { type GuestRunSpec, type InputFile, readInputFile } from './guest-run.js';

/** One guest of a bench, with the paths of its files. */
export interface BenchGuest {
  readonly name: string;
  readonly family?: string;
  readonly variant?: string;
  readonly kernel: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly memoryBytes: number;
  /** Text that the console must hold at the end for the run to count: the guest checks its own result and says so. */
  readonly verdict?: string;
  /** Strategies that make no sense for this guest, with the reason. */
  readonly without?: Readonly<Record<string, string>>;
}

/** A bench as data: every guest under every strategy, so many times. */
export interface BenchDefinition {
  readonly name: string;
  readonly guests: readonly BenchGuest[];
  /** Names of strategies; `patched` may say when it patches, as `patched:trap`. */
  readonly strategies: readonly string[];
  /** How often each run is repeated; counts must agree, host times are the samples. At least 1. */
  readonly repetitions: number;
  /** Host time for the whole bench: no further round of repetitions begins that would likely exceed it. The first always runs. */
  readonly budgetSeconds?: number;
  /** Host time after which a single run is given up. */
  readonly timeoutSeconds: number;
}

/** A guest under a strategy: one cell of the bench. */
export interface BenchCell {
  readonly guest: BenchGuest;
  readonly strategy: string;
}

/** The cells of a bench in the order of the definition. */
export function benchCells(definition: BenchDefinition): BenchCell[] {
  return definition.guests.flatMap((guest) =>
    definition.strategies
      .filter((strategy) => guest.without?.[splitStrategy(strategy).strategy] === undefined)
      .map((strategy) => ({ guest, strategy })),
  );
}

/** The strategy that patches, once for each time at which it can. */
export const PATCHED_AT: readonly string[] = PATCH_TIMES.map((time) => `patched:${time}`);

/** The strategy that a bench names, and when it patches if it says so. */
function splitStrategy(name: string): { readonly strategy: string; readonly patchTime?: PatchTime } {
  const [strategy = name, time] = name.split(':');
  const patchTime = PATCH_TIMES.find((each) => each === time);
  return patchTime === undefined ? { strategy } : { strategy, patchTime };
}

/** The image as a run takes it: what is patched in the file must be so beforehand. */
const patchedBeforehand = ({ path, bytes }: InputFile): InputFile => ({ path, bytes: patchKernel(bytes, 'static').bytes });

/**
 * Reads the files of a cell.
 * @throws InputFileError
 */
export async function cellSpec({ guest, strategy }: BenchCell, definition: BenchDefinition): Promise<GuestRunSpec> {
  const { name, family, variant, append, memoryBytes } = guest;
  const chosen = splitStrategy(strategy);
  const kernel = await readInputFile(guest.kernel, `the kernel of guest "${name}"`);
  return {
    name,
    ...chosen,
    kernel: chosen.patchTime === 'static' ? patchedBeforehand(kernel) : kernel,
    ...(guest.initrd === undefined ? {} : { initrd: await readInputFile(guest.initrd, `the initrd of guest "${name}"`) }),
    ...(family === undefined ? {} : { family }),
    ...(variant === undefined ? {} : { variant }),
    ...(append === undefined ? {} : { append }),
    memoryBytes,
    timeoutSeconds: definition.timeoutSeconds,
    unsupported: 'fill',
    policy: {},
  };
}
