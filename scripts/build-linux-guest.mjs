#!/usr/bin/env node
import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { toolchainVersion } from './linux-guest/commands.mjs';
import { contentKey, isStored, point, store } from './linux-guest/content-store.mjs';
import { buildInit, INIT_FILES, initIngredients } from './linux-guest/init-build.mjs';
import { BUILD_IDENTITY, buildKernel, KERNEL_FILES } from './linux-guest/kernel-build.mjs';
import { findKernelSource, unpackKernelSource } from './linux-guest/kernel-source.mjs';
import { UserError } from './linux-guest/user-error.mjs';

const USAGE = `usage: node scripts/build-linux-guest.mjs [--all | NAME...] [--jobs N] [--list] [--json]
Builds Linux guests for the bamboo board into .cache/linux-guest/NAME/ (vmlinux, initrd.gz, System.map, config, manifest.json).
Without names: those that the bench needs. What is already built from the same sources is not built again.`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cacheDirectory = join(root, '.cache/linux-guest');
const initDirectory = join(root, 'bench/guests/linux-init');
const table = JSON.parse(readFileSync(join(root, 'scripts/linux-guest/configurations.json'), 'utf8'));

function parseCommandLine() {
  const options = {
    all: { type: 'boolean' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
    jobs: { type: 'string' },
  };
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${error.message.split('. ', 1)[0]}.\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  const known = Object.keys(table.configurations);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UserError(`There is no Linux guest named ${unknown}: choose among ${known.join(', ')}.`);
  const jobs = values.jobs === undefined ? availableParallelism() : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new UserError(`--jobs takes a whole number from 1, not ${values.jobs}.`);
  const chosen = values.all ? known : positionals.length > 0 ? positionals : known.filter((name) => table.configurations[name].default);
  return { ...values, jobs, names: chosen };
}

/** Hard link where the file system has them: a kernel is in the cache once, though a part and a guest show it. */
function share(from, to) {
  try {
    linkSync(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM' && error.code !== 'ENOTSUP') throw error;
    copyFileSync(from, to);
  }
}

/** A part (kernel or init) by its content key: from the cache, or built by `build` into a fresh directory. */
async function providePart(kind, facts, files, build) {
  const directory = join(cacheDirectory, 'parts', `${kind}-${contentKey(facts.key)}`);
  if (!isStored(directory)) await store(directory, facts.shown, files, build);
  return directory;
}

async function provideGuest(name, { jobs, workDirectory, stop, report }) {
  const { source: sourceVersion, options = {} } = table.configurations[name];
  const kernelOptions = { ...table.base, ...options };
  const toolchain = toolchainVersion();
  const source = findKernelSource(sourceVersion);
  const initSource = findKernelSource(table.initSource);
  const common = { recipe: table.recipe, toolchain };
  const packageOf = ({ name: packageName, packageVersion }) => ({ package: packageName, version: packageVersion });
  const kernelFacts = { source: packageOf(source), options: kernelOptions };
  const ingredients = initIngredients(initDirectory);
  const keys = {
    kernel: { ...common, ...kernelFacts, identity: BUILD_IDENTITY },
    init: { ...common, source: packageOf(initSource), ingredients },
  };
  const directory = join(cacheDirectory, `${name}-${contentKey(keys)}`);
  const link = join(cacheDirectory, name);
  if (isStored(directory)) {
    point(link, basename(directory));
    return { name, directory: link, built: false };
  }

  const logFile = join(cacheDirectory, `${name}.log`);
  mkdirSync(cacheDirectory, { recursive: true });
  rmSync(logFile, { force: true });
  const say = (text) => report(`${name}: ${text}`);
  const unpack = (from) => unpackKernelSource(from, workDirectory, { logFile, stop, report: say });
  const kernel = await providePart(
    'kernel',
    { key: keys.kernel, shown: { ...common, ...kernelFacts } },
    KERNEL_FILES,
    async (resultDirectory) => {
      const sourceRoot = await unpack(source);
      say(`compiling the kernel (a minute or more; log in ${logFile})`);
      await buildKernel({
        sourceRoot,
        options: kernelOptions,
        workDirectory: join(workDirectory, name),
        resultDirectory,
        jobs,
        logFile,
        stop,
      });
    },
  );
  const init = await providePart(
    'init',
    { key: keys.init, shown: { ...common, source: packageOf(initSource) } },
    INIT_FILES,
    async (resultDirectory) => {
      const sourceRoot = await unpack(initSource);
      say('compiling the init');
      await buildInit({ sourceRoot, initDirectory, workDirectory: join(workDirectory, 'init'), resultDirectory, jobs, logFile, stop });
    },
  );

  const facts = {
    name,
    purpose: table.configurations[name].purpose,
    ...common,
    kernel: kernelFacts,
    init: { source: packageOf(initSource), key: contentKey(keys.init) },
  };
  await store(directory, facts, [...KERNEL_FILES, ...INIT_FILES], async (temporary) => {
    for (const file of KERNEL_FILES) share(join(kernel, file), join(temporary, file));
    for (const file of INIT_FILES) share(join(init, file), join(temporary, file));
  });
  point(link, basename(directory));
  rmSync(logFile);
  return { name, directory: link, built: true };
}

async function main() {
  const { names, jobs, list, json, help } = parseCommandLine();
  if (help) return console.log(USAGE);
  if (list) {
    for (const [name, { purpose, default: byDefault }] of Object.entries(table.configurations))
      console.log(`${name}${byDefault ? ' (default)' : ''}: ${purpose}`);
    return;
  }
  const report = (text) => console.error(text);
  const workDirectory = join(cacheDirectory, `work-${process.pid}`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  const guests = [];
  try {
    for (const name of names) guests.push(await provideGuest(name, { jobs, workDirectory, stop: stop.signal, report }));
  } finally {
    // Compilers of a stopped make may need a moment to go.
    rmSync(workDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  if (json) console.log(JSON.stringify(guests, null, 2));
  else for (const { name, directory, built } of guests) console.log(`${name}: ${directory} (${built ? 'built' : 'already there'})`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitStatus;
}
