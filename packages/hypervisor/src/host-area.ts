import type { HostMemory } from '@exitlab/core';
import { MAGIC_PAGE_BYTES } from './shared-page.js';

/** Rows of the exit log; slots of emulations by instruction word; kinds of exits that are booked by a count alone. */
export const LOG_ROWS = 4096;
export const EMULATION_SLOTS = 1024;
export const EMULATION_SLOT_BYTES = 64;
export const PINNED_COUNTS = 512;
export const EXIT_CLASS_CAPACITY = 24;
/** Room for records of exits: some 32,000 of a trace's, which is how many go by before the recorder must be asked. */
export const RECORD_BYTES = 1 << 19;

/** Places in the host's memory, byte offsets from its start. What the exit routine and the hypervisor both touch lies here. */
export const HostCell = {
  /** Not 0 where the exit routine must leave everything to the hypervisor. */
  blocked: 0,
  /** The MSR bits that the guest has of its own: those of floating point, once it has been given. */
  ownMsrBits: 4,
  /** What the hardware's PID was last set to. */
  hardwarePid: 8,
  /** Rows in the exit log. */
  logCount: 12,
  /** The guest's PID. */
  pid: 16,
  /** Where the guest's interrupts go. */
  ivpr: 20,
  /** Slots of the shadow TLB that hold a mapping, and the hand of its rotation. */
  shadowInUse: 24,
  shadowHand: 28,
  /** Doubles: when the guest was last entered, by the clock; instructions of it that the hypervisor has completed. */
  enteredAtCycles: 32,
  emulatedInstructions: 40,
  /** Exit timing's time in the guest, a double a property as in `Durations`. */
  timeInGuest: 48,
  /** The endless-fault detector's state, a double a property (endless-fault.ts). */
  faultDetector: 96,
  /** Records of exits (exit-recording.ts): a double, and three words. */
  recordOrigin: 208,
  recordNext: 216,
  recordLast: 220,
  recordElapsed: 224,
  /** How many interrupts are pending. Where the routine is not blocked, the guest's MSR[EE] holds back each of them. */
  deferrals: 228,
  /** SPRG4 to SPRG7 as the hardware has them, a word each. */
  userReadableSprgs: 192,
  /** The IVORs by number. */
  ivor: 256,
  /** The guest's TLB, a word a slot: the words of `tlbwe`, the TID, and the first and last address that a slot covers. */
  guestWord0: 512,
  guestWord1: 768,
  guestWord2: 1024,
  guestTid: 1280,
  guestFirst: 1536,
  guestLast: 1792,
  /** What is remembered of the shadow TLB's slots, a word a slot (shadow-tlb.ts). */
  shadowIsUsed: 2048,
  shadowGuestIndex: 2304,
  shadowGuestTid: 2560,
  shadowHardwareTid: 2816,
  shadowIsWritable: 3072,
  shadowHostPage: 3328,
  /** The shared page, where no guest sees it. */
  sharedPage: 4096,
  /** Exits booked by count, a double a kind. */
  pinnedCounts: 8192,
  /** Classes of exits, see exit-classes.ts. */
  exitClasses: 12288,
  /** The exit log, by columns. */
  logTakenAt: 16384,
  logDurations: 16384 + 8 * LOG_ROWS,
  logTypes: 16384 + 16 * LOG_ROWS,
  logPcs: 16384 + 20 * LOG_ROWS,
  emulations: 16384 + 24 * LOG_ROWS,
  end: 16384 + 24 * LOG_ROWS + EMULATION_SLOT_BYTES * EMULATION_SLOTS,
  /** Behind the end of what both always share: memory that nobody touches unless exits are recorded. */
  records: 3 << 16,
} as const;

/** The hypervisor's own memory, which it shares with the exit routine that runs in the processor. */
export class HostArea {
  readonly memory: HostMemory;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly doubles: Float64Array<ArrayBuffer>;

  constructor(memory: HostMemory) {
    if (memory.sizeBytes < HostCell.end) throw new Error('the host memory is too small for the hypervisor');
    this.memory = memory;
    this.words = new Uint32Array(memory.buffer, memory.base, HostCell.end >>> 2);
    this.doubles = new Float64Array(memory.buffer, memory.base, HostCell.end >>> 3);
  }

  get(cell: number): number {
    return this.words[cell >>> 2] as number;
  }
  set(cell: number, value: number): void {
    this.words[cell >>> 2] = value;
  }

  get emulatedInstructions(): number {
    return this.doubles[HostCell.emulatedInstructions >>> 3] as number;
  }
  set emulatedInstructions(value: number) {
    this.doubles[HostCell.emulatedInstructions >>> 3] = value;
  }

  get enteredAtCycles(): number {
    return this.doubles[HostCell.enteredAtCycles >>> 3] as number;
  }
  set enteredAtCycles(value: number) {
    this.doubles[HostCell.enteredAtCycles >>> 3] = value;
  }

  signedWordsAt(cell: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer, this.memory.base + cell, count);
  }
  wordsAt(cell: number, count: number): Uint32Array<ArrayBuffer> {
    return this.words.subarray(cell >>> 2, (cell >>> 2) + count);
  }
  doublesAt(cell: number, count: number): Float64Array<ArrayBuffer> {
    return this.doubles.subarray(cell >>> 3, (cell >>> 3) + count);
  }

  sharedPageWords(): Uint32Array<ArrayBuffer> {
    return this.wordsAt(HostCell.sharedPage, MAGIC_PAGE_BYTES / 4);
  }
}
