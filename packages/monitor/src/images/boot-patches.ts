import {
  cells,
  type DeviceTree,
  type DeviceTreeNode,
  findProperty,
  firstCell,
  node,
  strings,
  withChild,
  withProperties,
} from './device-tree.js';

/** What a boot loader tells the kernel through the device tree. */
export interface BootFacts {
  readonly memoryBytes: number;
  readonly bootArguments: string;
  /** Physical addresses of the initial RAM disk's first byte and of the byte after its last. */
  readonly initrd: { readonly start: number; readonly end: number };
}

/** The tree with the memory size, the boot arguments and the initial RAM disk's place filled in. */
export const withBootFacts = (tree: DeviceTree, facts: BootFacts): DeviceTree => {
  const memory = withChild(
    tree.root,
    isMemory,
    (child) => withProperties(child, [cells('reg', ...memoryCells(tree.root, facts.memoryBytes))]),
    node('memory', [strings('device_type', 'memory')]),
  );
  const chosen = withChild(
    memory,
    (child) => child.name === 'chosen',
    (child) =>
      withProperties(child, [
        strings('bootargs', facts.bootArguments),
        cells('linux,initrd-start', facts.initrd.start),
        cells('linux,initrd-end', facts.initrd.end),
      ]),
    node('chosen', []),
  );
  return { ...tree, root: chosen };
};

const isMemory = (child: DeviceTreeNode): boolean => {
  const deviceType = findProperty(child, 'device_type');
  return child.name === 'memory' || (deviceType !== undefined && Buffer.from(deviceType).toString('latin1') === 'memory\0');
};

/** Address 0 and the size, each in as many cells as the root says (2 and 1 where it says nothing, Devicetree Specification 2.3.5). */
const memoryCells = (root: DeviceTreeNode, memoryBytes: number): number[] => {
  const clamp = (count: number): number => Math.min(Math.max(count, 1), 4);
  const addressCells = clamp(firstCell(root, '#address-cells') ?? 2);
  const sizeCells = clamp(firstCell(root, '#size-cells') ?? 1);
  return [...new Array<number>(addressCells + sizeCells - 1).fill(0), memoryBytes];
};
