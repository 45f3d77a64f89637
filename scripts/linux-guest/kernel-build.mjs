import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CROSS_PREFIX, runLogged } from './commands.mjs';
import { UserError } from './user-error.mjs';

/** What a kernel prints of its build is part of its bytes: fixed, so that equal sources give equal images. */
export const BUILD_IDENTITY = {
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 2026',
  KBUILD_BUILD_USER: 'exitlab',
  KBUILD_BUILD_HOST: 'exitlab',
  KBUILD_BUILD_VERSION: '1',
};

export const KERNEL_FILES = ['vmlinux', 'System.map', 'config'];

export function make(sourceRoot, outputDirectory, args, { jobs, logFile, stop }) {
  const common = ['-s', `-j${jobs}`, 'ARCH=powerpc', `CROSS_COMPILE=${CROSS_PREFIX}`, `O=${outputDirectory}`];
  return runLogged('make', [...common, ...args], { cwd: sourceRoot, env: BUILD_IDENTITY, logFile, stop });
}

/** The options, in Kconfig's notation, as lines of a `.config`. */
export function configLines(options) {
  return Object.entries(options).map(([name, value]) => (value === 'n' ? `# CONFIG_${name} is not set` : `CONFIG_${name}=${value}`));
}

/** Names of the options that a finished `.config` does not hold as asked: Kconfig drops what it does not know or cannot satisfy. */
export function unmetOptions(options, config) {
  const lines = new Set(config.split('\n'));
  return Object.entries(options)
    .filter(([name, value]) => (value === 'n' ? lines.has(`CONFIG_${name}=y`) : !lines.has(`CONFIG_${name}=${value}`)))
    .map(([name]) => name);
}

/**
 * Changes a source file by a regular expression, for what no option can choose.
 * @returns {() => void} what puts it back, since configurations share a source tree
 */
function editSource(sourceRoot, { file, pattern, replacement }) {
  const path = join(sourceRoot, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(new RegExp(pattern, 'gm'), replacement);
  if (after === before)
    throw new UserError(`This kernel has nothing in ${file} that matches ${pattern}: correct scripts/linux-guest/configurations.json.`);
  writeFileSync(path, after);
  return () => writeFileSync(path, before);
}

/**
 * Configures a kernel from nothing but `options`, compiles it and puts KERNEL_FILES into `resultDirectory`.
 * @param {{ jobs: number, logFile: string, stop: AbortSignal }} run
 */
export async function buildKernel({ sourceRoot, options, sourceEdits, workDirectory, resultDirectory }, run) {
  const restorers = sourceEdits.map((edit) => editSource(sourceRoot, edit));
  try {
    await configureAndCompile({ sourceRoot, options, workDirectory, resultDirectory }, run);
  } finally {
    for (const restore of restorers.reverse()) restore();
  }
}

async function configureAndCompile({ sourceRoot, options, workDirectory, resultDirectory }, run) {
  mkdirSync(workDirectory, { recursive: true });
  const fragment = join(workDirectory, 'exitlab.config');
  writeFileSync(fragment, `${configLines(options).join('\n')}\n`);
  await make(sourceRoot, workDirectory, [`KCONFIG_ALLCONFIG=${fragment}`, 'allnoconfig'], run);
  const configFile = join(workDirectory, '.config');
  const unmet = unmetOptions(options, readFileSync(configFile, 'utf8'));
  if (unmet.length > 0)
    throw new UserError(
      `This kernel does not take the options ${unmet.join(', ')} as asked: correct scripts/linux-guest/configurations.json.`,
    );
  await make(sourceRoot, workDirectory, ['vmlinux'], run);
  copyFileSync(join(workDirectory, 'vmlinux'), join(resultDirectory, 'vmlinux'));
  copyFileSync(join(workDirectory, 'System.map'), join(resultDirectory, 'System.map'));
  copyFileSync(configFile, join(resultDirectory, 'config'));
}
