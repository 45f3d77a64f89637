import { GUEST_TLB_ENTRIES } from '../guest-tlb.js';
import { Mmucr } from '../registers.js';
import type { MappingContext } from '../shadow-tlb.js';
import { MAGIC_PAGE_EA, SharedField } from '../shared-page.js';
import { addressSpace, effectiveBase, isValid, pageBytes, physicalAddress, physicalBase } from '../tlb-words.js';
import type { Vcpu } from '../vcpu.js';
import { fieldRa, fieldRb, fieldRc, fieldRt } from './instruction-word.js';
import { searchPid, searchSpace } from './sprs.js';

const CR0 = 0xf0000000;
const CR0_EQ = 0x20000000;
const CR0_SO = 0x10000000;
const XER_SO = 0x80000000;

/** Whether `pa` is guest RAM. The shared page lies above it and is never the guest's to map. */
export function isGuestRam(vcpu: Vcpu, pa: number): boolean {
  return pa < vcpu.ramBytes;
}

/** Whether KVM maps the entry at once (tlbe_is_host_safe): valid, of the guest's present address space, and RAM. */
function isHostSafe(vcpu: Vcpu, index: number): boolean {
  const entry = vcpu.guestTlb.entry(index);
  return isValid(entry) && addressSpace(entry) === vcpu.instructionSpace && isGuestRam(vcpu, physicalBase(entry));
}

/** Writes one word of a guest entry and keeps the shadow true: what was mapped for it goes, what it now maps may come at once. */
export function writeGuestTlb(vcpu: Vcpu, index: number, word: 0 | 1 | 2, value: number): void {
  if (isValid(vcpu.guestTlb.entry(index))) vcpu.shadowTlb.releaseGuestEntry(index, vcpu.work);
  vcpu.guestTlb.write(index, word, value, searchPid(vcpu.mmucr));
  if (word === 0 && vcpu.policy.guestTlbSearch === 'hashed') vcpu.work.hashUpdates++;
  mapEagerly(vcpu, index);
}

function mapEagerly(vcpu: Vcpu, index: number): void {
  if (vcpu.policy.mapping !== 'eager' || !isHostSafe(vcpu, index)) return;
  const entry = vcpu.guestTlb.entry(index);
  const ea = effectiveBase(entry);
  vcpu.work.eagerMaps++;
  vcpu.shadowTlb.map(ea, physicalAddress(entry, ea), entry, index, eagerContext(vcpu, entry.tid), vcpu.work);
}

/** For whom a page is mapped at once: for the present mode, as KVM does; where each mode has a PID of its own, for the process. */
function eagerContext(vcpu: Vcpu, tid: number): MappingContext {
  return vcpu.policy.hardwarePids === 'each' && tid !== 0 ? { userMode: true, pid: tid } : vcpu;
}

/** A reserved bit of `tlbwe` and `rfi`, which the patcher sets where words before wait in the shared page. */
export const JOINED_MARK = 1;
const JOINED_FIELDS = [SharedField.joinedWord0, SharedField.joinedWord1, SharedField.joinedWord2] as const;

/** Whether an instruction of a patched guest writes an entry whole. */
export function isJoined(vcpu: Vcpu, word: number): boolean {
  return (word & JOINED_MARK) !== 0 && vcpu.patchedCode !== undefined;
}

/** Register `number` as it was at the last of joined `tlbwe`, where the return behind them writes the entry. */
const joinedRegister = (vcpu: Vcpu, number: number): number => vcpu.shared.get((SharedField.joinedRegisters + 4 * number) as SharedField);

/** The entry that a return writes, and writes it: the return has the operands of the last `tlbwe`. */
export function writeEntryOfReturn(vcpu: Vcpu, word: number): void {
  vcpu.work.returnsWithEntry = true;
  writeJoinedEntry(vcpu, entryOfReturn(vcpu, word), fieldRb(word), joinedRegister(vcpu, fieldRt(word)));
}

/** The entry that a joined return names. */
export function entryOfReturn(vcpu: Vcpu, word: number): number {
  return joinedRegister(vcpu, fieldRa(word)) % GUEST_TLB_ENTRIES;
}

/** Writes an entry whole: what was mapped for it goes once, and what it now maps comes once. */
function writeJoinedEntry(vcpu: Vcpu, index: number, lastWord: number, lastValue: number): void {
  const { guestTlb, shared } = vcpu;
  if (isValid(guestTlb.entry(index))) vcpu.shadowTlb.releaseGuestEntry(index, vcpu.work);
  for (const word of [1, 2, 0] as const) {
    guestTlb.write(index, word, word === lastWord ? lastValue : shared.get(JOINED_FIELDS[word]), searchPid(vcpu.mmucr));
  }
  if (vcpu.policy.guestTlbSearch === 'hashed') vcpu.work.hashUpdates++;
  mapEagerly(vcpu, index);
}

/** `tlbwe`; false if the word number is reserved. */
export function emulateTlbwe(vcpu: Vcpu, word: number): boolean {
  const ws = fieldRb(word);
  if (ws > 2) return false;
  vcpu.work.tlbWord = ws;
  const index = writtenEntry(vcpu, word);
  if (isJoined(vcpu, word)) {
    writeJoinedEntry(vcpu, index, ws, vcpu.processor.gpr(fieldRt(word)));
    return true;
  }
  // Where sites are patched at their first trap, the first of three traps and its fellows do not.
  if (vcpu.patchedCode !== undefined) vcpu.shared.set(JOINED_FIELDS[ws as 0 | 1 | 2], vcpu.processor.gpr(fieldRt(word)));
  writeGuestTlb(vcpu, index, ws as 0 | 1 | 2, vcpu.processor.gpr(fieldRt(word)));
  return true;
}

/** The entry that a `tlbwe` names. */
export function writtenEntry(vcpu: Vcpu, word: number): number {
  return vcpu.processor.gpr(fieldRa(word)) % GUEST_TLB_ENTRIES;
}

/**
 * What of the hypervisor's own in the guest kernel's address space the entry maps something else to, if to anything: the shared page or the
 * trampolines. Then a guest that was patched from outside would see other memory than it asked for, or find two entries for one address.
 */
export function hiddenByOwnMapping(vcpu: Vcpu, index: number): string | undefined {
  const entry = vcpu.guestTlb.entry(index);
  if (!isValid(entry)) return undefined;
  const first = effectiveBase(entry);
  const last = first + pageBytes(entry) - 1;
  if (first <= MAGIC_PAGE_EA && last >= MAGIC_PAGE_EA) return 'the shared page';
  const area = vcpu.patchedCode?.area;
  if (area === undefined) return undefined;
  const inside = Math.max(first, area.ea);
  if (inside > last || inside >= area.ea + area.sizeBytes) return undefined;
  return physicalAddress(entry, inside) === area.pa + (inside - area.ea) ? undefined : 'its trampolines';
}

/** `tlbre`; word 0 gives the TID to MMUCR[STID]. False if the word number is reserved. */
export function emulateTlbre(vcpu: Vcpu, word: number): boolean {
  const entry = vcpu.guestTlb.entry(vcpu.processor.gpr(fieldRa(word)) % GUEST_TLB_ENTRIES);
  switch (fieldRb(word)) {
    case 0:
      vcpu.mmucr = ((vcpu.mmucr & ~Mmucr.STID) | (entry.tid & Mmucr.STID)) >>> 0;
      vcpu.processor.setGpr(fieldRt(word), entry.word0);
      return true;
    case 1:
      vcpu.processor.setGpr(fieldRt(word), entry.word1);
      return true;
    case 2:
      vcpu.processor.setGpr(fieldRt(word), entry.word2);
      return true;
    default:
      return false;
  }
}

/** `tlbsx[.]`; a miss gives -1, as KVM's does (the manual leaves the register undefined). */
export function emulateTlbsx(vcpu: Vcpu, word: number): void {
  const processor = vcpu.processor;
  const ra = fieldRa(word);
  const ea = ((ra === 0 ? 0 : processor.gpr(ra)) + processor.gpr(fieldRb(word))) >>> 0;
  const index = vcpu.guestTlb.search(ea, searchPid(vcpu.mmucr), searchSpace(vcpu.mmucr), vcpu.work);
  processor.setGpr(fieldRt(word), index >>> 0);
  if (!fieldRc(word)) return;
  const summaryOverflow = (processor.xer & XER_SO) === 0 ? 0 : CR0_SO;
  processor.cr = ((processor.cr & ~CR0) | (index < 0 ? 0 : CR0_EQ) | summaryOverflow) >>> 0;
}
