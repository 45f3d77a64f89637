/**
 * Where a processor's state lies in its WebAssembly memory, byte offsets from 0. Registers are host-endian words, so generated code
 * and TypeScript read the same cells. What code on the hot path touches comes first, to share cache lines.
 */
export const State = {
  gpr: 0, // 32 words
  /** CR fields 0 to 7, a doubleword each (condition-register.ts). */
  cr: 128,
  lr: 192,
  ctr: 196,
  /** XER, a word a part: SO, OV and CA are 0 or 1, the byte count 0 to 127. */
  xerSo: 200,
  xerOv: 204,
  xerCa: 208,
  xerCount: 212,
  msr: 216,
  pc: 220,
  /** Instructions that the engine may still retire; the host lowers it to end a run early. */
  remaining: 224,
  /** Bases of the software TLB's tables for the current context (see mmu/soft-tlb.ts). */
  readTable: 228,
  writeTable: 232,
  executeTable: 236,
  /** lwarx reservation: valid flag and physical granule. */
  reservationValid: 240,
  reservationEa: 244,
  /** Interrupt raised by the current instruction: IVOR number + 1 (0: none), and what it puts into ESR and DEAR. */
  pendingVector: 248,
  pendingEsr: 252,
  pendingDear: 256,
  fpscr: 260,
  /** Bit n: interrupt n may be taken in generated code. */
  deliverableVectors: 268,
  /** MSR bits that the processor must look at when they become 1; those that enable interrupts only while one may be pending. */
  attentionBits: 272,
  /** Not 0 while a TLB entry maps RAM as write-through or caching inhibited, where dcbz is not allowed. */
  uncachedRam: 276,
  /** The last synchronous interrupt (fault-watch.ts): IVOR number + 1, pc, DEAR, and how often in a row. */
  faultVector: 280,
  faultPc: 284,
  faultDear: 288,
  faultCount: 292,
  /** How many have been taken without an instruction in between, and the count that was left at the last. */
  faultsAtOnce: 364,
  faultRemaining: 368,
  /** Valid TLB entries of 1 KB, which the tables of the software TLB cannot tell apart. */
  smallPages: 372,
  /** Not 0 while every data access must be seen, so that the tables stay empty. */
  dataWatched: 376,
  /** By context of the software TLB: the key it is for, + 1 (0: nothing). The clock tells which was selected last, see `contextByKey`. */
  contextKeys: 296, // 8 words
  contextClock: 360,
  /** Counts since the processor was made: interrupts taken by IVOR number (16 words), writes into the TLB, fills of the software TLB. */
  interruptCounts: 384,
  tlbWrites: 448,
  softTlbFills: 452,
  /** How often translated code has left an instruction to the interpreter, a word a row of the table of fall-backs. */
  fallBackCounts: 456, // 8 words
  fpr: 512, // 32 doublewords
  /** Time that passes without instructions (host/guest-time.ts); the first three are doubles. */
  addedCycles: 768,
  zeroCycles: 776,
  hostInstructions: 784,
  limitSlack: 792,
  eventSlack: 796,
  withheld: 800,
  skipped: 804,
  /** Bit n: there is a host routine for interrupt n. */
  hostVectors: 808,
  /** 1 where translated code has left the interpreter a single instruction, else 0. */
  interpretsOne: 812,
  /** Instructions that the interpreter has retired between translated code, a doubleword a reason (translator/region-function.ts). */
  interpreted: 1072, // 4 doublewords
  /** Heat is looked at where these of its bits are 0, see HEAT_BASE. */
  heatMask: 1104,
  /** The interpreter's, while it runs (interpreter/straight-line.ts). */
  straightLine: 1108, // 5 words
  /** Not 0 once an instruction has come that only the larger interpreter has. */
  interpretsAll: 1128,
  /** What a write to the timebase added to it: a double, and what is above bit 47 (modelled-clock.ts). */
  timebaseOffset: 1136,
  timebaseTop: 1144,
  /** The TLB, a word an entry and field (mmu/translation-lookaside-buffer.ts). */
  tlb: 1536,
  /** SPRs that are plain storage, a word each, by SPR number. */
  spr: 4096, // 1024 words
  decodeTable: 8192, // the interpreter's tables, see interpreter/decode-table.ts
  /** How often each instruction was begun, a word an id, where the interpreter counts. */
  instructionCounts: 57344, // 1023 words
  /** An instruction word that does not lie in RAM as it is executed; at RAM_OFFSET or above, as what the interpreter fetches must. */
  fetchedInstruction: 61436,
  /** Contexts of the software TLB by their key, a row of {@link ContextByKey} each. */
  contextByKey: 61440,
  /** What a move may do with each SPR, a row a number (callouts/register-functions.ts). */
  sprRules: 69632, // 1024 doublewords
  end: 77824,
} as const;

/** What a context of the software TLB is for: one of 1024. Also what tells whether an entry of the TLB is visible in it. */
export function contextKey(user: boolean, addressSpace: number, pid: number): number {
  return (user ? 0x200 : 0) | (addressSpace << 8) | pid;
}
/** A row a key: the address of its context's read table (0: it has none), and when the key was last selected. */
export const ContextByKey = { tables: 0, lastUse: 4, size: 8 } as const;

/**
 * The TLB in State, 64 words a field: the words of `tlbwe` and the TID; then what the search compares. An entry maps an address `ea`
 * for a key (address space << 8 | PID) where `((ea ^ matchEa) & matchMask) | ((key ^ matchKey) & matchKeyMask)` is 0.
 */
const tlbField = (index: number): number => State.tlb + 256 * index;
export const TlbCell = {
  words: [tlbField(0), tlbField(1), tlbField(2)],
  tid: tlbField(3),
  matchEa: tlbField(4),
  matchMask: tlbField(5),
  matchKey: tlbField(6),
  matchKeyMask: tlbField(7),
  /** Not 0 where the entry has translated an address since it was written or last asked. */
  referenced: tlbField(8),
} as const;

/**
 * The software TLB follows, a context behind the other: its three tables (read, write, execute) of 2**20 pages x 4 bytes; then which
 * pages have an entry in any of them, a bit each, and which words of those bits may be other than 0.
 */
export const SOFT_TLB_CONTEXTS = 8;
export const SOFT_TLB_BASE = State.end;
export const SOFT_TLB_TABLE_BYTES = 4 << 20;
/** Distances from the start of a context, which is its read table. */
export const SoftTlbTable = {
  read: 0,
  write: SOFT_TLB_TABLE_BYTES,
  execute: 2 * SOFT_TLB_TABLE_BYTES,
  filled: 3 * SOFT_TLB_TABLE_BYTES,
  filledWords: 3 * SOFT_TLB_TABLE_BYTES + (1 << 17),
} as const;
export const SOFT_TLB_CONTEXT_BYTES = 3 * SOFT_TLB_TABLE_BYTES + (1 << 17) + 65536;

/**
 * Then what the translator's dispatcher reads: how often control came to an address (a word each), and the translated code by address
 * (a slot each: pc, execute entry, function, place in it). Both are indexed by the low bits of the instruction's place in RAM. HEAT_TRANSLATED
 * is set where there may be such code: the interpreter asks at each jump, and one word is soon in the cache, where a slot would be a line more.
 */
export const HEAT_BASE = SOFT_TLB_BASE + SOFT_TLB_CONTEXTS * SOFT_TLB_CONTEXT_BYTES;
export const HEAT_BYTES = 1 << 20;
export const HEAT_TRANSLATED = -(2 ** 31);
export const SLOT_BASE = HEAT_BASE + HEAT_BYTES;
export const SLOT_BYTES = 1 << 19;
/** How often each function of the table has been entered, a word each. */
export const ENTRIES_BASE = SLOT_BASE + SLOT_BYTES;
export const REGION_TABLE_SIZE = 16384;
/** Behind the regions of the table: the host's routines, by vector. */
export const HOST_ROUTINES = REGION_TABLE_SIZE;
export const FUNCTION_TABLE_SIZE = REGION_TABLE_SIZE + 16;
export const Slot = { pc: 0, entry: 4, function: 8, place: 12, size: 16 } as const;

/** Then the host's memory, see host/host-memory.ts, and RAM. */
export const HOST_MEMORY_BASE = ENTRIES_BASE + 4 * REGION_TABLE_SIZE;
export const HOST_MEMORY_BYTES = 1 << 20;
export const RAM_BASE = HOST_MEMORY_BASE + HOST_MEMORY_BYTES;

/**
 * A software TLB entry is `(host page - guest page - RAM_ADJUST) | 1`; 0 is invalid, so that fresh zero memory means "nothing
 * mapped". A host address is then `ea + entry` with the constant offset RAM_ADJUST - 1. A write entry with SOFT_TLB_WATCHED in the
 * place of the 1 allows stores to words that hold no translated code only.
 */
export const SOFT_TLB_VALID = 1;
export const SOFT_TLB_WATCHED = 2;
export const RAM_ADJUST = 4096;
export const RAM_OFFSET = RAM_ADJUST - 1;

/**
 * Behind RAM: a bit a word of RAM, 1 where it holds translated code. Bit n of the map's byte b stands for the word 8b + n.
 */
export function codeBitmapBase(ramSizeBytes: number): number {
  return RAM_BASE + Math.ceil(ramSizeBytes / 65536) * 65536;
}
export function codeBitmapBytes(ramSizeBytes: number): number {
  return Math.ceil(ramSizeBytes / 32);
}

/** Behind it: a byte a page of RAM, not 0 where the page holds translated code. */
export function codePagesBase(ramSizeBytes: number): number {
  return codeBitmapBase(ramSizeBytes) + codeBitmapBytes(ramSizeBytes);
}
export function codePagesBytes(ramSizeBytes: number): number {
  return Math.ceil(ramSizeBytes / 4096) + 1;
}
