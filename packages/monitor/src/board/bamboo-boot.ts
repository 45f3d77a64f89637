import { UserError } from '../errors.js';
import { withBootFacts } from '../images/boot-patches.js';
import type { DeviceTree } from '../images/device-tree.js';
import { parseFlattenedDeviceTree } from '../images/flattened-device-tree.js';
import type { GuestImage } from '../images/guest-image.js';
import { checkPlacement, type PlacedImage, place, placeKernel } from '../images/placement.js';
import { BAMBOO } from './bamboo.js';
import { bambooDeviceTree, flattenForBamboo, type HypervisorAnnouncement } from './bamboo-device-tree.js';
import type { EntryPoint } from './entry-state.js';

export interface BootRequest {
  readonly kernel: GuestImage;
  readonly memoryBytes: number;
  readonly bootArguments: string;
  readonly initrd?: Uint8Array;
  /** A flattened device tree of the user's, in place of the board's own. */
  readonly deviceTreeBlob?: Uint8Array;
  /** Memory with the trampolines of a patched kernel, which the guest is told to leave alone. */
  readonly reservations?: readonly { readonly pa: number; readonly sizeBytes: number }[];
  /** Adds the `/hypervisor` node to the board's own tree. */
  readonly hypervisor?: HypervisorAnnouncement;
}

export interface BootPlan {
  readonly images: readonly PlacedImage[];
  readonly entry: EntryPoint;
}

/**
 * Lays out kernel, initial RAM disk and device tree as QEMU's bamboo does. Throws a `UserError` for what does not fit.
 * Without an initial RAM disk QEMU still states its place, with no bytes in it; a kernel's messages show that, so this does, too.
 */
export const planBoot = (request: BootRequest): BootPlan => {
  const { deviceTree: deviceTreePa, initrd: initrdPa } = BAMBOO.boot;
  const initrd = request.initrd ?? new Uint8Array(0);
  const tree = withBootFacts(chooseTree(request), {
    memoryBytes: request.memoryBytes,
    bootArguments: request.bootArguments,
    initrd: { start: initrdPa, end: initrdPa + initrd.length },
  });
  const reservations = (request.reservations ?? []).map(({ pa, sizeBytes }) => ({ address: BigInt(pa), sizeBytes: BigInt(sizeBytes) }));
  const images = [
    ...placeKernel(request.kernel, ({ pa }) =>
      (request.reservations ?? []).some((each) => each.pa === pa) ? 'trampoline area' : 'kernel',
    ),
    place('device tree', deviceTreePa, flattenForBamboo({ ...tree, reservations: [...tree.reservations, ...reservations] })),
    place('initial RAM disk', initrdPa, initrd),
  ];
  checkPlacement(images, request.memoryBytes);
  const { entryPa } = request.kernel;
  if (entryPa % 4 !== 0) throw UserError.of('entry-unaligned', { entry: entryPa });
  return { images, entry: { entryPa, deviceTreePa } };
};

const chooseTree = ({ deviceTreeBlob, hypervisor }: BootRequest): DeviceTree =>
  deviceTreeBlob === undefined ? bambooDeviceTree(hypervisor) : parseFlattenedDeviceTree(deviceTreeBlob);
