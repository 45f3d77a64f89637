/** Where a random machine's memory and mappings are. */
const PAGE_BYTES = 4096;
export const Layout = {
  ramBytes: 0x40000,
  /** Handlers and their tables, mapped one to one for the supervisor by TLB entry 0, in address space 0. */
  vectorBytes: 0x200,
  /** Places and states at which the program is started again: words of pc, then words of MSR; and whose turn it is. */
  restarts: 0x2000,
  restartCount: 64,
  turn: 0x2200,
  /** The next slot of the TLB to fill. */
  slot: 0x2204,
  /** By address space and page, words 1 and 2 of a TLB entry: every address is mapped, each 64 pages alike. */
  pageTable: 0x3000,
  handlersBytes: 0x4000,
  code: 0x10000,
  codePages: 4,
  data: 0x20000,
  dataPages: 4,
  /** Effective addresses beyond code and data, which are mapped one to one in address space 0: the code again, and devices. */
  codeAlias: 0x30000,
  devices: 0x38000,
  /** Everything once more, by one large page in either address space. */
  linear: 0x40000000,
  /** Beyond RAM. */
  devicesPa: 0x0ef60000,
} as const;

export const CODE_WORDS = (Layout.codePages * PAGE_BYTES) / 4;

/** TLB entries by use; the program changes those that handlers fill, and the large pages at times. */
export const TlbSlots = { vectors: 0, linear: 1, firstFilled: 4, filled: 16 } as const;

/** Registers that keep their meaning: r0 to r23 are data, r28 to r30 scratch, r31 the handlers'. Handlers set the bases again. */
export const Register = { devices: 24, linear: 25, data: 26, code: 27, scratch: 28 } as const;
export const DATA_REGISTERS = 24;

export const BASES: readonly (readonly [register: number, value: number])[] = [
  [Register.devices, Layout.devices],
  [Register.linear, Layout.linear + Layout.code],
  [Register.data, Layout.data],
  [Register.code, Layout.code],
];

/** Registers of the device behind {@link Layout.devices}, by offset: what a store to it does. */
export const DEVICE_ACTIONS = [
  'nothing',
  'assertExternal',
  'assertCritical',
  'writeCodeWord',
  'writeCodeBytes',
  'requestStop',
  'raiseDebugEvent',
  'clearReservation',
] as const;
export type DeviceAction = (typeof DEVICE_ACTIONS)[number];
export const DEVICE_ACTION_BYTES = 16;
/** Reading this DCR takes all interrupt lines back. */
export const ACKNOWLEDGE_DCR = 0x10;
