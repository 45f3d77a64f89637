const MEBIBYTE = 2 ** 20;

/** Sizes a bank can have, largest first, with the code SDSZ of the bank register (PPC440EP user's manual, SDRAM0_B0CR). */
const BANK_SIZES = [
  { sizeBytes: 256 * MEBIBYTE, code: 6 },
  { sizeBytes: 128 * MEBIBYTE, code: 5 },
  { sizeBytes: 64 * MEBIBYTE, code: 4 },
  { sizeBytes: 32 * MEBIBYTE, code: 3 },
  { sizeBytes: 16 * MEBIBYTE, code: 2 },
  { sizeBytes: 8 * MEBIBYTE, code: 1 },
  { sizeBytes: 4 * MEBIBYTE, code: 0 },
] as const;

export const SDRAM_BANK_COUNT = 4;
export const SMALLEST_BANK_BYTES = BANK_SIZES.at(-1)!.sizeBytes;
export const LARGEST_BANK_BYTES = BANK_SIZES[0].sizeBytes;

/** Indirect address of the first bank register; the others follow at steps of 4. */
const FIRST_BANK_REGISTER = 0x40;
const CONTROLLER_OPTIONS_REGISTER = 0x20;
const CONTROLLER_ENABLED = 0x8000_0000;
const BANK_ENABLED = 1;
const BANK_SIZE_SHIFT = 17;

/** Fills the banks from address 0, largest first; undefined if the size is not the sum of at most four bank sizes. */
export const sdramBanks = (memoryBytes: number): { base: number; sizeBytes: number; code: number }[] | undefined => {
  const banks: { base: number; sizeBytes: number; code: number }[] = [];
  let base = 0;
  while (base < memoryBytes && banks.length < SDRAM_BANK_COUNT) {
    const size = BANK_SIZES.find((candidate) => candidate.sizeBytes <= memoryBytes - base);
    if (size === undefined) return undefined;
    banks.push({ base, ...size });
    base += size.sizeBytes;
  }
  return base === memoryBytes && banks.length > 0 ? banks : undefined;
};

/** The controller's registers as firmware leaves them: enabled, with the banks that make up the memory. */
export const sdramRegisters = (memoryBytes: number): [address: number, value: number][] => [
  [CONTROLLER_OPTIONS_REGISTER, CONTROLLER_ENABLED],
  ...(sdramBanks(memoryBytes) ?? []).map((bank, i): [number, number] => [
    FIRST_BANK_REGISTER + 4 * i,
    (bank.base | (bank.code << BANK_SIZE_SHIFT) | BANK_ENABLED) >>> 0,
  ]),
];
