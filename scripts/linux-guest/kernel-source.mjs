import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { query, runLogged } from './commands.mjs';
import { UserError } from './user-error.mjs';

/** Half of the tree, and nothing of it compiles into a guest. Kconfig files and Makefiles stay: the configuration reads them all. */
const LEFT_PACKED = [
  '*/Documentation/*.rst',
  '*/Documentation/*.txt',
  '*/Documentation/*.yaml',
  '*/drivers/gpu/*.[ch]',
  '*/drivers/media/*.[ch]',
  '*/drivers/net/*.[ch]',
  '*/sound/*.[ch]',
  '*/tools/perf',
  '*/tools/testing',
];

/** Debian's package of a kernel source, e.g. `linux-source-6.12`, with its archive and the exact version installed. */
export function findKernelSource(version) {
  const name = `linux-source-${version}`;
  const archive = `/usr/src/${name}.tar.xz`;
  if (!existsSync(archive))
    throw new UserError(`${archive} is missing: install Debian's package ${name} with scripts/install-wide-tools.sh.`);
  // The default output is the package's name, a tab and its version.
  const packageVersion = query('dpkg-query', ['--show', name], `install Debian's package ${name}`).trim().split('\t').at(-1);
  return { name, archive, packageVersion };
}

/** Unpacks what building needs below `workDirectory`, once, and returns the root of the source tree. */
export async function unpackKernelSource(source, workDirectory, { logFile, stop, report }) {
  const root = join(workDirectory, source.name);
  if (existsSync(root)) return root;
  report(`unpacking ${source.name} ${source.packageVersion}`);
  mkdirSync(workDirectory, { recursive: true });
  await runLogged(
    'tar',
    ['-xJf', source.archive, '-C', workDirectory, '--wildcards', ...LEFT_PACKED.map((pattern) => `--exclude=${pattern}`)],
    { logFile, stop },
  );
  return root;
}
