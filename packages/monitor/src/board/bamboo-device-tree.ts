import { cells, type DeviceTree, type DeviceTreeNode, flag, node, strings } from '../images/device-tree.js';
import { flattenDeviceTree } from '../images/flattened-device-tree.js';
import { BAMBOO } from './bamboo.js';

const Phandle = { cpu: 1, uic: 2 } as const;

/** Senses of the UIC's interrupt specifier, as Linux's binding numbers them. */
const Sense = { edgeRising: 1, levelHigh: 4, levelLow: 8 } as const;

const hexName = (name: string, address: number): string => `${name}@${address.toString(16)}`;
const uartPath = (index: 0 | 1): string => `/plb/opb/${hexName('serial', BAMBOO.uarts[index].address)}`;

/** How a guest asks the hypervisor for service: at most four instructions, which the `/hypervisor` node carries (ePAPR 1.1, 7.5). */
export interface HypervisorAnnouncement {
  readonly hcallInstructions: readonly number[];
}

/**
 * The board's own tree, node for node and property for property that of QEMU's `bamboo.dtb`, so that a kernel's messages and its use of
 * memory are the same on both. The memory size is filled in at boot.
 */
export const bambooDeviceTree = (hypervisor?: HypervisorAnnouncement): DeviceTree => ({
  root: node(
    '',
    [
      cells('#address-cells', 2),
      cells('#size-cells', 1),
      strings('model', BAMBOO.compatible),
      strings('compatible', BAMBOO.compatible),
      cells('dcr-parent', Phandle.cpu),
    ],
    [
      node('aliases', [strings('serial0', uartPath(0)), strings('serial1', uartPath(1))]),
      cpus(),
      node('memory', [strings('device_type', 'memory'), cells('reg', 0, 0, 0)]),
      uic(),
      node('sdr', [strings('compatible', 'ibm,sdr-440ep'), cells('dcr-reg', BAMBOO.sdr.dcr, 2)]),
      node('cpr', [strings('compatible', 'ibm,cpr-440ep'), cells('dcr-reg', BAMBOO.cpr.dcr, 2)]),
      plb(),
      node('chosen', [strings('linux,stdout-path', uartPath(0))]),
      ...(hypervisor === undefined ? [] : [hypervisorNode(hypervisor)]),
    ],
  ),
  reservations: [],
  bootCpu: 0,
});

/**
 * The size QEMU gives the blob: twice that of `bamboo.dtb` (3,173 bytes) and 10,000 (load_device_tree). Linux reserves the whole of it,
 * so the size shows in the kernel's account of its memory.
 */
const BLOB_BYTES = 2 * (3_173 + 10_000);

export const flattenForBamboo = (tree: DeviceTree): Uint8Array => flattenDeviceTree(tree, BLOB_BYTES);

const hypervisorNode = (announcement: HypervisorAnnouncement): DeviceTreeNode =>
  node('hypervisor', [
    strings('compatible', 'linux,kvm'),
    cells('hcall-instructions', ...announcement.hcallInstructions),
    flag('has-idle'),
  ]);

const cpus = (): DeviceTreeNode =>
  node(
    'cpus',
    [cells('#address-cells', 1), cells('#size-cells', 0)],
    [
      node('cpu@0', [
        strings('device_type', 'cpu'),
        strings('model', 'PowerPC,440EP'),
        cells('reg', 0),
        cells('clock-frequency', BAMBOO.coreHz),
        cells('timebase-frequency', BAMBOO.timebaseHz),
        cells('i-cache-line-size', 32),
        cells('d-cache-line-size', 32),
        cells('i-cache-size', 32 * 1024),
        cells('d-cache-size', 32 * 1024),
        flag('dcr-controller'),
        strings('dcr-access-method', 'native'),
        cells('phandle', Phandle.cpu),
      ]),
    ],
  );

const uic = (): DeviceTreeNode =>
  node('interrupt-controller0', [
    strings('compatible', 'ibm,uic-440ep', 'ibm,uic'),
    flag('interrupt-controller'),
    cells('cell-index', 0),
    cells('dcr-reg', BAMBOO.uic.dcr, 9),
    cells('#address-cells', 0),
    cells('#size-cells', 0),
    cells('#interrupt-cells', 2),
    cells('phandle', Phandle.uic),
  ]);

/** Bus clocks of a 440EP at 533 MHz, as `bamboo.dtb` states them; nothing in this machine depends on them. */
const PLB_HZ = 133_333_332;
const OPB_HZ = 66_666_666;

const plb = (): DeviceTreeNode =>
  node(
    'plb',
    [
      strings('compatible', 'ibm,plb-440ep', 'ibm,plb-440gp', 'ibm,plb4'),
      cells('#address-cells', 2),
      cells('#size-cells', 1),
      flag('ranges'),
      cells('clock-frequency', PLB_HZ),
    ],
    [
      node('sdram', [strings('compatible', 'ibm,sdram-440ep', 'ibm,sdram-405gp'), cells('dcr-reg', BAMBOO.sdram.dcr, 2)]),
      node('dma', [
        strings('compatible', 'ibm,dma-440ep', 'ibm,dma-440gp'),
        cells('dcr-reg', BAMBOO.absent.dma.dcr, BAMBOO.absent.dma.count),
      ]),
      opb(),
      pci(),
    ],
  );

const opb = (): DeviceTreeNode =>
  node(
    'opb',
    [
      strings('compatible', 'ibm,opb-440ep', 'ibm,opb-440gp', 'ibm,opb'),
      cells('#address-cells', 1),
      cells('#size-cells', 1),
      cells('ranges', 0, 0, 0, 0x8000_0000, 0x8000_0000, 0, 0x8000_0000, 0x8000_0000),
      cells('interrupts', 7, Sense.levelHigh),
      cells('clock-frequency', OPB_HZ),
    ],
    [
      node('ebc', [
        strings('compatible', 'ibm,ebc-440ep', 'ibm,ebc-440gp', 'ibm,ebc'),
        cells('dcr-reg', BAMBOO.ebc.dcr, 2),
        cells('#address-cells', 2),
        cells('#size-cells', 1),
        cells('clock-frequency', OPB_HZ),
        cells('interrupts', 5, Sense.edgeRising),
      ]),
      ...BAMBOO.uarts.map((uart) =>
        node(hexName('serial', uart.address), [
          strings('device_type', 'serial'),
          strings('compatible', 'ns16550'),
          cells('reg', uart.address, 8),
          cells('virtual-reg', uart.address),
          cells('clock-frequency', BAMBOO.uartClockHz),
          cells('current-speed', uart.baud),
          ...interrupt(uart.interrupt),
        ]),
      ),
      ...BAMBOO.absent.i2c.map((i2c) =>
        node(hexName('i2c', i2c.address), [
          strings('device_type', 'i2c'),
          strings('compatible', 'ibm,iic-440ep', 'ibm,iic-440gp', 'ibm,iic'),
          cells('reg', i2c.address, i2c.sizeBytes),
          ...interrupt(i2c.interrupt),
        ]),
      ),
      node(hexName('emac-zmii', BAMBOO.absent.zmii.address), [
        strings('device_type', 'zmii-interface'),
        strings('compatible', 'ibm,zmii-440ep', 'ibm,zmii-440gp', 'ibm,zmii'),
        cells('reg', BAMBOO.absent.zmii.address, BAMBOO.absent.zmii.sizeBytes),
      ]),
    ],
  );

const interrupt = (line: number) => [cells('interrupt-parent', Phandle.uic), cells('interrupts', line, Sense.levelHigh)];

/** Space codes in the first cell of a PCI address (IEEE 1275 PCI binding, 2.2.1.1). */
const PCI_SPACE = { io: 0x0100_0000, memory: 0x0200_0000, prefetchableMemory: 0x4200_0000 } as const;

const pci = (): DeviceTreeNode => {
  const { configuration, interruptAcknowledge, registers, io, memory, slots } = BAMBOO.pci;
  return node('pci@ec000000', [
    strings('device_type', 'pci'),
    cells('#interrupt-cells', 1),
    cells('#size-cells', 2),
    cells('#address-cells', 3),
    strings('compatible', 'ibm,plb440ep-pci', 'ibm,plb-pci'),
    flag('primary'),
    cells('reg', 0, configuration, 8, 0, interruptAcknowledge, 4, 0, interruptAcknowledge, 4, 0, registers, 0x40),
    cells(
      'ranges',
      ...[PCI_SPACE.memory, 0, memory.address, 0, memory.address, 0, memory.sizeBytes],
      ...[PCI_SPACE.io, 0, 0, 0, io.address, 0, io.sizeBytes],
    ),
    cells('dma-ranges', PCI_SPACE.prefetchableMemory, 0, 0, 0, 0, 0, 0x8000_0000),
    cells('interrupt-map-mask', 0xf800, 0, 0, 0),
    cells('interrupt-map', ...slots.flatMap(({ slot, interrupt: line }) => [slot << 11, 0, 0, 0, Phandle.uic, line, Sense.levelLow])),
  ]);
};
