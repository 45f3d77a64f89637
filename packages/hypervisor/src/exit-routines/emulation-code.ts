import { addDouble, constant, double, doubleOfWord, type I32 } from '@exitlab/core';
import { LAST_OF_ENTRY } from '../emulation/fixed-work.js';
import {
  EMULATION_HASH,
  EMULATION_PAIR_BYTES,
  EMULATION_PROBES,
  EmulationKind,
  EmulationSlot,
  SearchSlot,
} from '../emulation/inline-emulation.js';
import type { ExitClass } from '../exit-classes.js';
import { EMULATION_SLOT_BYTES, EMULATION_SLOTS, HostCell } from '../host-area.js';
import { Esr, Mmucr, Msr } from '../registers.js';
import type { MappingLimits } from '../shadow-tlb.js';
import { SharedField } from '../shared-page.js';
import { TlbField } from '../tlb-words.js';
import { ClassChoice, type ItemAmounts } from './class-choice.js';
import { ExitCode, type ExitRoutineOptions, type TakenExit } from './exit-code.js';
import { type GuestEntry, ShadowCode } from './shadow-code.js';

/** What writing the guest's TLB and PID takes; absent where only instructions of fixed work are emulated. */
export interface TranslationEmulation {
  readonly limits: MappingLimits;
  readonly mapsEagerly: boolean;
  readonly tlbwe: readonly [word0: ExitClass, word1: ExitClass, word2: ExitClass];
  readonly returnWithEntry: ExitClass;
  readonly samePid: ExitClass;
  readonly otherPid: ExitClass;
  readonly tlbsx: ExitClass;
}

export interface EmulationRoutineOptions extends ExitRoutineOptions {
  readonly translation?: TranslationEmulation;
  readonly hasPatchedCode: boolean;
}

/** A write of words of a guest entry, and the exit that it is. */
interface EntryChange {
  readonly before: GuestEntry;
  readonly after: GuestEntry;
  readonly words: readonly (0 | 1 | 2)[];
  readonly exitClass: ExitClass;
  readonly isReturn: boolean;
}

const ZERO = constant(0);
const ONE = constant(1);
const GUEST_INDEX_MASK = constant(63);
/** Where a CR field has EQ; SO is its lowest bit. */
const CR_EQUAL_SHIFT = 1;

/**
 * Program interrupts: privileged instructions of the guest kernel, as the table of emulations says (emulation/inline-emulation.ts).
 */
export class EmulationCode extends ExitCode<EmulationRoutineOptions> {
  write(): void {
    const { b } = this;
    const msr = this.begin();
    b.declineIf(b.and(b.syndrome(), constant(Esr.PTR | Esr.FP)));
    b.declineIf(b.and(msr, constant(Msr.PR)));
    const slot = this.#findSlot(b.interruptedInstruction());
    const kind = b.let(b.word32(slot, EmulationSlot.kind));
    const { translation } = this.options;
    if (translation !== undefined) {
      b.if(b.gtU(kind, constant(EmulationKind.returnFromInterrupt)), () => {
        this.declineNearEndlessFault();
        const is = (each: EmulationKind) => b.eq(kind, constant(each));
        b.if(is(EmulationKind.writeTlb), () => this.#writeTlb(slot, msr, translation));
        if (this.options.hasPatchedCode) {
          b.if(is(EmulationKind.writeEntry), () => this.#writeJoined(slot, msr, translation, false));
          b.if(is(EmulationKind.returnWithEntry), () => this.#writeJoined(slot, msr, translation, true));
        }
        b.if(is(EmulationKind.searchTlb), () => this.#searchTlb(slot, translation));
        this.#writePid(slot, translation);
      });
    } else b.declineIf(b.gtU(kind, constant(EmulationKind.returnFromInterrupt)));
    this.#carryOutFixed(slot, kind, msr);
  }

  /** The address of the word's slot of the emulation table; declines where it has none. */
  #findSlot(word: I32): I32 {
    const { b } = this;
    const table = this.address(HostCell.emulations);
    const hash = b.shrU(b.mul(word, constant(EMULATION_HASH.multiplier)), constant(EMULATION_HASH.shift));
    const home = b.let(b.shl(b.and(hash, constant(EMULATION_SLOTS - 1)), constant(Math.log2(EMULATION_SLOT_BYTES))));
    const slot = b.variable(b.add(home, constant(table)));
    const isOther = (): I32 => b.ne(b.word32(slot.value, EmulationSlot.word), word);
    const look = ([probe, ...others]: readonly number[]): void => {
      if (probe === undefined) b.declineIf(isOther());
      else {
        b.if(isOther(), () => {
          slot.set(b.add(b.xor(home, constant(probe * EMULATION_SLOT_BYTES)), constant(table)));
          look(others);
        });
      }
    };
    look(EMULATION_PROBES.slice(1));
    return slot.value;
  }

  /** Leaves to the hypervisor an MSR that does more than say how the guest goes on. */
  #declineUnlessPlain(nextMsr: I32): void {
    const { b } = this;
    b.declineIf(b.and(nextMsr, constant(Msr.WE)));
    // A floating-point exception that waits would be taken at once.
    b.declineIf(b.and(b.xor(this.hardwareMsr(nextMsr), b.hardwareMsr()), constant(Msr.FE0 | Msr.FE1)));
  }

  #registerOf(slot: I32): I32 {
    return this.b.gprAt(this.b.word32(slot, EmulationSlot.register));
  }

  // --- instructions of fixed work -------------------------------------------------------------------------------------------
  #carryOutFixed(slot: I32, kind: I32, msr: I32): void {
    const { b } = this;
    const isReturn = b.let(b.eq(kind, constant(EmulationKind.returnFromInterrupt)));
    const isMsrWrite = b.let(b.eq(kind, constant(EmulationKind.writeMsr)));
    const nextMsr = b.let(b.select(isReturn, this.shared(SharedField.srr1), this.#registerOf(slot)));
    b.if(b.or(isReturn, isMsrWrite), () => this.#declineUnlessPlain(nextMsr));
    b.if(this.deferrals, () => {
      b.declineIf(b.gtU(this.deferrals, ONE));
      const nextEe = b.select(b.or(isReturn, isMsrWrite), nextMsr, this.#writtenEe(slot, kind));
      b.declineIf(b.and(nextEe, constant(Msr.EE)));
    });
    const exit = this.take(1);
    const pair = b.let(b.add(slot, b.mul(this.deferrals, constant(EMULATION_PAIR_BYTES))));
    const cycles = b.let(b.word32(pair, EmulationSlot.cycles));
    b.passTime(cycles, 1);
    b.clearReservation();
    const count = b.let(b.word32(pair, EmulationSlot.count));
    b.setDouble(count, 0, addDouble(b.double(count, 0), double(1)));
    this.observeProgress(exit, isReturn);
    const exitType = this.isNoted ? b.let(b.word32(slot, EmulationSlot.exitType)) : ZERO;
    this.bookEntry(exitType, exit.pc, exit.takenAt, b.let(doubleOfWord(cycles)));
    const nextPc = b.let(b.add(exit.pc, constant(4)));
    b.if(b.or(isReturn, isMsrWrite), () => this.resumeInMode(b.select(isReturn, this.shared(SharedField.srr0), nextPc), nextMsr));
    this.#move(slot, kind, msr);
    this.resume(nextPc);
  }

  /** A word with the bit that `wrtee` and `wrteei` give MSR[EE]; without it for the other kinds. */
  #writtenEe(slot: I32, kind: I32): I32 {
    const { b } = this;
    const is = (each: EmulationKind) => b.eq(kind, constant(each));
    const register = b.select(is(EmulationKind.writeEe), this.#registerOf(slot), ZERO);
    return b.select(is(EmulationKind.writeEeImmediate), b.word32(slot, EmulationSlot.mask), register);
  }

  /** Does what an emulation that leaves the guest's mode alone says. */
  #move(slot: I32, kind: I32, msr: I32): void {
    const { b } = this;
    const at = (offset: number) => b.word32(slot, offset);
    const is = (each: EmulationKind) => b.eq(kind, constant(each));
    const write = () => {
      const value = b.let(b.and(this.#registerOf(slot), at(EmulationSlot.mask)));
      b.setWord32(at(EmulationSlot.place), 0, value);
      b.if(is(EmulationKind.writeBoth), () => b.setPlainSpr(at(EmulationSlot.sprn), value));
    };
    const writeEe = () => {
      const ee = b.and(this.#writtenEe(slot, kind), constant(Msr.EE));
      this.setShared(SharedField.msr, b.or(b.and(msr, constant(~Msr.EE)), ee));
    };
    b.if(
      is(EmulationKind.read),
      () => b.setGprAt(at(EmulationSlot.register), b.word32(at(EmulationSlot.place), 0)),
      () => b.if(b.ltU(kind, constant(EmulationKind.writeEe)), write, writeEe),
    );
  }

  // --- the guest's TLB and PID ----------------------------------------------------------------------------------------------
  /** `tlbwe` (emulation/guest-tlb-instructions.ts, `writeGuestTlb`). */
  #writeTlb(slot: I32, msr: I32, translation: TranslationEmulation): void {
    const { b } = this;
    const word = b.let(b.word32(slot, EmulationSlot.mask));
    const index = b.let(b.and(b.gprAt(b.word32(slot, EmulationSlot.place)), GUEST_INDEX_MASK));
    const value = b.let(this.#registerOf(slot));
    const shadow = new ShadowCode(this, translation.limits);
    for (const [number, exitClass] of translation.tlbwe.entries()) {
      b.if(b.eq(word, constant(number)), () => {
        const before = shadow.entry(index);
        const after = {
          index,
          word0: number === 0 ? value : before.word0,
          word1: number === 1 ? value : before.word1,
          word2: number === 2 ? value : before.word2,
          tid: number === 0 ? this.#searchedTid() : before.tid,
        };
        this.#replaceEntry(shadow, { before, after, words: [number as 0 | 1 | 2], exitClass, isReturn: false }, msr, translation);
      });
    }
  }

  /** The last of joined `tlbwe`, or the `rfi` in its place (emulation/guest-tlb-instructions.ts, `writeJoinedEntry`). */
  #writeJoined(slot: I32, msr: I32, translation: TranslationEmulation, isReturn: boolean): void {
    const { b } = this;
    const register = (field: number): I32 =>
      isReturn ? b.word32(b.word32(slot, field), this.sharedAddress(SharedField.joinedRegisters)) : b.gprAt(b.word32(slot, field));
    const shadow = new ShadowCode(this, translation.limits);
    const index = b.let(b.and(register(EmulationSlot.place), GUEST_INDEX_MASK));
    const after = {
      index,
      word0: b.let(this.shared(SharedField.joinedWord0)),
      word1: b.let(this.shared(SharedField.joinedWord1)),
      word2: b.let(register(EmulationSlot.register)),
      tid: this.#searchedTid(),
    };
    if (isReturn) this.#declineUnlessPlain(this.shared(SharedField.srr1));
    const exitClass = isReturn ? translation.returnWithEntry : (translation.tlbwe[LAST_OF_ENTRY] as ExitClass);
    this.#replaceEntry(shadow, { before: shadow.entry(index), after, words: [0, 1, 2], exitClass, isReturn }, msr, translation);
  }

  /** The TID that `tlbwe` gives an entry and `tlbsx` looks for (emulation/sprs.ts, `searchPid`). */
  #searchedTid(): I32 {
    return this.b.let(this.b.and(this.shared(SharedField.mmucr), constant(Mmucr.STID)));
  }

  #replaceEntry(shadow: ShadowCode, change: EntryChange, msr: I32, translation: TranslationEmulation): void {
    const { b } = this;
    const { before, after, words, exitClass, isReturn } = change;
    const { index } = after;
    const wasValid = b.let(b.ne(b.and(before.word0, constant(TlbField.V)), ZERO));
    const isOfEntry = (each: I32) => b.eq(this.item(HostCell.shadowGuestIndex, each), index);
    const found = { releases: b.variable(ZERO), readOnlyReleases: b.variable(ZERO), staleReferences: b.variable(ZERO) };
    b.if(wasValid, () => {
      const counted = shadow.find(isOfEntry);
      for (const name of ['releases', 'readOnlyReleases', 'staleReferences'] as const) found[name].set(counted[name]);
    });
    const mask = shadow.pageMask(after);
    const ofSpace = b.eq(b.ne(b.and(after.word0, constant(TlbField.TS)), ZERO), b.ne(b.and(msr, constant(Msr.IS)), ZERO));
    const isValid = b.let(b.ne(b.and(after.word0, constant(TlbField.V)), ZERO));
    const ea = b.let(b.and(b.and(after.word0, constant(TlbField.EPN)), b.not(mask)));
    if (this.options.hasPatchedCode) shadow.declineOverOwn(isValid, ea, mask);
    const isMapped = translation.mapsEagerly ? b.let(b.and(b.and(isValid, ofSpace), shadow.beginsInRam(after, mask))) : ZERO;
    const write = (maps: boolean) => {
      const plan = maps ? shadow.plan(after, mask, ea, (each) => b.and(wasValid, isOfEntry(each))) : undefined;
      const readOnlyReleases = plan ? b.let(b.add(found.readOnlyReleases.value, plan.isReplacingReadOnly)) : found.readOnlyReleases.value;
      const items = {
        releaseScans: wasValid,
        releases: found.releases.value,
        staleReferences: found.staleReferences.value,
        readOnlyReleases,
        deferrals: this.deferrals,
        ...(plan && { eagerMaps: ONE, mapsReplacing: plan.isReplacing }),
      };
      const exit = this.#passTimeOf(exitClass, items, isReturn);
      b.if(found.releases.value, () => shadow.release(isOfEntry));
      const guestWords = [
        [HostCell.guestWord0, after.word0],
        [HostCell.guestWord1, after.word1],
        [HostCell.guestWord2, after.word2],
      ] as const;
      for (const word of words) this.setItem(guestWords[word][0], index, guestWords[word][1]);
      if (words.includes(0)) {
        this.setItem(HostCell.guestTid, index, after.tid);
        this.setItem(HostCell.guestFirst, index, ea);
        this.setItem(HostCell.guestLast, index, b.or(ea, mask));
      }
      if (plan) shadow.map(plan, ZERO);
      if (isReturn) this.resumeInMode(this.shared(SharedField.srr0), this.shared(SharedField.srr1));
      else this.resume(b.add(exit.pc, constant(4)));
    };
    b.if(
      isMapped,
      () => write(true),
      () => write(false),
    );
  }

  /** `mtspr PID` (vcpu.ts, `setPid`). */
  #writePid(slot: I32, translation: TranslationEmulation): void {
    const { b } = this;
    const value = b.let(b.and(this.#registerOf(slot), constant(0xff)));
    b.if(b.eq(value, this.cell(HostCell.pid)), () => {
      const exit = this.#passTimeOf(translation.samePid, { deferrals: this.deferrals });
      this.resume(b.add(exit.pc, constant(4)));
    });
    const shadow = new ShadowCode(this, translation.limits);
    const isOfProcess = (each: I32) => b.ne(this.item(HostCell.shadowGuestTid, each), ZERO);
    const { releases, readOnlyReleases } = shadow.find(isOfProcess);
    const exit = this.#passTimeOf(translation.otherPid, { releases, readOnlyReleases, deferrals: this.deferrals });
    this.setCell(HostCell.pid, value);
    this.setShared(SharedField.pid, value);
    b.if(releases, () => shadow.release(isOfProcess));
    this.resume(b.add(exit.pc, constant(4)));
  }

  /** `tlbsx` (emulation/guest-tlb-instructions.ts, `emulateTlbsx`). */
  #searchTlb(slot: I32, translation: TranslationEmulation): void {
    const { b } = this;
    const base = b.let(b.word32(slot, SearchSlot.base));
    const ea = b.let(b.add(b.select(base, b.gprAt(base), ZERO), b.gprAt(b.word32(slot, SearchSlot.index))));
    const space = b.let(b.ne(b.and(this.shared(SharedField.mmucr), constant(Mmucr.STS)), ZERO));
    const { found, items } = new ShadowCode(this, translation.limits).search(ea, this.#searchedTid(), space);
    const isHit = b.let(b.gtS(found, constant(-1)));
    const exit = this.#passTimeOf(translation.tlbsx, { ...items, searchHits: isHit, deferrals: this.deferrals });
    b.setGprAt(b.word32(slot, EmulationSlot.register), found);
    b.if(b.word32(slot, SearchSlot.setsCr0), () => b.setCrField(ZERO, b.or(b.shl(isHit, constant(CR_EQUAL_SHIFT)), b.so())));
    this.resume(b.add(exit.pc, constant(4)));
  }

  /** Lets the time of an exit pass, and books it. */
  #passTimeOf(exitClass: ExitClass, items: ItemAmounts, isReturn = false): TakenExit {
    const { b } = this;
    const choice = new ClassChoice(exitClass);
    const cycles = choice.cycles(this, items);
    const exit = this.take(1);
    b.passTime(cycles, 1);
    b.clearReservation();
    this.bookClass(choice, exit, cycles, items);
    this.observe(exit, { userMode: false, isReturn });
    return exit;
  }
}
