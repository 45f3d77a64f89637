/** The paths of a real Linux: its instructions against objdump, its exits against what the hypervisor takes. Needs the Linux guests and objdump. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { disassemble } from '@exitlab/core';
import { expectedCount, isAsExpected, type PathResult, type PathsResult } from '@exitlab/results';
import test from 'ava';
import { readInputFile } from '../src/guest-run.js';
import { type PathVariant, runPaths } from '../src/paths/run-paths.js';
import { buildLinuxGuests, linuxGuestFolder } from './reference-machine.js';

const run = promisify(execFile);
const APPEND = 'console=ttyS0 rdinit=/init';
const PATCHED = (['static', 'load', 'trap'] as const).map((patchTime): PathVariant => ({ strategy: 'patched', patchTime }));

/** A guest, and how many exits each path must have under `trap`, by the measured KVM and by the source of Linux. */
const GUESTS = [
  { name: 'linux-6.12', append: APPEND, policy: {}, variants: [{ strategy: 'trap' } as const, ...PATCHED], exits: [12, 19, 3] },
  { name: 'linux-6.12-nokuap', append: APPEND, policy: {}, variants: [{ strategy: 'trap' } as const, ...PATCHED], exits: [10, 19, 3] },
  {
    name: 'linux-6.12-pv',
    append: APPEND,
    policy: {},
    variants: [{ strategy: 'trap' } as const, { strategy: 'pv' } as const, ...PATCHED],
    exits: [12, 19, 3],
  },
  // Without KUAP, user pages that the kernel maps eagerly fault for ever under KVM's permissions.
  {
    name: 'linux-6.12-pv',
    append: `${APPEND} nosmap`,
    policy: { mapping: 'lazy' },
    variants: [{ strategy: 'trap' } as const, { strategy: 'pv' } as const],
    exits: [10, 19, 3],
  },
] as const;

for (const { name, append, policy, variants, exits } of GUESTS) {
  test.serial(`${name} (${append}) makes just the exits that its code lets expect, under every strategy`, async (t) => {
    t.timeout(900_000);
    await buildLinuxGuests(name);
    const folder = linuxGuestFolder(name);
    const kernel = await readInputFile(join(folder, 'vmlinux'), 'the kernel');
    const initrd = await readInputFile(join(folder, 'initrd.gz'), 'the initrd');
    const guest = { name, kernel, initrd, append, memoryBytes: 64 * 2 ** 20, unsupported: 'fill', policy } as const;
    const result: PathsResult = await runPaths(guest, variants, 'test', new AbortController().signal);
    for (const path of result.paths) {
      for (const each of path.runs) t.true(isAsExpected(each), `${path.title} under ${each.label}: ${JSON.stringify(each)}`);
      await confirmByObjdump(t, kernel.path, path);
    }
    t.deepEqual(
      result.paths.map((path) => expectedCount(path.runs[0]!)),
      [...exits],
      'as the measured KVM and the source say',
    );
  });
}

/** Holds the instructions of a path against objdump's disassembly of the same file; they are compared by their words, and by mnemonic. */
async function confirmByObjdump(
  t: { is: (a: unknown, b: unknown, message?: string) => void },
  file: string,
  { steps }: PathResult,
): Promise<void> {
  for (const { pc, word, instruction } of steps) {
    if (word === undefined) continue;
    const { stdout } = await run('powerpc-linux-gnu-objdump', ['-d', '-M440', `--start-address=${pc}`, `--stop-address=${pc + 4}`, file]);
    const [, bytes, mnemonic] = /^\s*[0-9a-f]+:\s+((?:[0-9a-f]{2} ){4})\s*(\S+)/m.exec(stdout)!;
    t.is(bytes!.replaceAll(' ', ''), word.toString(16).padStart(8, '0'), instruction);
    t.is(disassemble(word, pc).split(' ')[0], mnemonic, `at ${pc.toString(16)}`);
  }
}
