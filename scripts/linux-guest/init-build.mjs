import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CROSS_PREFIX, query, runLogged } from './commands.mjs';
import { fileDigest } from './content-store.mjs';
import { cpioArchive } from './cpio-archive.mjs';
import { make } from './kernel-build.mjs';

export const INIT_FILES = ['init', 'initrd.gz'];

/** No libgcc and no libc: nolibc is headers only, and `-O2` keeps gcc from calling its out-of-line register savers. */
const COMPILE_FLAGS = [
  ...['-mcpu=440', '-msoft-float', '-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror'],
  ...['-ffreestanding', '-fno-pic', '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-nostdinc'],
];
const LINK_FLAGS = ['-static', '-nostdlib', '-no-pie', '-s', '-Wl,--build-id=none'];

/** One file uses the FPU; nothing of floating point crosses its boundary, so the linker need not compare float conventions. */
const OWN_FLAGS = { 'floating-point.c': ['-mcpu=440fp', '-mhard-float', '-mno-gnu-attribute', '-ffp-contract=off'] };

/** What the init's bytes depend on besides toolchain and kernel headers: its sources by name, and how they are compiled. */
export function initIngredients(initDirectory) {
  const names = readdirSync(initDirectory).filter((name) => /\.[chS]$/.test(name));
  const sources = Object.fromEntries(names.sort().map((name) => [name, fileDigest(join(initDirectory, name)).sha256]));
  return { compile: COMPILE_FLAGS, compileOne: OWN_FLAGS, link: LINK_FLAGS, sources };
}

/** Compiles the init against a kernel source's nolibc and user-space headers and packs it as an initial RAM disk; `run` as for a kernel. */
export async function buildInit({ sourceRoot, initDirectory, workDirectory, resultDirectory }, run) {
  mkdirSync(workDirectory, { recursive: true });
  await make(sourceRoot, workDirectory, ['headers'], run);
  const compiler = `${CROSS_PREFIX}gcc`;
  const compilerHeaders = query(compiler, ['-print-file-name=include'], 'install the tools with scripts/install-wide-tools.sh').trim();
  const includes = ['-isystem', compilerHeaders, '-I', join(workDirectory, 'usr/include'), '-I', join(sourceRoot, 'tools/include/nolibc')];
  const objects = [];
  // nolibc defines its functions weakly in every object and the linker takes the first: init.c's, never those compiled for the FPU.
  const units = Object.keys(initIngredients(initDirectory).sources).filter((name) => !name.endsWith('.h'));
  for (const name of units.sort((a, b) => Number(a in OWN_FLAGS) - Number(b in OWN_FLAGS))) {
    const object = join(workDirectory, `${basename(name)}.o`);
    await runLogged(compiler, [...COMPILE_FLAGS, ...(OWN_FLAGS[name] ?? []), ...includes, '-c', name, '-o', object], {
      ...run,
      cwd: initDirectory,
    });
    objects.push(object);
  }
  const init = join(resultDirectory, 'init');
  await runLogged(compiler, [...LINK_FLAGS, ...objects, '-o', init], run);
  const archive = cpioArchive([
    { name: 'dev', type: 'directory', permissions: 0o755 },
    { name: 'dev/console', type: 'characterDevice', permissions: 0o600, deviceMajor: 5, deviceMinor: 1 },
    { name: 'proc', type: 'directory', permissions: 0o555 },
    { name: 'init', type: 'file', permissions: 0o755, content: readFileSync(init) },
  ]);
  writeFileSync(join(resultDirectory, 'initrd.gz'), gzipSync(archive, { level: 9 }));
}
