import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  BAMBOO,
  type ConsoleInput,
  Machine,
  noInput,
  parseKernel,
  planBoot,
  type RunEnd,
  StreamInput,
  strategyByName,
} from '../../src/index.js';

/** The board against `qemu-system-ppc -M bamboo`: the device tree a kernel is given, and what a guest sees of every device. */

const MEMORY_BYTES = 64 * 2 ** 20;
const TIMEOUT_MS = 60_000;
const BOOT_ARGUMENTS = 'console=ttyS0 rdinit=/init';
const source = (name: string): string => fileURLToPath(new URL(`../../../test/board/${name}`, import.meta.url));
const QEMU_MACHINE = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-net', 'none', '-no-reboot'];

const scratchFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'exitlab-bamboo-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
};

const buildGuest = (folder: string, sourceName: string): string => {
  const file = join(folder, 'guest.elf');
  const flags = ['-mcpu=440', '-O1', '-ffreestanding', '-fno-pic', '-nostdlib', '-static', '-Wl,-Ttext=0x10000', '-Wl,--build-id=none'];
  execFileSync('powerpc-linux-gnu-gcc', [...flags, '-o', file, source(sourceName)], { stdio: 'pipe', timeout: TIMEOUT_MS });
  return file;
};

/** Source text of a blob with nodes and properties in order of name, as `dtc` writes it. */
const sourceOf = (blob: Uint8Array): string =>
  execFileSync('dtc', ['-q', '-s', '-I', 'dtb', '-O', 'dts'], { input: blob, encoding: 'utf8', timeout: TIMEOUT_MS });

const ourDeviceTree = (kernel: Uint8Array, initrd?: Uint8Array): Uint8Array =>
  planBoot({
    kernel: parseKernel(kernel, MEMORY_BYTES),
    memoryBytes: MEMORY_BYTES,
    bootArguments: BOOT_ARGUMENTS,
    ...(initrd && { initrd }),
  }).images.find((image) => image.what === 'device tree')!.bytes;

for (const withInitrd of [false, true]) {
  test(`${withInitrd ? 'with' : 'without'} an initial RAM disk, the device tree equals that of QEMU, in content and in size`, (t) => {
    const folder = scratchFolder(t);
    const probe = buildGuest(folder, 'device-probe.c');
    const initrd = Buffer.alloc(5000, 1);
    writeFileSync(join(folder, 'initrd'), initrd);
    const dump = join(folder, 'qemu.dtb');
    const size = ourDeviceTree(readFileSync(probe)).length;
    execFileSync(
      'qemu-system-ppc',
      [
        ...QEMU_MACHINE,
        ...['-S', '-serial', 'null', '-monitor', 'stdio', '-kernel', probe, '-append', BOOT_ARGUMENTS],
        ...(withInitrd ? ['-initrd', join(folder, 'initrd')] : []),
      ],
      { input: `pmemsave ${BAMBOO.boot.deviceTree} ${size} "${dump}"\nquit\n`, stdio: 'pipe', timeout: TIMEOUT_MS },
    );
    const theirs = readFileSync(dump);
    const ours = ourDeviceTree(readFileSync(probe), withInitrd ? initrd : undefined);
    t.is(sourceOf(ours), sourceOf(theirs));
    t.is(Buffer.from(ours).readUInt32BE(4), theirs.readUInt32BE(4));
  });
}

const runOnOurs = async (kernel: string, input: ConsoleInput): Promise<{ end: RunEnd; output: string }> => {
  const machine = new Machine({ strategy: strategyByName('native')!, memoryBytes: MEMORY_BYTES, kernel: readFileSync(kernel) });
  const end = await machine.run({
    limits: { maxInstructions: 10_000_000, timeoutMs: TIMEOUT_MS },
    input,
    interruption: new AbortController().signal,
    hostNowMs: () => performance.now(),
  });
  return { end, output: Buffer.from(machine.console.bytes).toString() };
};

/** Answers in which ours differs on purpose, and why. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'sdram.options': 'QEMU resets the register after it has enabled the memory; here a controller that serves memory says so',
};

test('a guest sees the same devices and the same entry state as on QEMU', async (t) => {
  t.timeout(TIMEOUT_MS);
  const probe = buildGuest(scratchFolder(t), 'device-probe.c');
  const theirs = execFileSync('qemu-system-ppc', [...QEMU_MACHINE, '-serial', 'stdio', '-kernel', probe], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });

  const { end, output } = await runOnOurs(probe, noInput);
  t.deepEqual(end, { reason: 'reset' });

  const known = (line: string): boolean => line.split(' ')[0]! in KNOWN_DIFFERENCES;
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => !known(line));
  t.true(linesOf(theirs).length > 100);
  t.deepEqual(linesOf(output), linesOf(theirs));
});

for (const { description, ending, reason } of [
  { description: 'and its end leaves the guest waiting', ending: '', reason: 'halt-without-wakeup' },
  { description: 'up to the byte on which the guest resets', ending: 'q', reason: 'reset' },
]) {
  test(`standard input reaches a guest that waits for interrupts, ${description}`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const guest = buildGuest(scratchFolder(t), 'echo-guest.S');
    const text = `${'The fast brown fox jumps over the lazy dog. '.repeat(10)}${ending}`;
    const stream = new PassThrough();
    const running = runOnOurs(guest, new StreamInput(stream));
    for (const word of text.split(/(?<= )/)) {
      stream.write(word);
      await setImmediate();
    }
    stream.end();
    const { end, output } = await running;
    t.deepEqual(end, { reason });
    t.is(output, `>${text}`);
  });
}
