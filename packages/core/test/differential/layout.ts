/** Where things lie for guest/runner.S, which has the same numbers; all but slots are 32-bit big-endian words. */
export const RAM_BYTES = 64 << 20;

/** The runner maps all of physical memory here. */
const BULK_EA = 0xc0000000;
const SLOTS_PA = 0x00200000;
const RECORDS_PA = 0x01a00000;
/** Physical addresses of the runner's variables. */
export const RECORD_POINTER_PA = 0x3000;
export const COUNT_PA = 0x3004;
export const END_BY_WAIT_PA = 0x3008;

/** A slot is full of traps but for the case's instructions, which begin in its middle. */
export const SLOT_WORDS = 16;
export const SLOT_ENTRY_WORD = 8;
export const TRAP = 0x7fe00008;
export const RECORD_WORDS = 192;
/** As many as fit between the records' place and the end of RAM. */
export const MOST_CASES = 40_000;

export function slotPa(index: number): number {
  return SLOTS_PA + index * SLOT_WORDS * 4;
}
/** The effective address of a case's first instruction. */
export function slotEntry(index: number): number {
  return BULK_EA + slotPa(index) + SLOT_ENTRY_WORD * 4;
}
export function recordPa(index: number): number {
  return RECORDS_PA + index * RECORD_WORDS * 4;
}
export const FIRST_RECORD_EA = BULK_EA + RECORDS_PA;

/** Data pages, 4 KB each: everyone reads and writes; everyone reads; only the supervisor; none at all. */
export const DATA_PAGES = { all: 0x00100000, readOnly: 0x00101000, supervisor: 0x00102000, unmapped: 0x00103000 } as const;
export const WINDOW_BYTES = 128;

export const Flag = { float: 1, system: 2, tlb: 4, enterByRfi: 8 } as const;

/** Word indices in a record. */
export const At = {
  word: 0,
  flags: 1,
  pc: 2,
  msr: 3,
  window: 4,
  cr: 5,
  xer: 6,
  ctr: 7,
  lr: 8,
  fpscr: 9,
  tlbIndex: 10,
  tlbWord0: 11,
  tlbWord1: 12,
  tlbWord2: 13,
  tlbMmucr: 14,
  vector: 16,
  srr0: 17,
  srr1: 18,
  esr: 19,
  dear: 20,
  gpr: 32,
  fpr: 64,
  data: 128,
  spr: 160,
} as const;

/** The SPRs of a system case, in the record's order. */
export const RECORD_SPRS = [
  272, 273, 274, 275, 276, 277, 278, 279, 256, 58, 59, 570, 571, 946, 48, 947, 888, 312, 313, 314, 315, 316, 317, 318, 319, 26, 27, 880,
  1011, 54,
] as const;

export function atSpr(sprn: (typeof RECORD_SPRS)[number]): number {
  return At.spr + RECORD_SPRS.indexOf(sprn);
}

const SINGLE_NAMES = new Map<number, string>(
  Object.entries(At).flatMap(([name, index]) => (index < At.gpr ? [[index, name] as const] : [])),
);

/** What a word of a record is called in a report: `cr`, `r5`, `f3`, `data+8`, `spr26`. */
export function recordFieldName(index: number): string {
  if (index >= At.spr) return `spr${RECORD_SPRS[index - At.spr] ?? '?'}`;
  if (index >= At.data) return `data+${(index - At.data) * 4}`;
  if (index >= At.fpr) return `f${(index - At.fpr) >> 1}${(index - At.fpr) & 1 ? '.low' : '.high'}`;
  if (index >= At.gpr) return `r${index - At.gpr}`;
  return SINGLE_NAMES.get(index) ?? `word${index}`;
}
