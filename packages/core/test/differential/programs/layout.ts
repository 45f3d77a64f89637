import type { RandomWords } from '../../random-words.js';

/**
 * Where things lie for guest/program-runner.S, which has the same numbers. A block has all that belongs to one program. Blocks lie behind
 * the place where QEMU puts the device tree.
 */
const FIRST_BLOCK_PA = 0x01a00000;
export const BLOCK_BYTES = 0x20000;
/** As many as RAM holds. */
export const MOST_BLOCKS = 300;
const BULK_EA = 0xc0000000;
const LINEAR_EA = 0x40000000;
const PAGE_BYTES = 4096;

/** Offsets in a block, in bytes. */
export const Block = {
  gprs: 0,
  crToLr: 0x80,
  sprs: 0x90,
  /** Of restarts; behind it the most entries of the log, and whether pages belong to processes. */
  restartCount: 0xe0,
  answers: 0x100,
  restarts: 0x300,
  pageTables: 0x1000,
  data: 0x4000,
  code: 0x8000,
  codeCopy: 0xc000,
  log: 0x10000,
  endState: 0x1c000,
  endTlb: 0x1c100,
  end: 0x1c500,
} as const;

/** The bits of an answer to an interrupt. */
export const Answer = {
  skip: 0x001,
  toSupervisor: 0x002,
  toUser: 0x004,
  restart: 0x008,
  fill: 0x010,
  dropCode: 0x020,
  swapCopies: 0x040,
  nextProcess: 0x080,
  switchSpace: 0x100,
  dropData: 0x200,
} as const;
export const ANSWERS_A_VECTOR = 8;

export const MOST_RESTARTS = 32;
export const MOST_LOGGED = 240;
export const LOG_ENTRY_WORDS = 48;

/** Word indices in an entry of the log. */
export const Logged = { vector: 0, srr0: 1, srr1: 2, esr: 3, dear: 4, msr: 5, cr: 6, xer: 7, ctr: 8, lr: 9, gprs: 16 } as const;

/** The SPRs that a block starts with, and those of the state at the end, behind the numbers of entries and of rounds. */
export const START_SPRS = [58, 59, 570, 571, 272, 273, 274, 275, 276, 277, 278, 279, 256, 316, 317, 318, 319, 1011] as const;
export const END_SPRS = [58, 59, 570, 571, 272, 273, 274, 275, 260, 261, 262, 263, 256, 48, 946, 316, 317, 318, 319, 1011] as const;

/** Effective addresses of a program's code, of its data, and of its code again; 16 KB each. */
export const Ea = { code: 0x10000, data: 0x20000, codeAlias: 0x30000, wild: 0x50000000, window: 0x60000000 } as const;
export const CODE_WORDS = 4096;
export const DATA_PAGES = 4;
/** Pages that a program maps itself, 1 MB apart, and the TLB entries for them. */
export const WINDOW_SLOT = 40;
export const WINDOWS = 8;
export const WINDOW_STRIDE = 1 << 20;
/** The TLB entries that handlers fill by turns, eight for each class of pages. */
export const FIRST_SLOT = { code: 4, data: 12, wild: 20 } as const;
const CLASSES = { code: 0, data: 1, wild: 2 } as const;

/** r1 counts jumps down; r2 to r4 are bases; r5 and r6 scratch, r7 the counter of a loop. All others are data. */
export const Register = { fuel: 1, data: 2, linear: 3, code: 4, scratch: 5, scratch2: 6, counter: 7 } as const;
export const DATA_REGISTERS = [0, ...Array.from({ length: 24 }, (_, n) => 8 + n)] as const;

export function blockPa(index: number): number {
  return FIRST_BLOCK_PA + index * BLOCK_BYTES;
}
/** Where the runner sees a block. */
export function blockEa(index: number): number {
  return BULK_EA + blockPa(index);
}
/** Where a program sees its block, in every address space and process. */
export function linearEa(index: number): number {
  return LINEAR_EA + blockPa(index);
}

export const ALL = 0x3f;
const FEWER_OF_DATA = [0x2d, 0x1b, 0x07, 0x09, 0x36, 0];
/** Not to be read, written or executed by users or by the supervisor. */
const FEWER_OF_CODE = [0x37, 0x3d, 0x3c, 0x2f, 0x1f, 0x3b];

/** Entries of 16 bytes (words 1 and 2 of the TLB, the class) for 64 pages, low and wild, in either address space. */
export function pageTables(pa: number, random: RandomWords): number[] {
  const words: number[] = [];
  for (const space of [0, 1]) {
    for (const isWild of [false, true]) {
      for (let page = 0; page < 64; page++) words.push(...pageTableEntry(pa, random, space, isWild, page), 0);
    }
  }
  return words;
}

function pageTableEntry(pa: number, random: RandomWords, space: number, isWild: boolean, page: number): [number, number, number] {
  const ea = page * PAGE_BYTES;
  const inCode = ea & (Block.codeCopy - Block.code - 1);
  const isCode = [Ea.code, Ea.codeAlias].some((start) => ea >= start && ea < start + 4 * CODE_WORDS);
  // Address space 1 has the other copy of the code.
  if (!isWild && isCode) {
    return [pa + (space ? Block.codeCopy : Block.code) + inCode, random.oneIn(10) ? random.pick(FEWER_OF_CODE) : ALL, CLASSES.code];
  }
  const data = pa + Block.data + PAGE_BYTES * ((page + (isWild ? random.below(DATA_PAGES) : space)) % DATA_PAGES);
  return [data, random.oneIn(8) ? random.pick(FEWER_OF_DATA) : ALL, isWild ? CLASSES.wild : CLASSES.data];
}
