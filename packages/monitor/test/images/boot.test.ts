import test from 'ava';
import { planBoot } from '../../src/board/bamboo-boot.js';
import { UserError } from '../../src/errors.js';
import { parseKernel } from '../../src/images/kernel.js';
import { loadPlaced } from '../../src/images/placement.js';
import { rawImage } from '../../src/images/raw.js';
import { RecordedMemory } from '../recorded-processor.js';
import { sampleElf, sampleUImage } from './sample-images.js';

const MEMORY_BYTES = 64 * 2 ** 20;
const bytes = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(0x60);
const request = (pa: number, sizeBytes = 0x1000) => ({
  kernel: rawImage(bytes(sizeBytes), pa),
  memoryBytes: MEMORY_BYTES,
  bootArguments: '',
});

test('kernel, device tree and initial RAM disk lie where QEMU puts them', (t) => {
  const { images, entry } = planBoot({ ...request(0), initrd: bytes(100) });
  t.deepEqual(
    images.map(({ what, pa, sizeBytes }) => ({ what, pa, sizeBytes })),
    [
      { what: 'kernel', pa: 0, sizeBytes: 0x1000 },
      { what: 'device tree', pa: 0x180_0000, sizeBytes: 26_346 },
      { what: 'initial RAM disk', pa: 0x190_0000, sizeBytes: 100 },
    ],
  );
  t.deepEqual(entry, { entryPa: 0, deviceTreePa: 0x180_0000 });
});

for (const { description, plan, kind, says } of [
  {
    description: 'a kernel that reaches into the device tree',
    plan: () => planBoot(request(0x17f_f800)),
    kind: 'image-overlap',
    says: /kernel and the device tree overlap at 0x1800000/,
  },
  {
    description: 'a kernel inside the initial RAM disk',
    plan: () => planBoot({ ...request(0x190_0800), initrd: bytes(0x1000) }),
    kind: 'image-overlap',
    says: /initial RAM disk and the kernel overlap/,
  },
  {
    description: 'a kernel beyond the memory',
    plan: () => planBoot(request(MEMORY_BYTES - 0x800)),
    kind: 'image-outside-memory',
    says: /kernel at 0x3fff800 to 0x4000800 does not fit into 64 MB/,
  },
  {
    description: 'an initial RAM disk beyond the memory',
    plan: () => planBoot({ ...request(0), memoryBytes: 32 * 2 ** 20, initrd: bytes(8 * 2 ** 20) }),
    kind: 'image-outside-memory',
    says: /initial RAM disk .* 32 MB/,
  },
  {
    description: 'a memory too small for the device tree',
    plan: () => planBoot({ ...request(0), memoryBytes: 16 * 2 ** 20 }),
    kind: 'image-outside-memory',
    says: /device tree .* give the machine more memory/,
  },
  {
    description: 'an entry between instructions',
    plan: () => planBoot(request(0x1002)),
    kind: 'entry-unaligned',
    says: /0x1002 is no multiple of 4/,
  },
  {
    description: 'a bad device tree of the user',
    plan: () => planBoot({ ...request(0), deviceTreeBlob: bytes(100) }),
    kind: 'device-tree-bad',
    says: /0xd00dfeed/,
  },
] as const) {
  test(`${description} is refused with advice`, (t) => {
    const error = t.throws(plan, { instanceOf: UserError });
    t.is(error.kind, kind);
    t.regex(error.message, says);
  });
}

test('a segment whose zero rest reaches into another image is refused', (t) => {
  const kernel = parseKernel(sampleElf(0, [{ vaddr: 0, paddr: 0, bytes: bytes(16), memsz: 0x180_0001 }]), MEMORY_BYTES);
  t.is(t.throws(() => planBoot({ ...request(0), kernel }), { instanceOf: UserError }).kind, 'image-overlap');
});

test('the bytes of a plan reach the memory', (t) => {
  const memory = new RecordedMemory(MEMORY_BYTES);
  loadPlaced(planBoot({ ...request(0x2000, 4), initrd: Uint8Array.of(1, 2) }).images, memory);
  t.deepEqual([...memory.writes.keys()], [0x2000, 0x180_0000, 0x190_0000]);
  t.deepEqual(memory.writes.get(0x190_0000), Uint8Array.of(1, 2));
});

test('formats are told apart by their magic numbers', (t) => {
  const elf = sampleElf(0, [{ vaddr: 0, paddr: 0, bytes: bytes(4) }]);
  t.is(parseKernel(elf, MEMORY_BYTES).format, 'elf');
  t.is(parseKernel(sampleUImage({ load: 0, entry: 0, data: bytes(4) }), MEMORY_BYTES).format, 'uimage');
  t.is(parseKernel(elf, MEMORY_BYTES, 0x1_0000).format, 'raw');
  t.is(t.throws(() => parseKernel(bytes(100), MEMORY_BYTES), { instanceOf: UserError }).kind, 'image-unknown');
});
