import type { DeviceBus } from '../hardware.js';
import { decode } from '../isa/instruction-set.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { Access, CCR0_FLSTA, Touch } from '../mmu/access.js';
import type { SoftTlb } from '../mmu/soft-tlb.js';
import { pageSizeBytes, permits, TlbWord2 } from '../mmu/tlb-words.js';
import type { TranslationLookasideBuffer } from '../mmu/translation-lookaside-buffer.js';
import type { ProcessorState } from './processor-state.js';
import type { Ram } from './ram.js';
import { RAM_BASE, SoftTlbTable, State } from './state-layout.js';

const CACHE_LINE_BYTES = 32;
const SMALLEST_PAGE_BYTES = 1024;
const CCR0 = sprn('CCR0');
const MMUCR = sprn('MMUCR');
const MMUCR_DULXE = 0x00080000;
const MMUCR_IULXE = 0x00040000;

/** Sees data accesses before they are done, and may put a Debug interrupt in their place. */
export interface DataWatcher {
  dataAccess(ea: number, kind: 'load' | 'store', sizeBytes: number, value: number | undefined): boolean;
}

/** A translated address: where it is, and the TLB entry that says so. */
interface Translation {
  pa: number;
  entry: number;
}

/**
 * The slow side of every memory access: what the software TLB's tables have no entry for. Here are the misses, permissions, devices,
 * accesses that cross a page, little-endian pages and pages smaller than the tables know.
 */
export class MemoryAccess {
  readonly #state: ProcessorState;
  readonly #tlb: TranslationLookasideBuffer;
  readonly #softTlb: SoftTlb;
  readonly #ram: Ram;
  readonly #devices: DeviceBus;
  /** While there is one, nothing enters the tables, so that every data access comes through here. */
  #watcher: DataWatcher | undefined;

  constructor(state: ProcessorState, tlb: TranslationLookasideBuffer, softTlb: SoftTlb, ram: Ram, devices: DeviceBus) {
    this.#state = state;
    this.#tlb = tlb;
    this.#softTlb = softTlb;
    this.#ram = ram;
    this.#devices = devices;
    this.selectContexts();
  }

  /** Points generated code at the tables of the present MSR and PID. */
  selectContexts(): void {
    const { msr, pid, isUser } = this.#state;
    const dataSpace = msr & Msr.DS ? 1 : 0;
    const fetchSpace = msr & Msr.IS ? 1 : 0;
    const data = this.#softTlb.select(isUser, dataSpace, pid);
    const fetch = fetchSpace === dataSpace ? data : this.#softTlb.select(isUser, fetchSpace, pid);
    this.#state.set(State.readTable, data);
    this.#state.set(State.writeTable, data + SoftTlbTable.write);
    this.#state.set(State.executeTable, fetch + SoftTlbTable.execute);
  }

  /** Whether generated code uses the tables of the present MSR and PID already. */
  get contextsAreCurrent(): boolean {
    const { msr, pid, isUser } = this.#state;
    return (
      this.#softTlb.isFor(this.#dataContext, isUser, msr & Msr.DS ? 1 : 0, pid) &&
      this.#softTlb.isFor(this.#fetchContext, isUser, msr & Msr.IS ? 1 : 0, pid)
    );
  }

  get #dataContext(): number {
    return this.#state.get(State.readTable);
  }
  get #fetchContext(): number {
    return this.#state.get(State.executeTable) - SoftTlbTable.execute;
  }

  /** Shows every data access from now on to a watcher, or with undefined to none. */
  watch(watcher: DataWatcher | undefined): void {
    if (watcher && !this.#watcher) this.#softTlb.dropAll();
    this.#watcher = watcher;
    this.#state.set(State.dataWatched, watcher ? 1 : 0);
  }

  /** Translates an access of the running instruction; undefined after raising the interrupt that it deserves. */
  #translate(ea: number, access: Access): Translation | undefined {
    const { msr, pid, isUser } = this.#state;
    const isFetch = access === Access.execute;
    const space = msr & (isFetch ? Msr.IS : Msr.DS) ? 1 : 0;
    const entry = this.#tlb.search(ea, space, pid);
    if (entry < 0) {
      if (isFetch) this.#state.raise(Vector.instructionTlbError);
      else this.#state.raise(Vector.dataTlbError, this.#dataSyndrome(access), ea);
      return undefined;
    }
    if (!permits(this.#tlb.word(entry, 2), access, isUser)) {
      if (isFetch) this.#state.raise(Vector.instructionStorage);
      else this.#state.raise(Vector.dataStorage, this.#dataSyndrome(access), ea);
      return undefined;
    }
    this.#enter(isFetch ? this.#fetchContext : this.#dataContext, ea, entry);
    return { pa: this.#tlb.physicalAddress(entry, ea), entry };
  }

  /** ESR for a data access: stores and their like set ST, floating-point accesses FP. */
  #dataSyndrome(access: Access): number {
    const word = this.wordInTables(this.#state.pc) ?? this.wordAt(this.#state.pc);
    const isFloat = word !== undefined && decode(word)?.row.float === true;
    return (access === Access.write ? Esr.ST : 0) | (isFloat ? Esr.FP : 0);
  }

  /** Size of the TLB entry's page that maps an address for instruction fetches; 0 where none does. */
  codePageSizeBytes(ea: number): number {
    const entry = this.#tlb.search(ea, this.#state.msr & Msr.IS ? 1 : 0, this.#state.pid);
    return entry < 0 ? 0 : pageSizeBytes(this.#tlb.word(entry, 0));
  }

  /** The instruction word at an address that has just been fetched; undefined where it cannot be read. */
  wordAt(pc: number): number | undefined {
    const entry = this.#tlb.search(pc, this.#state.msr & Msr.IS ? 1 : 0, this.#state.pid);
    if (entry < 0) return undefined;
    const pa = this.#tlb.physicalAddress(entry, pc);
    if (pa + 4 > this.#ram.sizeBytes) return undefined;
    const word = this.#ram.read32(pa);
    return this.#isLittleEndian({ entry, pa }) ? reverseBytes(word, 4) : word;
  }

  /** The instruction word at an address, if it can be fetched and executed in the present state. */
  fetchable(pc: number): number | undefined {
    const entry = this.#tlb.search(pc, this.#state.msr & Msr.IS ? 1 : 0, this.#state.pid);
    return entry >= 0 && permits(this.#tlb.word(entry, 2), Access.execute, this.#state.isUser) ? this.wordAt(pc) : undefined;
  }

  /** The word at an address, if the tables of the last execution can tell. */
  wordInTables(ea: number): number | undefined {
    return this.#softTlb.instructionAt(this.#state.get(State.executeTable), ea);
  }

  #enter(context: number, ea: number, entry: number): void {
    this.#tlb.noteReference(entry);
    if (!this.#watcher) this.#softTlb.enter(context, ea, entry);
  }

  load(ea: number, sizeBytes: number): number {
    const found = this.#translateOperand(ea >>> 0, sizeBytes, Access.read);
    if (!found) return 0;
    const inMemory = this.#readPlaces(found, sizeBytes);
    if (this.#givesWay(ea >>> 0, 'load', sizeBytes, inMemory)) return 0;
    return this.#isLittleEndian(found[0]!) ? reverseBytes(inMemory, sizeBytes) : inMemory;
  }

  store(ea: number, sizeBytes: number, value: number): void {
    const found = this.#translateOperand(ea >>> 0, sizeBytes, Access.write);
    if (!found) return;
    const inMemory = this.#isLittleEndian(found[0]!) ? reverseBytes(value, sizeBytes) : value;
    if (this.#givesWay(ea >>> 0, 'store', sizeBytes, inMemory)) return;
    this.#writePlaces(found, sizeBytes, inMemory);
  }

  /**
   * Translates an operand: the place of its first byte, and where it crosses into another page also that page's. Both come before
   * anything is moved, so that a store that faults has stored nothing. The byte order of the first page is that of the whole operand.
   */
  #translateOperand(ea: number, sizeBytes: number, access: Access): Translation[] | undefined {
    const first = this.#translate(ea, access);
    if (!first) return undefined;
    const found = [first];
    if (crosses(ea, sizeBytes)) {
      const second = this.#translate(((ea & -SMALLEST_PAGE_BYTES) + SMALLEST_PAGE_BYTES) >>> 0, access);
      if (!second) return undefined;
      if (second.entry !== first.entry) found.push(second);
    }
    // String instructions move bytes, so they never come here unaligned (PPC440x5 UM, section 6.5.6).
    if (ea % sizeBytes !== 0 && this.#mustBeAligned) {
      this.#state.raise(Vector.alignment, this.#dataSyndrome(access), ea);
      return undefined;
    }
    return found;
  }

  /** CCR0[FLSTA] forces alignment interrupts. */
  get #mustBeAligned(): boolean {
    return (this.#state.spr(CCR0) & CCR0_FLSTA) !== 0;
  }

  #readPlaces([first, second]: Translation[], sizeBytes: number): number {
    if (!second) return this.#readPhysical(first!.pa, sizeBytes);
    const inFirst = SMALLEST_PAGE_BYTES - (first!.pa % SMALLEST_PAGE_BYTES);
    let value = 0;
    for (let i = 0; i < sizeBytes; i++) value = (value << 8) | this.#readPhysical(i < inFirst ? first!.pa + i : second.pa + i - inFirst, 1);
    return value;
  }

  #writePlaces([first, second]: Translation[], sizeBytes: number, value: number): void {
    if (!second) {
      this.#writePhysical(first!.pa, sizeBytes, value);
      return;
    }
    const inFirst = SMALLEST_PAGE_BYTES - (first!.pa % SMALLEST_PAGE_BYTES);
    for (let i = 0; i < sizeBytes; i++) {
      const byte = (value >>> (8 * (sizeBytes - 1 - i))) & 0xff;
      this.#writePhysical(i < inFirst ? first!.pa + i : second.pa + i - inFirst, 1, byte);
    }
  }

  /** Shows a data access to the debug facility; true where the instruction gives way to a Debug interrupt. */
  #givesWay(ea: number, kind: 'load' | 'store', sizeBytes: number, value?: number): boolean {
    if (!this.#watcher?.dataAccess(ea, kind, sizeBytes, value)) return false;
    this.#state.raise(Vector.debug);
    return true;
  }

  /** The byte address of an instruction's word in the processor's memory; 0 after raising an interrupt. */
  fetch(pc: number): number {
    const address = pc >>> 0;
    const found = this.#translate(address, Access.execute);
    if (!found) return 0;
    if (found.pa + 4 <= this.#ram.sizeBytes && !this.#isLittleEndian(found)) return RAM_BASE + found.pa;
    const word = this.#readPhysical(found.pa, 4);
    this.#state.set(State.fetchedInstruction, this.#isLittleEndian(found) ? reverseBytes(word, 4) : word);
    return State.fetchedInstruction;
  }

  /** A check that moves nothing: a cache operation's permission, or with `Touch.mapped` only that there is a translation. */
  touch(ea: number, access: Touch): void {
    const address = ea >>> 0;
    if (access === Touch.mapped) {
      const { msr, pid } = this.#state;
      if (this.#tlb.search(address, msr & Msr.DS ? 1 : 0, pid) < 0) {
        this.#state.raise(Vector.dataTlbError, this.#dataSyndrome(Access.write), address);
      } else if (this.#mustBeAligned && address % 4 !== 0) {
        this.#state.raise(Vector.alignment, this.#dataSyndrome(Access.write), address);
      }
      return;
    }
    const locks = this.#cacheLockSyndrome();
    if (locks !== 0) this.#state.raise(Vector.dataStorage, locks, address);
    else if (this.#translate(address, access) && this.#watcher) this.#givesWay(address, this.#debugKind(access), 1);
  }

  /** What a cache operation is to the debug facility: dcbf and dcbst may write memory, so they are stores (PPC440x5 UM, section 8.3.2.4). */
  #debugKind(access: Access): 'load' | 'store' {
    return access === Access.write || decode(this.wordAt(this.#state.pc) ?? 0)?.mnemonic !== 'icbi' ? 'store' : 'load';
  }

  /** MMUCR can forbid users the operations that unlock cache lines (PPC440x5 UM, MMUCR[DULXE], [IULXE]). */
  #cacheLockSyndrome(): number {
    const enabled = this.#state.spr(MMUCR) & (MMUCR_DULXE | MMUCR_IULXE);
    if (enabled === 0 || !this.#state.isUser) return 0;
    const mnemonic = decode(this.wordAt(this.#state.pc) ?? 0)?.mnemonic;
    if (mnemonic === 'dcbf' && enabled & MMUCR_DULXE) return Esr.DLK1;
    if (mnemonic === 'icbi' && enabled & MMUCR_IULXE) return Esr.DLK0;
    return 0;
  }

  zeroLine(ea: number): void {
    const line = (ea & -CACHE_LINE_BYTES) >>> 0;
    const found = this.#translate(ea >>> 0, Access.write);
    if (!found) return;
    if (this.#tlb.word(found.entry, 2) & (TlbWord2.W | TlbWord2.I)) {
      this.#state.raise(Vector.alignment, Esr.ST, ea >>> 0);
      return;
    }
    if (this.#givesWay(ea >>> 0, 'store', CACHE_LINE_BYTES)) return;
    const pa = this.#tlb.physicalAddress(found.entry, line);
    for (let i = 0; i < CACHE_LINE_BYTES; i += 4) this.#writePhysical(pa + i, 4, 0);
  }

  #isLittleEndian({ entry }: Translation): boolean {
    return (this.#tlb.word(entry, 2) & TlbWord2.E) !== 0;
  }

  #readPhysical(pa: number, sizeBytes: number): number {
    if (pa + sizeBytes <= this.#ram.sizeBytes) {
      if (sizeBytes === 1) return this.#ram.read8(pa);
      return sizeBytes === 2 ? this.#ram.read16(pa) : this.#ram.read32(pa);
    }
    if (pa % sizeBytes === 0) return this.#devices.read(pa, sizeBytes as 1 | 2 | 4);
    let value = 0;
    for (let i = 0; i < sizeBytes; i++) value = (value << 8) | this.#readPhysical(pa + i, 1);
    return value;
  }

  #writePhysical(pa: number, sizeBytes: number, value: number): void {
    if (pa + sizeBytes <= this.#ram.sizeBytes) {
      if (sizeBytes === 1) this.#ram.write8(pa, value);
      else if (sizeBytes === 2) this.#ram.write16(pa, value);
      else this.#ram.write32(pa, value);
      return;
    }
    if (pa % sizeBytes === 0) {
      const mask = sizeBytes === 4 ? 0xffffffff : 2 ** (8 * sizeBytes) - 1;
      this.#devices.write(pa, sizeBytes as 1 | 2 | 4, (value & mask) >>> 0);
      return;
    }
    for (let i = 0; i < sizeBytes; i++) this.#writePhysical(pa + i, 1, (value >>> (8 * (sizeBytes - 1 - i))) & 0xff);
  }
}

/** Whether an access may touch two pages. */
function crosses(ea: number, sizeBytes: number): boolean {
  return (ea & (SMALLEST_PAGE_BYTES - 1)) + sizeBytes > SMALLEST_PAGE_BYTES;
}

function reverseBytes(value: number, sizeBytes: number): number {
  let reversed = 0;
  for (let i = 0; i < sizeBytes; i++) reversed = (reversed << 8) | ((value >>> (8 * i)) & 0xff);
  return reversed >>> 0;
}
