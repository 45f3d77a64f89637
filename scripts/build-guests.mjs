// Builds the bare-metal guests from their table, bench/guests/guests.json.
//
//   node scripts/build-guests.mjs [NAME…]            compiles and writes bench/guests/elf/NAME.elf
//   node scripts/build-guests.mjs --check [NAME…]    compiles to a temporary folder and compares with what is committed
//   node scripts/build-guests.mjs --native DIR       compiles the compute workloads for this machine, into DIR
//
// Exit status: 0 fine, 1 a guest differs or does not compile, 2 bad usage, 3 the compiler is not the pinned one, so --check says nothing.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const guestsFolder = fileURLToPath(new URL('../bench/guests/', import.meta.url));
const compiler = 'powerpc-linux-gnu-gcc';
const runtimeSources = ['crt0.S', 'uart.c', 'print.c', 'memory.c', 'device-tree.c', 'verdict.c'].map((file) => `runtime/${file}`);
const nativeFlags = ['-std=gnu11', '-O2', '-march=native', '-ffp-contract=off', '-fno-tree-vectorize', '-fno-tree-slp-vectorize'];

/** What the sources learn from the guest's row. */
function definitions(guest) {
  return [
    `-DGUEST_NAME="${guest.name}"`,
    `-DGUEST_SCALE=${guest.scale}u`,
    `-DGUEST_CHECKSUM=${guest.checksum}u`,
    ...(guest.defines ?? []).map((d) => `-D${d}`),
  ];
}

/** Compiles and links one guest; relative paths and the table's flags only, so that the bytes depend on nothing else. */
async function buildElf(table, guest, scratchFolder, elfFile) {
  const flags = [...table.flags, ...table.cpus[guest.cpu], ...definitions(guest)];
  const objects = [];
  for (const source of [...runtimeSources, ...guest.sources]) {
    const object = path.join(scratchFolder, guest.name, source.replace(/\.[cS]$/, '.o'));
    await mkdir(path.dirname(object), { recursive: true });
    await run(compiler, [...flags, '-c', source, '-o', object], { cwd: guestsFolder });
    objects.push(object);
  }
  const script = guest.linkerScript ?? 'runtime/guest.lds';
  const link = [
    '-static',
    '-nostdlib',
    '-Wl,--build-id=none',
    '-Wl,-z,max-page-size=4096',
    '-Wl,-z,noexecstack',
    '-Wl,--no-warn-rwx-segments',
    '-T',
    script,
  ];
  await run(compiler, [...table.cpus[guest.cpu], ...link, ...objects, '-o', elfFile], { cwd: guestsFolder });
}

async function firstLine(command) {
  return (await run(command, ['--version'])).stdout.split('\n')[0];
}

/** Which pinned tools differ from those installed here; empty where none does. */
async function differingTools(table) {
  const found = { compiler: await firstLine(compiler), linker: await firstLine('powerpc-linux-gnu-ld') };
  return Object.keys(found)
    .filter((tool) => found[tool] !== table[tool])
    .map((tool) => `${tool} is "${found[tool]}", the committed guests are from "${table[tool]}"`);
}

/** Runs `work` on every item, two at a time. */
async function twoAtATime(items, work) {
  const rest = [...items];
  const lane = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all([lane(), lane()]);
}

async function buildAll(table, guests, check) {
  const tools = await differingTools(table);
  for (const sentence of tools) process.stderr.write(`${sentence}\n`);
  if (check && tools.length > 0) return 3;
  const scratchFolder = await mkdtemp(path.join(tmpdir(), 'guests-'));
  const failures = [];
  try {
    await mkdir(path.join(guestsFolder, 'elf'), { recursive: true });
    await twoAtATime(guests, async (guest) => {
      const committed = path.join(guestsFolder, 'elf', `${guest.name}.elf`);
      const built = check ? path.join(scratchFolder, `${guest.name}.elf`) : committed;
      try {
        await buildElf(table, guest, scratchFolder, built);
        if (check && !(await readFile(built)).equals(await readFile(committed)))
          failures.push(`${guest.name}: the rebuilt ELF differs from the committed one`);
      } catch (error) {
        failures.push(`${guest.name}: ${error.stderr || error.message}`);
      }
    });
  } finally {
    await rm(scratchFolder, { recursive: true, force: true });
  }
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  process.stderr.write(`${guests.length - failures.length} of ${guests.length} guests ${check ? 'are as committed' : 'built'}\n`);
  return failures.length > 0 ? 1 : 0;
}

async function buildNative(guests, folder) {
  await mkdir(folder, { recursive: true });
  const peers = guests.filter((guest) => guest.class === 'compute');
  await twoAtATime(peers, async (guest) => {
    const workloadSources = guest.sources.filter((source) => source !== 'compute/run-workload.c');
    const output = path.join(path.resolve(folder), guest.name);
    await run('gcc', [...nativeFlags, ...definitions(guest), 'peers/native-main.c', ...workloadSources, '-lm', '-o', output], {
      cwd: guestsFolder,
    });
  });
  process.stderr.write(`${peers.length} native peers built in ${folder}\n`);
  return 0;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean', default: false }, native: { type: 'string' } },
  });
  const table = JSON.parse(await readFile(path.join(guestsFolder, 'guests.json'), 'utf8'));
  const unknown = positionals.filter((name) => !table.guests.some((guest) => guest.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`no guest called ${unknown.join(', ')}; bench/guests/guests.json lists them all\n`);
    return 2;
  }
  const guests = table.guests.filter((guest) => positionals.length === 0 || positionals.includes(guest.name));
  return values.native === undefined ? buildAll(table, guests, values.check) : buildNative(guests, values.native);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    error.code === 'ENOENT' && error.path ? `${error.path} is not installed or not there\n` : `${error.stderr || error.message}\n`,
  );
  process.exitCode = error.code?.startsWith?.('ERR_PARSE_ARGS') ? 2 : 1;
}
