import type { PhysicalMemory } from '@exitlab/core';

/**
 * The page that hypervisor and guest share: KVM's `struct kvm_vcpu_arch_shared` as a 32-bit guest sees it (Linux 3.6,
 * arch/powerpc/include/asm/kvm_para.h). A 64-bit field is used by its low word, so its offset is the field's plus 4.
 *
 * The values live here and nowhere else. Where the page is offered to the guest, it is guest-reachable memory, and what the guest
 * stores there is the state itself; otherwise it is private to the hypervisor, as in every KVM for the 440.
 */
export const SharedField = {
  scratch1: 0x04,
  scratch2: 0x0c,
  scratch3: 0x14,
  critical: 0x1c,
  sprg0: 0x24,
  sprg1: 0x2c,
  sprg2: 0x34,
  sprg3: 0x3c,
  srr0: 0x44,
  srr1: 0x4c,
  dear: 0x54,
  msr: 0x5c,
  dsisr: 0x60,
  intPending: 0x64,
  esr: 0xc8,
  pir: 0xcc,
  sprg4: 0xd4,
  sprg5: 0xdc,
  sprg6: 0xe4,
  sprg7: 0xec,
  // Ours, after Linux's (which may only be appended to): for code patched from outside.
  pid: 0xf0,
  mmucr: 0xf4,
  /** A register that a trampoline works with, while it does. */
  trampolineScratch: 0xf8,
  /** The MSR bits that would let a pending interrupt through, of those that code in the guest can set without an exit: EE. */
  pendingEnables: 0xfc,
  /** Words of a TLB entry that wait for the last of them. */
  joinedWord0: 0x100,
  joinedWord1: 0x104,
  joinedWord2: 0x108,
  /** A second register that a trampoline works with. */
  secondScratch: 0x10c,
  /** What DEC can be computed from, see {@link Timers.publish}. */
  decrementerEnd: 0x110,
  decrementerStart: 0x114,
  decrementerMask: 0x118,
  /** TSR bits that code in the guest has cleared and the hypervisor has not yet, see {@link Timers.clearDeferred}. */
  deferredClear: 0x11c,
  /** Registers, each four bytes on from that before, of which two say the last word of an entry and which entry it is. */
  joinedRegisters: 0x200,
} as const;
export type SharedField = (typeof SharedField)[keyof typeof SharedField];

/** Version of the layout: Linux's fields, and which of ours follow. */
export const SHARED_PAGE_VERSION = 5;

/** Effective address of the page in the guest kernel: -4096, within reach of a 16-bit displacement from r0. */
export const MAGIC_PAGE_EA = 0xfffff000;
export const MAGIC_PAGE_BYTES = 4096;

export interface SharedPage {
  get(field: SharedField): number;
  set(field: SharedField, value: number): void;
  /** Where the processor finds the page; absent if no guest can. */
  readonly pa?: number;
}

/** A page that only the hypervisor sees. */
export class PrivateSharedPage implements SharedPage {
  readonly #words: Uint32Array;

  constructor(words = new Uint32Array(MAGIC_PAGE_BYTES / 4)) {
    this.#words = words;
  }

  get(field: SharedField): number {
    return this.#words[field >> 2] as number;
  }

  set(field: SharedField, value: number): void {
    this.#words[field >> 2] = value;
  }
}

/** A page in the processor's memory, above the RAM that the guest owns. */
export class GuestSharedPage implements SharedPage {
  readonly #memory: PhysicalMemory;
  readonly pa: number;

  constructor(memory: PhysicalMemory, pa: number) {
    this.#memory = memory;
    this.pa = pa;
    memory.writeBytes(pa, new Uint8Array(MAGIC_PAGE_BYTES));
  }

  get(field: SharedField): number {
    return this.#memory.read32(this.pa + field);
  }

  set(field: SharedField, value: number): void {
    this.#memory.write32(this.pa + field, value >>> 0);
  }
}
