/**
 * AMCC's Bamboo evaluation board with a 440EP, as `qemu-system-ppc -M bamboo` has it: the one place for its addresses, DCR numbers and
 * interrupt lines. Machine and device tree are both made from these rows.
 */
export const BAMBOO = {
  compatible: 'amcc,bamboo',
  coreHz: 400_000_000,
  timebaseHz: 400_000_000,

  uic: { dcr: 0xc0 },
  cpr: { dcr: 0x0c },
  sdr: { dcr: 0x0e },
  sdram: { dcr: 0x10 },
  ebc: { dcr: 0x12 },

  uarts: [
    { address: 0xef60_0300, interrupt: 0, baud: 115_200 },
    { address: 0xef60_0400, interrupt: 1, baud: 0 },
  ],
  uartClockHz: 11_059_200,

  pci: {
    configuration: 0xeec0_0000,
    interruptAcknowledge: 0xeed0_0000,
    registers: 0xef40_0000,
    io: { address: 0xe800_0000, sizeBytes: 0x1_0000 },
    memory: { address: 0xa000_0000, sizeBytes: 0x2000_0000 },
    /** Slot number and the line to which all four pins of the slot are tied. */
    slots: [
      { slot: 1, interrupt: 28 },
      { slot: 2, interrupt: 27 },
      { slot: 3, interrupt: 26 },
      { slot: 4, interrupt: 25 },
    ],
  },

  /** Parts of the chip that the device tree names and this machine leaves out; their registers read as 0. */
  absent: {
    dma: { dcr: 0x100, count: 0x27 },
    i2c: [
      { address: 0xef60_0700, sizeBytes: 0x14, interrupt: 2 },
      { address: 0xef60_0800, sizeBytes: 0x0e, interrupt: 7 },
    ],
    zmii: { address: 0xef60_0d00, sizeBytes: 0x0c },
  },

  /** Where the boot loader puts things (QEMU's hw/ppc/ppc440_bamboo.c, which follows U-Boot on this board). */
  boot: { deviceTree: 0x0180_0000, initrd: 0x0190_0000, stackTop: 0x0100_0000 - 8 },
} as const;
