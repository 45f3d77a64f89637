import {
  addDouble,
  bitsOfDouble,
  constant,
  double,
  doubleOfUnsigned,
  doubleOfWord,
  eqDouble,
  type F64,
  geDouble,
  type HostRoutineBuilder,
  type I32,
  maxDouble,
  minDouble,
  mulDouble,
  selectDouble,
  subDouble,
} from '@exitlab/core';
import { DurationField } from '../durations.js';
import { sharedAddress } from '../emulation/inline-emulation.js';
import { COUNTS, DetectorField, UNEXPLAINED_LIMIT } from '../endless-fault.js';
import { itemField, type WorkItemName } from '../exit-classes.js';
import type { RecordLayout } from '../exit-recording.js';
import { type HostArea, HostCell, LOG_ROWS } from '../host-area.js';
import { Msr } from '../registers.js';
import { SharedField, type SharedPage } from '../shared-page.js';
import { SHADOW_MSR, USER_READABLE_SPRGS } from '../vcpu.js';
import type { ClassChoice, ItemAmounts } from './class-choice.js';

export interface ExitRoutineOptions {
  readonly area: HostArea;
  readonly shared: SharedPage;
  /** The hardware PIDs of guest kernel and guest user. */
  readonly kernelPid: number;
  readonly userPid: number;
  readonly isTimed: boolean;
  readonly isLogged: boolean;
  /** How exits are recorded, if they are. */
  readonly recordLayout: RecordLayout | undefined;
  readonly endlessFaultLimit: number;
  /** Whether exits are handled while MSR[EE] holds interrupts back. */
  readonly defers: boolean;
}

/** An exit that is being handled: where and when it was taken, and how far the guest had come. */
export interface TakenExit {
  readonly pc: I32;
  readonly takenAt: F64;
  /** Guest instructions completed, that of the exit included where the hypervisor completes it. */
  readonly guestInstructions: F64;
}

/** A missing or forbidden translation of an address. */
export interface ObservedFault {
  readonly address: I32;
  readonly isVirtual: boolean;
  /** 1 where user mode repeats what the guest's own TLB permits; absent where that cannot be. */
  readonly isUnexplained?: I32;
}

/** How the endless-fault detector sees an exit. */
export interface ObservedKind {
  /** Whether the guest was in user mode: known, or a truth value. */
  readonly userMode: boolean | I32;
  /** Absent for other exits than faults. */
  readonly fault?: ObservedFault;
  /** Whether the exit is a return from an interrupt; false where absent. */
  readonly isReturn?: boolean;
}

/** In a double of this size the last bit is worth 1, so that a sum with it ends in the other summand as a whole number, ties to even. */
const WHOLE = double(1.5 * 2 ** 52);

type DetectorFieldName = keyof typeof DetectorField;

/** What generated code for all kinds of exits has in common; each part is the twin of what `Hypervisor` does for the same exit. */
export class ExitCode<Options extends ExitRoutineOptions = ExitRoutineOptions> {
  readonly b: HostRoutineBuilder;
  readonly options: Options;
  /** When the exit was taken, pinned by {@link begin}: no time passes between the begin of a routine and its booking. */
  #takenAt: F64 = double(0);
  /** Nanoseconds from the origin of records to the exit, not yet rounded; pinned where exits are recorded. */
  #sinceOrigin: F64 = double(0);
  #deferrals: I32 = constant(0);

  constructor(b: HostRoutineBuilder, options: Options) {
    this.b = b;
    this.options = options;
  }

  // --- cells ----------------------------------------------------------------------------------------------------------------
  address(cell: number): number {
    return this.options.area.memory.base + cell;
  }
  cell(cell: number): I32 {
    return this.b.word32(constant(0), this.address(cell));
  }
  setCell(cell: number, value: I32): void {
    this.b.setWord32(constant(0), this.address(cell), value);
  }
  /** A word of a table of words. */
  item(table: number, index: I32): I32 {
    return this.b.word32(this.b.shl(index, constant(2)), this.address(table));
  }
  setItem(table: number, index: I32, value: I32): void {
    this.b.setWord32(this.b.shl(index, constant(2)), this.address(table), value);
  }
  doubleCell(cell: number): F64 {
    return this.b.double(constant(0), this.address(cell));
  }
  setDoubleCell(cell: number, value: F64): void {
    this.b.setDouble(constant(0), this.address(cell), value);
  }
  shared(field: SharedField): I32 {
    return this.b.word32(constant(0), this.sharedAddress(field));
  }
  setShared(field: SharedField, value: I32): void {
    this.b.setWord32(constant(0), this.sharedAddress(field), value);
  }
  sharedAddress(field: SharedField): number {
    return sharedAddress(this.options.area.memory, this.options.shared, field);
  }

  // --- taking an exit -------------------------------------------------------------------------------------------------------
  /** Leaves to the hypervisor what needs it whatever the exit; gives the guest's MSR, pinned. */
  begin(): I32 {
    const { b } = this;
    b.declineIf(this.cell(HostCell.blocked));
    if (this.options.isLogged) b.declineIf(b.eq(this.cell(HostCell.logCount), constant(LOG_ROWS)));
    this.#takenAt = b.cycles();
    if (this.options.recordLayout) this.#declineUnlessRecordFits(this.options.recordLayout);
    const msr = b.let(this.shared(SharedField.msr));
    b.declineIf(b.and(msr, constant(Msr.WE)));
    if (this.options.defers) this.#deferrals = b.let(this.cell(HostCell.deferrals));
    return msr;
  }

  /**
   * Pending interrupts that the guest's MSR[EE] holds back, pinned. An exit that delivers another interrupt looks at that one alone, since it
   * comes before all of these. Any other looks at each of them (interrupts.ts, `deliverInterrupts`).
   */
  get deferrals(): I32 {
    return this.#deferrals;
  }

  /** 1 where `msr` is that of guest user mode, else 0; pinned. */
  userMode(msr: I32): I32 {
    return this.b.let(this.b.ne(this.b.and(msr, constant(Msr.PR)), constant(0)));
  }

  /** Before any time has passed. `completes`: the hypervisor completes an instruction. */
  take(completes: 0 | 1): TakenExit {
    const { b } = this;
    const takenAt = this.#takenAt;
    const emulated = this.doubleCell(HostCell.emulatedInstructions);
    const guestInstructions = b.let(addDouble(addDouble(b.completedInstructions(takenAt), emulated), double(completes)));
    return { pc: b.let(b.interruptedPc()), takenAt, guestInstructions };
  }

  /** The guest goes on in the mode of `msr`, which is its MSR from now on. */
  resumeInMode(pc: I32, msr: I32): void {
    const { b } = this;
    const { kernelPid, userPid } = this.options;
    const target = b.let(pc);
    const guestMsr = b.let(msr);
    const pid = b.let(b.select(b.and(guestMsr, constant(Msr.PR)), constant(userPid), constant(kernelPid)));
    this.setShared(SharedField.msr, guestMsr);
    this.setCell(HostCell.hardwarePid, pid);
    this.#keepSharedPage();
    b.resumeIn(target, this.hardwareMsr(guestMsr), pid);
  }

  resume(pc: I32): void {
    const target = this.b.let(pc);
    this.#keepSharedPage();
    this.b.resume(target);
  }

  /** The MSR in which the processor runs a guest whose own is `msr`. */
  hardwareMsr(msr: I32): I32 {
    return this.b.or(this.b.and(msr, this.cell(HostCell.ownMsrBits)), constant(SHADOW_MSR));
  }

  /** What the hypervisor does to the page at each exit and entry, where the guest can have changed it. */
  #keepSharedPage(): void {
    if (this.options.shared.pa === undefined) return;
    this.setShared(SharedField.intPending, constant(0));
    this.setShared(SharedField.pendingEnables, constant(0));
    USER_READABLE_SPRGS.forEach(({ sprn, field }, index) => {
      const value = this.b.let(this.shared(field));
      this.b.setPlainSpr(constant(sprn), value);
      this.setCell(HostCell.userReadableSprgs + 4 * index, value);
    });
  }

  // --- booking --------------------------------------------------------------------------------------------------------------
  /** Books an exit of a class, with how much there was of its items, at a price of `cycles`. */
  bookClass(choice: ClassChoice, { pc, takenAt }: TakenExit, cycles: I32, items: ItemAmounts): void {
    const { b } = this;
    const duration = b.let(doubleOfWord(cycles));
    const address = b.let(choice.address(this));
    this.#addDuration(address, duration);
    if (this.options.isTimed) {
      for (const [name, amount] of Object.entries(items) as [WorkItemName, I32][]) {
        if (amount.kind === 'const' && amount.value === 0) continue;
        const offset = 8 * itemField(name);
        b.setDouble(address, offset, addDouble(b.double(address, offset), doubleOfWord(amount)));
      }
    }
    this.bookEntry(constant(choice.type), pc, takenAt, duration);
  }

  #addDuration(address: I32, cycles: F64): void {
    const { b } = this;
    const change = (name: keyof typeof DurationField, by: (a: F64, b: F64) => F64, value: F64) => {
      const offset = 8 * DurationField[name];
      b.setDouble(address, offset, by(b.double(address, offset), value));
    };
    change('count', addDouble, double(1));
    if (!this.options.isTimed) return;
    change('min', minDouble, cycles);
    change('max', maxDouble, cycles);
    change('sum', addDouble, cycles);
    change('sumOfSquares', addDouble, mulDouble(cycles, cycles));
  }

  /** Whether each exit is noted with its type. */
  get isNoted(): boolean {
    return this.options.isLogged || this.options.recordLayout !== undefined;
  }

  /** The time in the guest before the exit, when it goes on, the log, and the record. */
  bookEntry(exitType: I32, pc: I32, takenAt: F64, duration: F64): void {
    const { b } = this;
    if (this.options.isTimed) {
      const inGuest = b.let(subDouble(takenAt, this.doubleCell(HostCell.enteredAtCycles)));
      this.#addDuration(constant(this.address(HostCell.timeInGuest)), inGuest);
    }
    this.setDoubleCell(HostCell.enteredAtCycles, addDouble(takenAt, duration));
    if (this.options.isLogged) this.#log(exitType, pc, takenAt, duration);
    if (this.options.recordLayout) this.#record(this.options.recordLayout, exitType, pc, duration);
  }

  #log(exitType: I32, pc: I32, takenAt: F64, duration: F64): void {
    const { b } = this;
    const row = b.let(this.cell(HostCell.logCount));
    this.setCell(HostCell.logCount, b.add(row, constant(1)));
    this.setItem(HostCell.logTypes, row, exitType);
    this.setItem(HostCell.logPcs, row, pc);
    const doubleword = b.let(b.shl(row, constant(3)));
    b.setDouble(doubleword, this.address(HostCell.logTakenAt), takenAt);
    b.setDouble(doubleword, this.address(HostCell.logDurations), duration);
  }

  // --- the record (exit-recording.ts) ---------------------------------------------------------------------------------------
  /** Also pins what time the record will have. */
  #declineUnlessRecordFits({ nanosecondsACycle, time }: RecordLayout): void {
    const { b } = this;
    b.declineIf(b.gtU(this.cell(HostCell.recordNext), this.cell(HostCell.recordLast)));
    const takenAtNanoseconds = mulDouble(this.#takenAt, double(nanosecondsACycle));
    this.#sinceOrigin = b.let(subDouble(takenAtNanoseconds, this.doubleCell(HostCell.recordOrigin)));
    b.declineIf(geDouble(this.#sinceOrigin, double(time.limit - 1)));
  }

  /** To the nearest whole number, ties to even; the low word of it. */
  #whole(nanoseconds: F64): I32 {
    return this.b.wrap(bitsOfDouble(addDouble(nanoseconds, WHOLE)));
  }

  #record(layout: RecordLayout, exitType: I32, pc: I32, duration: F64): void {
    const { b } = this;
    const at = b.let(this.cell(HostCell.recordNext));
    const elapsed = b.let(this.#whole(this.#sinceOrigin));
    const { time, type } = layout;
    const set = (offset: number, value: I32) => b.setWord32(at, this.address(HostCell.records) + offset, value);
    const delta = b.sub(elapsed, this.cell(HostCell.recordElapsed));
    set(time.offset, b.or(b.shl(delta, constant(time.shift)), constant(time.bits)));
    set(type.offset, b.or(b.shl(exitType, constant(type.shift)), constant(type.bits)));
    set(layout.pc.offset, pc);
    set(layout.duration.offset, this.#whole(mulDouble(duration, double(layout.nanosecondsACycle))));
    this.setCell(HostCell.recordElapsed, elapsed);
    this.setCell(HostCell.recordNext, b.add(at, constant(layout.sizeBytes)));
  }

  // --- the endless-fault detector (endless-fault.ts) ------------------------------------------------------------------------
  #detector(name: DetectorFieldName): F64 {
    return this.doubleCell(HostCell.faultDetector + 8 * DetectorField[name]);
  }
  #setDetector(name: DetectorFieldName, value: F64): void {
    this.setDoubleCell(HostCell.faultDetector + 8 * DetectorField[name], value);
  }

  /** Leaves to the hypervisor a guest that may be about to reach the limit. */
  declineNearEndlessFault(): void {
    const near = double(this.options.endlessFaultLimit - 1);
    for (const field of COUNTS) this.b.declineIf(geDouble(this.doubleCell(HostCell.faultDetector + 8 * field), near));
  }

  /** As {@link declineNearEndlessFault} for faults that the guest's own TLB does not explain. */
  declineNearUnexplained(): void {
    this.b.declineIf(geDouble(this.#detector('unexplained'), double(UNEXPLAINED_LIMIT - 1)));
  }

  /** Whether a fault is one of user mode at the place of the one before. */
  isRepeatedByUser(userMode: I32, address: I32): I32 {
    const place = { pc: this.b.let(doubleOfUnsigned(this.b.interruptedPc())), address: this.b.let(doubleOfUnsigned(address)) };
    return this.b.and(userMode, this.#isUserPlace(place));
  }

  /** `EndlessFaultDetector.observeProgress`. */
  observeProgress({ guestInstructions }: TakenExit, isReturn: I32): void {
    this.b.if(geDouble(this.#detector('returnedAt'), double(0)), () => this.#setDetector('fruitlessReturns', double(0)));
    this.#setDetector('returnedAt', selectDouble(isReturn, guestInstructions, double(-1)));
    this.#setDetector('withoutProgress', double(1));
    this.#setDetector('lastInstructions', guestInstructions);
  }

  /** `EndlessFaultDetector.observe`. */
  observe({ pc, guestInstructions }: TakenExit, { userMode, fault, isReturn }: ObservedKind): void {
    const { b } = this;
    const isAtOnce = eqDouble(guestInstructions, this.#detector('lastInstructions'));
    this.#setDetector('withoutProgress', selectDouble(isAtOnce, addDouble(this.#detector('withoutProgress'), double(1)), double(1)));
    this.#setDetector('lastInstructions', guestInstructions);
    const place = fault && { pc: b.let(doubleOfUnsigned(pc)), address: b.let(doubleOfUnsigned(fault.address)) };
    const observeUser = () => this.#observeUser(place, fault?.isUnexplained);
    if (typeof userMode !== 'boolean') b.if(userMode, observeUser);
    else if (userMode) observeUser();
    this.#followReturns(guestInstructions, fault?.isVirtual === false ? place : undefined);
    this.#setDetector('returnedAt', isReturn ? guestInstructions : double(-1));
  }

  #observeUser(place: { pc: F64; address: F64 } | undefined, isUnexplained: I32 | undefined): void {
    const { b } = this;
    const startOver = () => {
      this.#setDetector('unexplained', double(0));
      this.#setDetector('userPc', place?.pc ?? double(-1));
      this.#setDetector('userAddress', place?.address ?? double(-1));
      this.#setDetector('userRepeats', double(place ? 1 : 0));
    };
    if (!place) {
      startOver();
      return;
    }
    const repeat = () => {
      this.#setDetector('userRepeats', addDouble(this.#detector('userRepeats'), double(1)));
      if (isUnexplained) this.#setDetector('unexplained', addDouble(this.#detector('unexplained'), doubleOfWord(isUnexplained)));
    };
    b.if(this.#isUserPlace(place), repeat, startOver);
  }

  #isUserPlace({ pc, address }: { pc: F64; address: F64 }): I32 {
    return this.b.and(eqDouble(pc, this.#detector('userPc')), eqDouble(address, this.#detector('userAddress')));
  }

  #followReturns(guestInstructions: F64, place: { pc: F64; address: F64 } | undefined): void {
    const { b } = this;
    const none = () => {
      this.#setDetector('fruitlessReturns', double(0));
      this.#setDetector('fruitlessPc', double(-1));
      this.#setDetector('fruitlessAddress', double(-1));
    };
    b.if(geDouble(this.#detector('returnedAt'), double(0)), () => {
      if (!place) {
        none();
        return;
      }
      b.if(
        eqDouble(guestInstructions, this.#detector('returnedAt')),
        () => {
          const again = b.and(
            eqDouble(place.pc, this.#detector('fruitlessPc')),
            eqDouble(place.address, this.#detector('fruitlessAddress')),
          );
          this.#setDetector('fruitlessReturns', selectDouble(again, addDouble(this.#detector('fruitlessReturns'), double(1)), double(1)));
          this.#setDetector('fruitlessPc', place.pc);
          this.#setDetector('fruitlessAddress', place.address);
        },
        none,
      );
    });
  }
}
