import test from 'ava';
import { UserError } from '../../src/errors.js';
import { parseElf, readSections } from '../../src/images/elf.js';
import { parseFlattenedDeviceTree } from '../../src/images/flattened-device-tree.js';
import { kernelForStrategy, type PatchTime, patchKernel } from '../../src/machine/kernel-patching.js';
import { Machine } from '../../src/machine/machine.js';
import { PATCH_RECORD_SECTION, readPatchRecord } from '../../src/machine/patch-record.js';
import { strategyByName } from '../../src/machine/strategy.js';
import { sampleElf } from '../images/sample-images.js';
import { assembled } from './assembled-code.js';

const BASE = 0xc000_0000;
const kernelOf = (...lines: string[]): Uint8Array => {
  const bytes = assembled(lines, BASE);
  return sampleElf(
    BASE,
    [{ vaddr: BASE, paddr: 0, bytes }],
    [{ name: 'start', value: BASE, size: bytes.length, info: 2 }],
    [{ name: '.text', segment: 0 }],
  );
};
const KERNEL = kernelOf('mfmsr r3', 'wrteei 0', 'wrtee r3', 'blr');
const patched = strategyByName('patched')!;
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.kind;
    throw error;
  }
  return 'none';
};

test('a patched image loads its trampolines beside its code, where its branches lead', (t) => {
  const { bytes, plan } = patchKernel(KERNEL);
  const [text, trampolines] = parseElf(bytes).segments;
  t.is(trampolines!.pa, plan.area!.pa);
  t.is(trampolines!.ea - trampolines!.pa, BASE);
  const branch = new DataView(text!.bytes.buffer, text!.bytes.byteOffset).getInt32(4);
  t.is(4 + (branch & 0x03ff_fffc), plan.trampolines[0]!.pa);
});

test('the record of a patched image says all that the hypervisor must know, and survives its encoding', (t) => {
  const { bytes, plan } = patchKernel(KERNEL);
  const { layoutVersion, guest } = readPatchRecord(bytes)!;
  t.is(layoutVersion, plan.layout.version);
  t.deepEqual(guest.executionOffsets, [0, BASE]);
  t.deepEqual(guest.area, plan.area);
  t.deepEqual(
    guest.trampolines.map(({ sitePa, original }) => [sitePa, original]),
    [
      [4, 0x7c00_0146],
      [8, 0x7c60_0106],
    ],
  );
  t.deepEqual(guest.pendingEdits, []);
});

test('patched at the first trap, an image keeps its code and brings the edits along', (t) => {
  const { bytes } = patchKernel(KERNEL, 'trap');
  const text = readSections(bytes).find(({ name }) => name === '.text')!;
  t.deepEqual(Buffer.from(text.bytes), Buffer.from(readSections(KERNEL)[0]!.bytes));
  t.deepEqual(
    readPatchRecord(bytes)!.guest.pendingEdits.map(({ pa }) => pa),
    [0, 4, 8],
  );
});

test('an image patched beforehand and one patched at load are the same', (t) => {
  const { bytes } = patchKernel(KERNEL);
  t.deepEqual(kernelForStrategy(KERNEL, patched, 'load').bytes, bytes);
  t.deepEqual(kernelForStrategy(bytes, patched, 'static').bytes, bytes);
});

for (const { what, run, kind } of [
  { what: 'patching twice', run: () => patchKernel(patchKernel(KERNEL).bytes), kind: 'already-patched' },
  {
    what: 'a patched image without the page',
    run: () => kernelForStrategy(patchKernel(KERNEL).bytes, strategyByName('trap')!),
    kind: 'patched-elsewhere',
  },
  {
    what: 'an unpatched image said to be patched',
    run: () => kernelForStrategy(KERNEL, patched, 'static' as PatchTime),
    kind: 'not-patched',
  },
  { what: 'an image that uses the address of the page', run: () => patchKernel(kernelOf('lwz r3,-8(0)')), kind: 'page-in-use' },
  {
    what: 'an image without symbols',
    run: () => patchKernel(sampleElf(BASE, [{ vaddr: BASE, paddr: 0, bytes: new Uint8Array(4) }])),
    kind: 'no-sections',
  },
  { what: 'a raw image', run: () => patchKernel(new Uint8Array(64)), kind: 'not-patchable-format' },
]) {
  test(`refused: ${what}`, (t) => {
    t.is(refusal(run), kind);
  });
}

test('a damaged record is the user’s to mend', (t) => {
  const { bytes } = patchKernel(KERNEL);
  const { fileOffset } = readSections(bytes).find(({ name }) => name === PATCH_RECORD_SECTION)!;
  bytes[fileOffset] = 0x5b;
  t.is(
    refusal(() => readPatchRecord(bytes)),
    'patch-record-bad',
  );
});

/** A kernel of one segment at a physical address, with so much memory of its own. */
const kernelAt = (paddr: number, memsz: number): Uint8Array => {
  const bytes = assembled(['wrteei 0', 'mfmsr r3', 'blr'], BASE);
  const symbols = [{ name: 'start', value: BASE, size: bytes.length, info: 2 }];
  return sampleElf(BASE, [{ vaddr: BASE, paddr, bytes, memsz }], symbols, [{ name: '.text', segment: 0 }]);
};
const MB = 2 ** 20;
const DEVICE_TREE = 24 * MB;

for (const { what, paddr, memsz, area } of [
  { what: 'right below the device tree', paddr: 0, memsz: MB, area: DEVICE_TREE - 4096 },
  { what: 'behind the device tree, where the image ends right below it', paddr: 22 * MB, memsz: 2 * MB - 2048, area: 24 * MB + 65536 },
  { what: 'behind an image too far away for a branch', paddr: 128 * MB, memsz: MB + 4, area: 129 * MB + 4096 },
  { what: 'nowhere, where the image leaves no place in reach', paddr: 0, memsz: 40 * MB, area: undefined },
]) {
  test(`trampolines are placed ${what}`, (t) => {
    const { plan } = patchKernel(kernelAt(paddr, memsz));
    t.is(plan.area?.pa, area);
    t.deepEqual(
      plan.sites.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.refusal : outcome.kind)),
      [area === undefined ? 'no-room' : 'patched', 'patched'],
    );
  });
}

test('what else is loaded where the trampolines lie is found when the kernel is loaded', (t) => {
  const load = (paddr: number, memsz: number, options: { memoryBytes: number; initrd?: Uint8Array }) => {
    new Machine({ strategy: patched, kernel: kernelAt(paddr, memsz), ...options });
  };
  const sentence = (run: () => void) => t.throws(run, { instanceOf: UserError })?.message;
  t.notThrows(() => load(23 * MB, MB, { memoryBytes: 32 * MB, initrd: new Uint8Array(2 * MB) }));
  t.regex(
    sentence(() => load(64 * MB - 8192, 8192, { memoryBytes: 64 * MB })) ?? '',
    /^The trampoline area at 0x4000000 .* does not fit into 64 MB/,
  );
  t.regex(sentence(() => load(0, MB, { memoryBytes: 16 * MB })) ?? '', /does not fit into 16 MB of memory/);
});

test('the guest is told of its trampolines in the device tree, and of nothing else', (t) => {
  const machine = new Machine({ strategy: patched, kernel: kernelAt(0, MB), memoryBytes: 64 * MB });
  const blob = machine.processor.memory.readBytes(DEVICE_TREE, 0x8000);
  t.deepEqual(parseFlattenedDeviceTree(blob).reservations, [{ address: BigInt(DEVICE_TREE - 4096), sizeBytes: 4096n }]);
});
