import type { Processor, TlbWords } from '@exitlab/core';
import { HardwarePids } from './hardware-pids.js';
import { HostArea, HostCell } from './host-area.js';
import type { TrampolineRange } from './patched-code.js';
import type { Policy } from './policy.js';
import { createReplacement, type Replacement } from './replacement.js';
import { MAGIC_PAGE_BYTES, MAGIC_PAGE_EA } from './shared-page.js';
import { pageBytes, sizeField, TlbField } from './tlb-words.js';
import type { Work } from './work.js';

/** What the hypervisor remembers of the slots (KVM's `struct kvmppc_44x_shadow_ref`), a word a slot; the exit routine works on it, too. */
class ShadowReferences {
  readonly isUsed: Uint32Array;
  readonly guestIndex: Int32Array;
  readonly guestTid: Uint32Array;
  readonly hardwareTid: Uint32Array;
  readonly isWritable: Uint32Array;

  constructor(area: HostArea, slots: number) {
    this.isUsed = area.wordsAt(HostCell.shadowIsUsed, slots).fill(0);
    this.guestIndex = area.signedWordsAt(HostCell.shadowGuestIndex, slots).fill(-1);
    this.guestTid = area.wordsAt(HostCell.shadowGuestTid, slots).fill(0);
    this.hardwareTid = area.wordsAt(HostCell.shadowHardwareTid, slots).fill(0);
    this.isWritable = area.wordsAt(HostCell.shadowIsWritable, slots).fill(0);
  }
}

/** Where guest RAM ends and from where on it is not yet backed, as physical addresses. */
export interface ShadowTlbLimits {
  readonly ramBytes?: number;
  readonly untouchedFrom?: number;
  /** Trampolines in guest RAM, which the guest must not change. */
  readonly trampolines?: TrampolineRange | undefined;
}

/** What mappings depend on beside policy and guest: the slots in the rotation, and special places. */
export interface MappingLimits {
  readonly slots: number;
  readonly ramBytes: number;
  readonly untouchedFrom: number;
  /** The guest kernel finds the shared page at its address, or may. */
  readonly hasSharedPage: boolean;
  readonly trampolines: TrampolineRange | undefined;
}

/** Guest state that decides how a page is mapped. */
export interface MappingContext {
  /** Guest MSR[PR]. */
  readonly userMode: boolean;
  /** Guest PID. */
  readonly pid: number;
}

/** Page sizes of the 440 that a host can have, in bytes, largest first. */
const HOST_PAGE_SIZES = [9, 7, 5, 4, 3, 2, 1].map((size) => 1024 * 4 ** size);

export const NO_HOST_PAGE = -1;
/** Index for a mapping that no guest entry asked for: nothing that the guest writes to its TLB drops it. */
const NO_GUEST_ENTRY = -2;
/** New pages that Linux gathers before it puts them on its lists (include/linux/pagevec.h, PAGEVEC_SIZE). */
const HOST_PAGE_BATCH = 14;
/** What one page of the host's page table covers: 512 entries of 4 KB pages (Linux 44x, 64-bit page table entries). */
const HOST_REGION_BYTES = 2 * 1024 * 1024;
/** Word 0 of a mapping of the hypervisor's own, as far as {@link ShadowTlb.map} reads it: its size. */
const FOUR_KILOBYTES = sizeField(MAGIC_PAGE_BYTES);
/** What the guest kernel may do with the shared page, beside executing from it. */
const PAGE_PERMISSIONS = TlbField.SR | TlbField.SW;
export const KERNEL_PID = 1;
export const USER_PID = 0;
/** With permissions by privilege user mappings have a PID of their own, since TID 0 would match in the kernel too. */
const SEPARATE_USER_PID = 2;

/**
 * The hardware TLB entries that stand for the guest's: slots 0 to `shadowSlots` - 1, all in address space 1, one host page each at
 * most. What is released when, and which slot is taken next, follows arch/powerpc/kvm/44x_tlb.c of Linux 3.4.
 */
export class ShadowTlb {
  readonly #processor: Processor;
  readonly #policy: Policy;
  readonly #slots: number;
  readonly #references: ShadowReferences;
  readonly #area: HostArea;
  readonly #replacement: Replacement;
  readonly #untouchedFrom: number;
  readonly #ramBytes: number;
  readonly #touchedPages = new Set<number>();
  readonly #touchedRegions = new Set<number>();
  /** Which page of the host's user space each slot holds. */
  readonly #hostPages: Int32Array;
  readonly #hardwarePids = new HardwarePids();
  readonly #trampolines: TrampolineRange | undefined;
  readonly #trampolinesPinned: boolean;
  #magicPage: { readonly pa: number; readonly executable: boolean } | undefined;

  /** Pages of guest RAM from `untouchedFrom` on make a host page fault when they are first mapped, see {@link Work.coldPages}. */
  constructor(processor: Processor, policy: Policy, limits: ShadowTlbLimits = {}) {
    this.#processor = processor;
    this.#policy = policy;
    this.#trampolines = limits.trampolines;
    this.#trampolinesPinned = policy.trampolineMapping === 'pinned' && limits.trampolines !== undefined;
    // What is pinned takes the last slots out of the rotation, as the magic page does in e500's KVM (kvmppc_map_magic).
    const pagePinned = policy.magicPage !== 'none' && policy.magicPageMapping === 'pinned';
    this.#slots = policy.shadowSlots - Number(pagePinned) - Number(this.#trampolinesPinned);
    this.#area = new HostArea(processor.hostMemory);
    this.#references = new ShadowReferences(this.#area, this.#slots);
    this.#area.set(HostCell.shadowInUse, 0);
    this.#replacement = createReplacement(policy, this.#slots, processor, this.#area.wordsAt(HostCell.shadowHand, 1));
    this.#hostPages = this.#area.signedWordsAt(HostCell.shadowHostPage, this.#slots).fill(NO_HOST_PAGE);
    this.#untouchedFrom = limits.untouchedFrom ?? Number.POSITIVE_INFINITY;
    this.#ramBytes = limits.ramBytes ?? Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < 64; slot++) processor.writeTlb(slot, 0, 0, 0);
    if (this.#trampolinesPinned) this.#pinTrampolines(this.#slots + Number(pagePinned), limits.trampolines as TrampolineRange);
  }

  /** Slots that hold a mapping now. */
  get inUse(): number {
    return this.#area.get(HostCell.shadowInUse);
  }

  /** What mappings depend on. */
  get limits(): MappingLimits {
    return {
      slots: this.#slots,
      ramBytes: this.#ramBytes,
      untouchedFrom: this.#untouchedFrom,
      hasSharedPage: this.#policy.magicPage !== 'none',
      trampolines: this.#trampolines,
    };
  }

  /** Whether the guest can have code in the shared page. */
  get sharedPageIsExecutable(): boolean {
    return this.#magicPage?.executable === true;
  }

  /** The hardware PID under which the guest runs. */
  hardwarePid({ userMode, pid }: MappingContext): number {
    if (this.#policy.hardwarePids === 'flush') return pid;
    if (this.#policy.hardwarePids === 'each') return this.#hardwarePids.of(userMode, pid, (stale) => this.#forgetHardwarePid(stale));
    if (!userMode) return KERNEL_PID;
    return this.#policy.permissions === 'privilege' ? SEPARATE_USER_PID : USER_PID;
  }

  /** Maps the host page around `ea`, which guest entry `guestIndex` translates to `pa` in guest RAM. */
  map(ea: number, pa: number, guestEntry: Readonly<TlbWords>, guestIndex: number, context: MappingContext, work: Work): void {
    const slot = this.#replacement.nextVictim(work);
    const references = this.#references;
    work.maps++;
    this.#hostPages[slot] = NO_HOST_PAGE;
    if (references.isUsed[slot] !== 0) {
      work.mapsReplacing++;
      this.#release(slot, work);
    }
    const guestTid = guestEntry.tid & 0xff;
    references.isUsed[slot] = 1;
    references.guestIndex[slot] = guestIndex;
    references.guestTid[slot] = guestTid;
    this.#area.set(HostCell.shadowInUse, this.inUse + 1);
    if (context.userMode) work.userModeMaps++;
    const attributes = this.#attributes(guestEntry.word2, pa, context.userMode);
    references.isWritable[slot] = (attributes & TlbField.UW) === 0 ? 0 : 1;
    this.#noteTouched(pa, work);
    const bytes = this.#mappedBytes(pa, guestEntry);
    const frame = pa - (pa % bytes);
    this.#replacement.mapped?.(slot, frame, guestTid === 0);
    // KVM enters a mapping of another process too. Nothing may use it before a PID change, and that drops it; until then it could
    // only be hit wrongly. It takes its slot, but the hardware does not see it.
    if (this.#policy.hardwarePids !== 'flush' && guestTid !== 0 && guestTid !== context.pid) return;
    // Nor one over what the hypervisor itself has there for the guest kernel.
    if (!context.userMode && guestIndex !== NO_GUEST_ENTRY && this.#isOwn(ea)) return;
    const hardwareTid = this.#tid(guestTid, context);
    references.hardwareTid[slot] = hardwareTid;
    const word0 = (ea - (ea % bytes) + (TlbField.V | TlbField.TS | sizeField(bytes))) >>> 0;
    this.#processor.writeTlbEntry(slot, word0, frame >>> 0, attributes, hardwareTid);
  }

  /** Whether the guest kernel finds at `ea` the shared page, wherever that is mapped, or pinned trampolines. */
  #isOwn(ea: number): boolean {
    if (this.#magicPage !== undefined && ea >= MAGIC_PAGE_EA) return true;
    return this.#trampolinesPinned && isInside(ea, this.#trampolines as TrampolineRange);
  }

  /** How much around `pa` one shadow entry maps: never beyond the guest's page, the host's page or the end of guest RAM. */
  #mappedBytes(pa: number, guestEntry: Readonly<TlbWords>): number {
    const most = Math.min(pageBytes(guestEntry), this.#policy.hostPageBytes);
    for (const bytes of HOST_PAGE_SIZES) {
      if (bytes <= most && pa - (pa % bytes) + bytes <= this.#ramBytes && !this.#reachesTrampolines(pa, bytes)) return bytes;
    }
    return most;
  }

  /** Whether the page of `bytes` bytes around `pa` holds trampolines and other memory: both are sizes of pages, so it is the larger. */
  #reachesTrampolines(pa: number, bytes: number): boolean {
    const range = this.#trampolines;
    return range !== undefined && bytes > range.sizeBytes && range.pa - (range.pa % bytes) === pa - (pa % bytes);
  }

  /** Maps the page of trampolines around `ea` for a guest kernel that maps its code piece by piece, and does not know of them. */
  mapTrampolines(ea: number, pa: number, context: MappingContext, work: Work): void {
    this.map(ea, pa, { word0: FOUR_KILOBYTES, word1: 0, word2: TlbField.SX | TlbField.SR, tid: 0 }, NO_GUEST_ENTRY, context, work);
  }

  /** Drops what was mapped for one guest entry. */
  releaseGuestEntry(guestIndex: number, work: Work): void {
    work.releaseScans++;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#references.guestIndex[slot] !== guestIndex) continue;
      if (this.#references.isUsed[slot] !== 0) {
        work.releases++;
        this.#release(slot, work);
      } else {
        work.staleReferences++;
      }
    }
  }

  /** Drops the mappings of a process (guest TID other than 0), as a change of the guest's PID asks for. */
  releaseProcess(work: Work): void {
    work.releaseScans++;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#references.guestTid[slot] === 0 || this.#references.isUsed[slot] === 0) continue;
      work.releases++;
      this.#release(slot, work);
    }
  }

  /** Drops everything, as hypervisors with a single hardware PID do when the guest changes between kernel and user. */
  releaseAll(work: Work): void {
    work.releaseScans++;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#references.isUsed[slot] === 0) continue;
      work.releases++;
      this.#release(slot, work);
    }
  }

  /**
   * The host's own user space runs: it needs `pages` pages of its own, and those no longer in the TLB take slots of the same rotation.
   * At the return the guest's mappings are put back over them (kvmppc_44x_tlb_put, kvmppc_44x_tlb_load), so the guest loses none; only
   * the rotation has moved on.
   */
  runHostProcess(pages: number): void {
    for (let page = 0; page < pages; page++) {
      if (this.#hostPages.includes(page)) continue;
      this.#hostPages[this.#replacement.nextVictim()] = page;
    }
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#references.isUsed[slot] !== 0) this.#hostPages[slot] = NO_HOST_PAGE;
    }
  }

  /** Maps the shared page at `pa` for the guest kernel, which may execute from it only if it asks for that. */
  mapMagicPage(pa: number, executable = false): void {
    this.#magicPage = { pa, executable };
    if (this.#policy.magicPageMapping === 'slot') return;
    const permissions = PAGE_PERMISSIONS | (executable ? TlbField.SX : 0);
    this.#pin(this.#slots, MAGIC_PAGE_EA, pa, MAGIC_PAGE_BYTES, permissions);
  }

  /**
   * Where the shared page takes a slot like any other: maps it, if it is that which the guest has missed at `ea`. e500's KVM, too, looks
   * for it before it searches the guest's TLB (kvmppc_handle_exit, Linux 3.6).
   */
  mapMissedMagicPage(ea: number, context: MappingContext, work: Work): boolean {
    if (this.#magicPage === undefined || this.#policy.magicPageMapping !== 'slot' || context.userMode || ea < MAGIC_PAGE_EA) return false;
    const { pa, executable } = this.#magicPage;
    const word2 = PAGE_PERMISSIONS | (executable ? TlbField.SX : 0);
    this.map(ea, pa + (ea - MAGIC_PAGE_EA), { word0: FOUR_KILOBYTES, word1: 0, word2, tid: 0 }, NO_GUEST_ENTRY, context, work);
    return true;
  }

  /** The guest kernel may execute its trampolines, and read them as it may read all its memory. */
  #pinTrampolines(slot: number, { ea, pa, sizeBytes }: TrampolineRange): void {
    this.#pin(slot, ea, pa, sizeBytes, TlbField.SR | TlbField.SX);
  }

  /** Writes a hardware entry that nothing replaces, with the permissions of the guest kernel. */
  #pin(slot: number, ea: number, pa: number, bytes: number, supervisorPermissions: number): void {
    const user = supervisorPermissions << TlbField.USER_SHIFT;
    const word0 = (ea | TlbField.V | TlbField.TS | sizeField(bytes)) >>> 0;
    this.#processor.writeTlbEntry(slot, word0, pa, TlbField.M | user | supervisorPermissions, KERNEL_PID);
  }

  /** A hardware PID passes to another use: what it served before must not be seen by that. */
  #forgetHardwarePid(hardwarePid: number): void {
    const { isUsed, hardwareTid } = this.#references;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (isUsed[slot] !== 0 && hardwareTid[slot] === hardwarePid) this.#processor.writeTlb(slot, 0, 0, 0);
    }
  }

  #release(slot: number, work: Work): void {
    if (this.#references.isWritable[slot] === 0) work.readOnlyReleases++;
    this.#references.isUsed[slot] = 0;
    this.#area.set(HostCell.shadowInUse, this.inUse - 1);
    this.#replacement.released?.(slot);
    this.#processor.writeTlb(slot, 0, 0, 0);
  }

  #tid(guestTid: number, context: MappingContext): number {
    if (this.#policy.hardwarePids === 'flush') return guestTid;
    if (this.#policy.hardwarePids === 'each') return this.hardwarePid(context);
    if (this.#policy.permissions === 'privilege') return this.hardwarePid(context);
    return guestTid === 0 ? KERNEL_PID : USER_PID;
  }

  /** Word 2 of a shadow entry: the permissions of the guest's present mode, in the user bits; storage attributes are the host's. */
  #attributes(guestWord2: number, pa: number, userMode: boolean): number {
    const asGuest = userMode
      ? guestWord2 & TlbField.USER_PERMISSIONS
      : (guestWord2 & TlbField.SUPERVISOR_PERMISSIONS) << TlbField.USER_SHIFT;
    // What a guest that knows nothing of its trampolines stores there must be seen.
    const range = this.#trampolines;
    const user = range !== undefined && pa >= range.pa && pa < range.pa + range.sizeBytes ? asGuest & ~TlbField.UW : asGuest;
    return (guestWord2 & TlbField.U0_TO_U3) | user | TlbField.SUPERVISOR_PERMISSIONS | TlbField.M;
  }

  #noteTouched(pa: number, work: Work): void {
    if (pa < this.#untouchedFrom) return;
    const page = Math.floor(pa / this.#policy.hostPageBytes);
    if (this.#touchedPages.has(page)) return;
    this.#touchedPages.add(page);
    work.coldPages++;
    if (this.#touchedPages.size % HOST_PAGE_BATCH === 0) work.coldBatches++;
    const region = Math.floor(pa / HOST_REGION_BYTES);
    if (this.#touchedRegions.has(region)) return;
    this.#touchedRegions.add(region);
    if (pa - this.#untouchedFrom >= HOST_REGION_BYTES) work.coldRegions++;
  }
}

const isInside = (ea: number, range: TrampolineRange): boolean => ea >= range.ea && ea < range.ea + range.sizeBytes;
