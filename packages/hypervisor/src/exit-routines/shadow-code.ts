import { constant, type I32 } from '@exitlab/core';
import { GUEST_TLB_ENTRIES } from '../guest-tlb.js';
import { HostCell } from '../host-area.js';
import { KERNEL_PID, type MappingLimits, NO_HOST_PAGE, USER_PID } from '../shadow-tlb.js';
import { MAGIC_PAGE_EA } from '../shared-page.js';
import { TlbField } from '../tlb-words.js';
import type { ItemAmounts } from './class-choice.js';
import type { ExitCode } from './exit-code.js';

const PAGE_BYTES = 4096;
const FOUR_KILOBYTES = 1 << TlbField.SIZE_SHIFT;
/** SIZE codes beyond this are reserved. */
const LARGEST_SIZE = 9;
const ZERO = constant(0);
const ONE = constant(1);

/** An entry of the guest's TLB, its words pinned. */
export interface GuestEntry {
  readonly index: I32;
  readonly word0: I32;
  readonly word1: I32;
  readonly word2: I32;
  readonly tid: I32;
}

/** The slot of an entry of the guest's TLB, or -1, and what the search took. */
export interface SearchResult {
  readonly found: I32;
  readonly items: ItemAmounts;
}

/** A mapping that can be made: where, and which slot gives way. */
export interface PlannedMapping {
  readonly entry: GuestEntry;
  readonly ea: I32;
  readonly pa: I32;
  readonly slot: I32;
  /** Whether the slot holds a mapping, and whether that is a read-only one. */
  readonly isReplacing: I32;
  readonly isReplacingReadOnly: I32;
}

/** What a walk over the references finds, each a count. */
export interface FoundReferences {
  readonly releases: I32;
  readonly readOnlyReleases: I32;
  readonly staleReferences: I32;
}

/** Guest TLB and shadow TLB in generated code: the twins of guest-tlb.ts and shadow-tlb.ts for the policy of KVM. */
export class ShadowCode {
  readonly #code: ExitCode;
  readonly #limits: MappingLimits;

  constructor(code: ExitCode, limits: MappingLimits) {
    this.#code = code;
    this.#limits = limits;
  }

  /**
   * The slot of the first guest entry that translates `ea` for `pid` in address space `space`, or -1, and how the search told the slots
   * before it from a hit. All operands are pinned.
   */
  search(ea: I32, pid: I32, space: I32): SearchResult {
    const code = this.#code;
    const { b } = code;
    const count = () => b.variable(ZERO);
    const counts = {
      slotsBelow: count(),
      slotsAbove: count(),
      slotsOtherTid: count(),
      slotsInvalid: count(),
      slotsOtherSpace: count(),
    };
    const more = (name: keyof typeof counts) => () => counts[name].set(b.add(counts[name].value, ONE));
    const index = b.variable(ZERO);
    const found = b.variable(constant(-1));
    const hit = () => {
      found.set(index.value);
      index.set(constant(GUEST_TLB_ENTRIES));
    };
    const checkSpace = () => {
      const word0 = b.let(code.item(HostCell.guestWord0, index.value));
      b.if(b.eq(b.and(word0, constant(TlbField.V)), ZERO), more('slotsInvalid'), () =>
        b.if(b.ne(b.ne(b.and(word0, constant(TlbField.TS)), ZERO), space), more('slotsOtherSpace'), hit),
      );
    };
    const checkTid = () => {
      const tid = b.let(code.item(HostCell.guestTid, index.value));
      b.if(b.and(b.ne(tid, ZERO), b.ne(tid, pid)), more('slotsOtherTid'), checkSpace);
    };
    b.while(
      () => b.ltU(index.value, constant(GUEST_TLB_ENTRIES)),
      () => {
        b.if(b.ltU(ea, code.item(HostCell.guestFirst, index.value)), more('slotsBelow'), () =>
          b.if(b.gtU(ea, code.item(HostCell.guestLast, index.value)), more('slotsAbove'), checkTid),
        );
        index.set(b.add(index.value, ONE));
      },
    );
    const items = Object.fromEntries(Object.entries(counts).map(([name, variable]) => [name, variable.value]));
    return { found: found.value, items };
  }

  entry(index: I32): GuestEntry {
    const code = this.#code;
    const word = (cell: number) => code.b.let(code.item(cell, index));
    return {
      index,
      word0: word(HostCell.guestWord0),
      word1: word(HostCell.guestWord1),
      word2: word(HostCell.guestWord2),
      tid: word(HostCell.guestTid),
    };
  }

  /** All address bits within an entry's page, pinned; declines for sizes that are reserved. */
  pageMask({ word0 }: GuestEntry): I32 {
    const { b } = this.#code;
    const size = b.let(b.and(b.shrU(word0, constant(TlbField.SIZE_SHIFT)), constant(15)));
    b.declineIf(b.gtU(size, constant(LARGEST_SIZE)));
    return b.let(b.sub(b.shl(constant(1024), b.shl(size, ONE)), ONE));
  }

  /** Whether an entry's page begins in guest RAM. */
  beginsInRam({ word1 }: GuestEntry, mask: I32): I32 {
    const { b } = this.#code;
    const isNear = b.eq(b.and(word1, constant(TlbField.ERPN)), ZERO);
    return b.and(isNear, b.ltU(b.and(b.and(word1, constant(TlbField.RPN)), b.not(mask)), constant(this.#limits.ramBytes)));
  }

  /** Plans the mapping of the page around `ea`; declines for what is no RAM, is smaller than a host page, or costs the host a page fault. */
  plan(entry: GuestEntry, mask: I32, ea: I32, isReleased: (slot: I32) => I32 = () => ZERO): PlannedMapping {
    const code = this.#code;
    const { b } = code;
    b.declineIf(b.or(b.and(entry.word1, constant(TlbField.ERPN)), b.ltU(mask, constant(PAGE_BYTES - 1))));
    const pa = b.let(b.or(b.and(b.and(entry.word1, constant(TlbField.RPN)), b.not(mask)), b.and(ea, mask)));
    const end = Math.min(this.#limits.ramBytes, this.#limits.untouchedFrom);
    b.declineIf(b.eq(b.ltU(pa, constant(end)), ZERO));
    this.#declineAtOwn(ea, pa);
    const next = b.let(b.add(code.cell(HostCell.shadowHand), ONE));
    const slot = b.let(b.select(b.ltU(next, constant(this.#limits.slots)), next, ZERO));
    const isReplacing = b.let(b.and(code.item(HostCell.shadowIsUsed, slot), b.eq(isReleased(slot), ZERO)));
    const isReadOnly = b.eq(code.item(HostCell.shadowIsWritable, slot), ZERO);
    return { entry, ea, pa, slot, isReplacing, isReplacingReadOnly: b.let(b.and(isReplacing, isReadOnly)) };
  }

  /** Pages of trampolines, and those over them or over the shared page, are mapped in a way of their own. */
  #declineAtOwn(ea: I32, pa: I32): void {
    const { b } = this.#code;
    const { hasSharedPage, trampolines } = this.#limits;
    if (hasSharedPage) b.declineIf(b.gtU(ea, constant((MAGIC_PAGE_EA - 1) | 0)));
    if (trampolines === undefined) return;
    for (const [address, first] of [
      [ea, trampolines.ea],
      [pa, trampolines.pa],
    ] as const) {
      const distance = b.sub(b.and(address, constant(-PAGE_BYTES)), constant(first & -PAGE_BYTES));
      b.declineIf(b.ltU(distance, constant(Math.max(trampolines.sizeBytes, PAGE_BYTES))));
    }
  }

  /** Leaves to the hypervisor a valid entry over what it has itself in the guest kernel's address space (guest-tlb-instructions.ts, `hiddenByOwnMapping`). */
  declineOverOwn(isValid: I32, ea: I32, mask: I32): void {
    const { b } = this.#code;
    const { hasSharedPage, trampolines } = this.#limits;
    const last = b.let(b.or(ea, mask));
    const overlaps = (firstEa: number, sizeBytes: number) =>
      b.and(b.gtU(constant((firstEa + sizeBytes) | 0), ea), b.gtU(last, constant((firstEa - 1) | 0)));
    if (trampolines !== undefined) b.declineIf(b.and(isValid, overlaps(trampolines.ea, trampolines.sizeBytes)));
    if (hasSharedPage) b.declineIf(b.and(isValid, b.gtU(last, constant((MAGIC_PAGE_EA - 1) | 0))));
  }

  /** `ShadowTlb.map`. */
  map({ entry, ea, pa, slot, isReplacing }: PlannedMapping, userMode: I32): void {
    const code = this.#code;
    const { b } = code;
    code.setCell(HostCell.shadowHand, slot);
    code.setItem(HostCell.shadowHostPage, slot, constant(NO_HOST_PAGE));
    b.if(isReplacing, () => this.#release(slot));
    const tid = b.let(b.and(entry.tid, constant(0xff)));
    code.setItem(HostCell.shadowIsUsed, slot, ONE);
    code.setItem(HostCell.shadowGuestIndex, slot, entry.index);
    code.setItem(HostCell.shadowGuestTid, slot, tid);
    code.setCell(HostCell.shadowInUse, b.add(code.cell(HostCell.shadowInUse), ONE));
    const user = b.and(entry.word2, constant(TlbField.USER_PERMISSIONS));
    const supervisor = b.shl(b.and(entry.word2, constant(TlbField.SUPERVISOR_PERMISSIONS)), constant(TlbField.USER_SHIFT));
    const kept = b.and(entry.word2, constant(TlbField.U0_TO_U3));
    const always = constant(TlbField.SUPERVISOR_PERMISSIONS | TlbField.M);
    const attributes = b.let(b.or(b.or(kept, b.select(userMode, user, supervisor)), always));
    code.setItem(HostCell.shadowIsWritable, slot, b.ne(b.and(attributes, constant(TlbField.UW)), ZERO));
    // A mapping of another process takes its slot, but the hardware does not see it.
    b.if(b.or(b.eq(tid, ZERO), b.eq(tid, code.cell(HostCell.pid))), () => {
      const hardwareTid = b.let(b.select(tid, constant(USER_PID), constant(KERNEL_PID)));
      code.setItem(HostCell.shadowHardwareTid, slot, hardwareTid);
      const word0 = b.or(b.and(ea, constant(-PAGE_BYTES)), constant(TlbField.V | TlbField.TS | FOUR_KILOBYTES));
      b.writeTlbEntry(slot, word0, b.and(pa, constant(-PAGE_BYTES)), attributes, hardwareTid);
    });
  }

  /** Counts the references for which `concerns` holds. */
  find(concerns: (slot: I32) => I32): FoundReferences {
    const code = this.#code;
    const { b } = code;
    const [releases, readOnly, stale] = [b.variable(ZERO), b.variable(ZERO), b.variable(ZERO)];
    this.#forEachSlot((slot) =>
      b.if(concerns(slot), () => {
        const isUsed = b.let(code.item(HostCell.shadowIsUsed, slot));
        releases.set(b.add(releases.value, isUsed));
        stale.set(b.add(stale.value, b.xor(isUsed, ONE)));
        readOnly.set(b.add(readOnly.value, b.and(isUsed, b.xor(code.item(HostCell.shadowIsWritable, slot), ONE))));
      }),
    );
    return { releases: releases.value, readOnlyReleases: readOnly.value, staleReferences: stale.value };
  }

  /** Releases the mappings for which `concerns` holds. */
  release(concerns: (slot: I32) => I32): void {
    const code = this.#code;
    const { b } = code;
    this.#forEachSlot((slot) => b.if(b.and(concerns(slot), code.item(HostCell.shadowIsUsed, slot)), () => this.#release(slot)));
  }

  #release(slot: I32): void {
    const code = this.#code;
    const { b } = code;
    code.setItem(HostCell.shadowIsUsed, slot, ZERO);
    code.setCell(HostCell.shadowInUse, b.sub(code.cell(HostCell.shadowInUse), ONE));
    b.writeTlbWord(slot, 0, ZERO, ZERO);
  }

  #forEachSlot(body: (slot: I32) => void): void {
    const { b } = this.#code;
    const slot = b.variable(ZERO);
    b.while(
      () => b.ltU(slot.value, constant(this.#limits.slots)),
      () => {
        body(slot.value);
        slot.set(b.add(slot.value, ONE));
      },
    );
  }
}
