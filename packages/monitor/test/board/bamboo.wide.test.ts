import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Processor440 } from '@exitlab/core';
import test, { type ExecutionContext } from 'ava';
import {
  applyEntryState,
  BAMBOO,
  BambooBoard,
  ConsoleLog,
  loadPlaced,
  NativeGuest,
  noInput,
  parseKernel,
  planBoot,
  runToEnd,
} from '../../src/index.js';

/** The board against `qemu-system-ppc -M bamboo`: the device tree a kernel is given, and what a guest sees of every device. */

const MEMORY_BYTES = 64 * 2 ** 20;
const TIMEOUT_MS = 60_000;
const BOOT_ARGUMENTS = 'console=ttyS0 rdinit=/init';
const PROBE_SOURCE = fileURLToPath(new URL('../../../test/board/device-probe.c', import.meta.url));
const QEMU_MACHINE = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-net', 'none', '-no-reboot'];

const scratchFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'exitlab-bamboo-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
};

const buildProbe = (folder: string): string => {
  const file = join(folder, 'probe.elf');
  const flags = ['-mcpu=440', '-O1', '-ffreestanding', '-fno-pic', '-nostdlib', '-static', '-Wl,-Ttext=0x10000', '-Wl,--build-id=none'];
  execFileSync('powerpc-linux-gnu-gcc', [...flags, '-o', file, PROBE_SOURCE], { stdio: 'pipe', timeout: TIMEOUT_MS });
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
    const probe = buildProbe(folder);
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

/** Answers in which ours differs on purpose, and why. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'sdram.options': 'QEMU resets the register after it has enabled the memory; here a controller that serves memory says so',
};

test('a guest sees the same devices and the same entry state as on QEMU', async (t) => {
  t.timeout(TIMEOUT_MS);
  const probe = buildProbe(scratchFolder(t));
  const theirs = execFileSync('qemu-system-ppc', [...QEMU_MACHINE, '-serial', 'stdio', '-kernel', probe], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });

  const log = new ConsoleLog();
  const board = new BambooBoard({ memoryBytes: MEMORY_BYTES, send: (_uart, byte) => log.push(byte) });
  const processor = new Processor440({
    ramSizeBytes: MEMORY_BYTES,
    devices: board.devices,
    dcrs: board.dcrs,
    coreHz: BAMBOO.coreHz,
    timebaseHz: BAMBOO.timebaseHz,
  });
  board.connect(processor);
  const plan = planBoot({ kernel: parseKernel(readFileSync(probe), MEMORY_BYTES), memoryBytes: MEMORY_BYTES, bootArguments: '' });
  loadPlaced(plan.images, processor.memory);
  applyEntryState(processor, plan.entry);
  const end = await runToEnd({
    guest: new NativeGuest(processor, processor),
    console: log,
    input: noInput,
    deliverInput: () => {},
    inputCanInterrupt: () => false,
    limits: { maxInstructions: 10_000_000 },
    interruption: new AbortController().signal,
    hostNowMs: () => performance.now(),
  });
  t.deepEqual(end, { reason: 'reset' });

  const known = (line: string): boolean => line.split(' ')[0]! in KNOWN_DIFFERENCES;
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => !known(line));
  t.true(linesOf(theirs).length > 100);
  t.deepEqual(linesOf(Buffer.from(log.bytes).toString()), linesOf(theirs));
});
