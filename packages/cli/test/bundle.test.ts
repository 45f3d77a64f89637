import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const MODULES = join(ROOT, 'packages/cli/dist/src/main.js');
const start = promisify(execFile);
const node = (...args: string[]) => start(process.execPath, args, { cwd: ROOT });

/** What a run of a guest measures under a program, host part apart. */
async function measure(program: string, folder: string, strategy: string): Promise<object> {
  const result = join(folder, `${strategy}.json`);
  const { stdout } = await node(program, 'run', '--strategy', strategy, '--kernel', 'bench/guests/elf/switch.elf', '--json', result);
  const { host: _, ...measured } = JSON.parse(await readFile(result, 'utf8'));
  return { stdout, ...measured };
}

test('the bundle measures what the modules measure, finds its guests, and says the same', async (t) => {
  const folder = await mkdtemp(join(ROOT, 'packages/cli/dist/bundle-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await node(join(ROOT, 'scripts/bundle.mjs'), folder);
  const bundle = join(folder, 'main.js');
  for (const strategy of ['native', 'patched'])
    t.deepEqual(await measure(bundle, folder, strategy), await measure(MODULES, folder, strategy));
  const catalogue = ['bench', '--guests', 'fault', '--repetitions', '1', '--out', folder];
  t.regex((await node(bundle, ...catalogue)).stderr, /3 measurements/);
  t.is((await node(bundle, '--help')).stdout, (await node(MODULES, '--help')).stdout);
  t.is((await node(bundle, '--version')).stdout, (await node(MODULES, '--version')).stdout);
});
