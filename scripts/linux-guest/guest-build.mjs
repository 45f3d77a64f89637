import { copyFileSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { toolchainVersion } from './commands.mjs';
import { contentKey, isStored, point, store } from './content-store.mjs';
import { buildInit, INIT_FILES, initIngredients } from './init-build.mjs';
import { BUILD_IDENTITY, buildKernel, KERNEL_FILES } from './kernel-build.mjs';
import { findKernelSource, unpackKernelSource } from './kernel-source.mjs';

/** Hard link where the file system has them: a kernel is in the cache once, though a part and a guest show it. */
function share(from, to) {
  try {
    linkSync(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM' && error.code !== 'ENOTSUP') throw error;
    copyFileSync(from, to);
  }
}

/**
 * What the bytes of a guest follow from, a part each: packages, options, sources, tools. Equal ingredients give equal parts.
 * @param {object} table the contents of `configurations.json`
 * @param {string} name one of its configurations
 */
function guestIngredients(table, name, initDirectory) {
  const own = table.configurations[name];
  const { source } = own;
  const rows = [...(own.combines ?? []).map((each) => table.configurations[each]), own];
  const options = Object.assign({}, ...rows.map((row) => row.options));
  const sourceEdits = rows.flatMap((row) => row.sourceEdits ?? []);
  const kernelSource = findKernelSource(source);
  const initSource = findKernelSource(table.initSource);
  const common = { recipe: table.recipe, toolchain: toolchainVersion() };
  const installed = ({ name: packageName, packageVersion }) => ({ package: packageName, version: packageVersion });
  return {
    kernel: {
      source: kernelSource,
      facts: {
        ...common,
        source: installed(kernelSource),
        options: { ...table.base, ...options },
        ...(sourceEdits.length > 0 && { sourceEdits }),
        identity: BUILD_IDENTITY,
      },
    },
    init: { source: initSource, facts: { ...common, source: installed(initSource), ...initIngredients(initDirectory) } },
  };
}

/**
 * The guest `name` in `cacheDirectory`: found by its content key, or built. `cacheDirectory/name` is then a link to it.
 * @param {{ table: object, cacheDirectory: string, initDirectory: string, workDirectory: string, jobs: number, stop: AbortSignal,
 *   report: (text: string) => void }} context `workDirectory` is for what may be thrown away, and may be shared by several guests
 * @returns {Promise<{ name: string, directory: string, built: boolean }>}
 */
export async function provideGuest(name, { table, cacheDirectory, initDirectory, workDirectory, jobs, stop, report }) {
  const { kernel, init } = guestIngredients(table, name, initDirectory);
  const keys = { kernel: contentKey(kernel.facts), init: contentKey(init.facts) };
  const directory = join(cacheDirectory, `${name}-${contentKey(keys)}`);
  const link = join(cacheDirectory, name);
  const built = !isStored(directory);
  if (built) {
    mkdirSync(cacheDirectory, { recursive: true });
    const logFile = join(cacheDirectory, `${name}.log`);
    const run = { jobs, logFile, stop, report: (text) => report(`${name}: ${text}`) };

    const kernelDirectory = join(cacheDirectory, 'parts', `kernel-${keys.kernel}`);
    if (!isStored(kernelDirectory))
      await store(kernelDirectory, kernel.facts, KERNEL_FILES, async (resultDirectory) => {
        const sourceRoot = await unpackKernelSource(kernel.source, workDirectory, run);
        run.report(`compiling the kernel (a minute or more; log in ${logFile})`);
        const { options, sourceEdits = [] } = kernel.facts;
        await buildKernel({ sourceRoot, options, sourceEdits, workDirectory: join(workDirectory, name), resultDirectory }, run);
      });

    const initPart = join(cacheDirectory, 'parts', `init-${keys.init}`);
    if (!isStored(initPart))
      await store(initPart, init.facts, INIT_FILES, async (resultDirectory) => {
        const sourceRoot = await unpackKernelSource(init.source, workDirectory, run);
        run.report('compiling the init');
        await buildInit({ sourceRoot, initDirectory, workDirectory: join(workDirectory, 'init'), resultDirectory }, run);
      });

    const facts = { name, purpose: table.configurations[name].purpose, keys, kernel: kernel.facts, init: init.facts };
    await store(directory, facts, [...KERNEL_FILES, ...INIT_FILES], async (temporary) => {
      for (const file of KERNEL_FILES) share(join(kernelDirectory, file), join(temporary, file));
      for (const file of INIT_FILES) share(join(initPart, file), join(temporary, file));
    });
    rmSync(logFile, { force: true });
  }
  point(link, basename(directory));
  return { name, directory: link, built };
}
