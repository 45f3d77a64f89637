import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../src/errors.js';
import { withBootFacts } from '../../src/images/boot-patches.js';
import { cells, type DeviceTree, type DeviceTreeNode, findProperty, node, strings } from '../../src/images/device-tree.js';
import { flattenDeviceTree, parseFlattenedDeviceTree } from '../../src/images/flattened-device-tree.js';
import { sampleTree } from './sample-images.js';

const FACTS = { memoryBytes: 0x400_0000, bootArguments: 'console=ttyS0', initrd: { start: 0x190_0000, end: 0x190_1234 } };

/** Property values are views; a copy compares by content. */
const plain = (tree: DeviceTreeNode): DeviceTreeNode =>
  node(
    tree.name,
    tree.properties.map(({ name, value }) => ({ name, value: Uint8Array.from(value) })),
    tree.children.map(plain),
  );

const damaged = (change: (blob: Buffer) => void): Uint8Array => {
  const blob = Buffer.from(flattenDeviceTree(sampleTree));
  change(blob);
  return blob;
};

test('a tree survives being flattened and read', (t) => {
  const read = parseFlattenedDeviceTree(flattenDeviceTree(sampleTree));
  t.deepEqual(plain(read.root), plain(sampleTree.root));
  t.deepEqual(read.reservations, sampleTree.reservations);
});

const nodeArbitrary = (depth: number): fc.Arbitrary<DeviceTreeNode> =>
  fc.record({
    name: fc.stringMatching(/^[a-z][a-z0-9@,]{0,20}$/),
    properties: fc.array(fc.record({ name: fc.stringMatching(/^[a-z#][a-z,-]{0,10}$/), value: fc.uint8Array({ maxLength: 20 }) }), {
      maxLength: 4,
    }),
    children: depth === 0 ? fc.constant([]) : fc.array(nodeArbitrary(depth - 1), { maxLength: 3 }),
  });

test('any tree survives being flattened and read', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(nodeArbitrary(3), (root) => {
        const read = parseFlattenedDeviceTree(flattenDeviceTree({ root, reservations: [], bootCpu: 0 }));
        t.deepEqual(plain(read.root), plain(root));
      }),
    ),
  );
});

test('a blob is padded to the size asked for, and its header says so', (t) => {
  const blob = Buffer.from(flattenDeviceTree(sampleTree, 10_000));
  t.is(blob.length, 10_000);
  t.is(blob.readUInt32BE(4), 10_000);
  t.deepEqual(plain(parseFlattenedDeviceTree(blob).root), plain(sampleTree.root));
});

test('bytes after the blob are no part of it', (t) => {
  const blob = Buffer.concat([flattenDeviceTree(sampleTree), Buffer.alloc(100, 0xff)]);
  t.notThrows(() => parseFlattenedDeviceTree(blob));
});

for (const { description, bytes, says } of [
  { description: 'an empty file', bytes: new Uint8Array(0), says: /inside its header/ },
  { description: 'a file of another kind', bytes: Buffer.alloc(100, 0x41), says: /0xd00dfeed/ },
  { description: 'a truncated blob', bytes: damaged(() => {}).subarray(0, 100), says: /inside its blocks/ },
  { description: 'a blob of version 3', bytes: damaged((blob) => blob.writeUInt32BE(3, 20)), says: /older than 16/ },
  { description: 'a blob from the future', bytes: damaged((blob) => blob.writeUInt32BE(18, 24)), says: /reader of version 18/ },
  { description: 'a structure outside the blob', bytes: damaged((blob) => blob.writeUInt32BE(0xffff_fff0, 8)), says: /structure/ },
  { description: 'strings outside the blob', bytes: damaged((blob) => blob.writeUInt32BE(0xffff_fff0, 12)), says: /strings/ },
  { description: 'reservations outside the blob', bytes: damaged((blob) => blob.writeUInt32BE(0xffff_fff0, 16)), says: /reservations/ },
  {
    description: 'a tree without end of depth',
    bytes: flattenDeviceTree({
      ...sampleTree,
      root: Array.from({ length: 100 }).reduce<DeviceTreeNode>((child) => node('n', [], [child]), node('n', [])),
    }),
    says: /64 deep/,
  },
] as const) {
  test(`${description} is refused with advice`, (t) => {
    const error = t.throws(() => parseFlattenedDeviceTree(bytes), { instanceOf: UserError });
    t.is(error.kind, 'device-tree-bad');
    t.regex(error.message, says);
  });
}

test('whatever the damage, a blob gives a tree or a user error', (t) => {
  const sound = flattenDeviceTree(sampleTree);
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 9, 0xff))), { maxLength: 8 }),
        fc.nat(sound.length),
        fc.boolean(),
        (mutations, length, truncate) => {
          const bytes = Uint8Array.from(sound);
          for (const [at, value] of mutations) bytes[at] = value;
          try {
            const tree = parseFlattenedDeviceTree(truncate ? bytes.subarray(0, length) : bytes);
            flattenDeviceTree(withBootFacts(tree, FACTS));
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    ),
  );
});

const childOf = (tree: DeviceTree, name: string): DeviceTreeNode => tree.root.children.find((child) => child.name === name)!;
const value = (parent: DeviceTreeNode, name: string): Uint8Array | undefined => {
  const found = findProperty(parent, name);
  return found && Uint8Array.from(found);
};

test('boot facts are filled in, and the rest of the tree stays', (t) => {
  const tree = withBootFacts(sampleTree, FACTS);
  t.deepEqual(value(childOf(tree, 'memory'), 'reg'), cells('reg', 0, 0, 0x400_0000).value);
  t.deepEqual(value(childOf(tree, 'chosen'), 'bootargs'), strings('bootargs', 'console=ttyS0').value);
  t.deepEqual(value(childOf(tree, 'chosen'), 'linux,initrd-start'), cells('x', 0x190_0000).value);
  t.deepEqual(value(childOf(tree, 'chosen'), 'linux,initrd-end'), cells('x', 0x190_1234).value);
  t.is(childOf(tree, 'plb'), childOf(sampleTree, 'plb'));
  t.deepEqual(value(childOf(sampleTree, 'memory'), 'reg'), cells('reg', 0, 0, 0).value);
});

test('the memory size takes as many cells as the root says, in a node of any name', (t) => {
  const root = node('', [cells('#address-cells', 1), cells('#size-cells', 2)], [node('memory@0', [strings('device_type', 'memory')])]);
  const tree = withBootFacts({ root, reservations: [], bootCpu: 0 }, FACTS);
  t.deepEqual(value(childOf(tree, 'memory@0'), 'reg'), cells('reg', 0, 0, 0x400_0000).value);
});

test('a tree without memory and chosen nodes gets them', (t) => {
  const tree = withBootFacts({ root: node('', []), reservations: [], bootCpu: 0 }, FACTS);
  t.deepEqual(
    tree.root.children.map((child) => child.name),
    ['memory', 'chosen'],
  );
  t.deepEqual(value(childOf(tree, 'memory'), 'device_type'), strings('device_type', 'memory').value);
});
