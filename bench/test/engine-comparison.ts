import { ENGINES, type EngineName } from '@exitlab/core';
import { measuredRun } from '@exitlab/results';
import { type GuestRunSpec, readInputFile, runGuest } from '../src/index.js';

const surroundings = { toolVersion: 'test', secondsNow: () => performance.now() / 1e3, dateNow: () => new Date() };
const MEMORY_BYTES = 64 * 2 ** 20;

/** Files and boot arguments of a guest. */
export interface ComparedGuest {
  readonly name: string;
  readonly kernel: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly maxInstructions?: number;
}

/** All that a run measures exactly, with its console: what must be the same in every engine. */
export async function exactResults({ name, kernel, initrd, append, maxInstructions }: ComparedGuest, strategy: string): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const engine of ENGINES) results.push(await exactResult(engine));
  return results;

  async function exactResult(engine: EngineName): Promise<unknown> {
    const spec: GuestRunSpec = {
      name,
      strategy,
      engine,
      kernel: await readInputFile(kernel, 'the kernel'),
      ...(initrd !== undefined && { initrd: await readInputFile(initrd, 'the initrd') }),
      ...(append !== undefined && { append }),
      ...(maxInstructions !== undefined && { maxInstructions }),
      memoryBytes: MEMORY_BYTES,
      unsupported: 'fill',
      policy: {},
    };
    const output: Uint8Array[] = [];
    const io = { console: (bytes: Uint8Array) => void output.push(bytes.slice()), signal: new AbortController().signal };
    const result = await runGuest(spec, io, surroundings);
    const { engine: _, ...measured } = measuredRun(result) as unknown as Record<string, unknown>;
    return { measured, console: Buffer.concat(output).toString('latin1') };
  }
}
