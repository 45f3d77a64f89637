import { ENTRY_FUNCTIONS } from '../callouts/access-functions.js';
import { makesCrField } from '../fpu/index.js';
import { plainSprOffset } from '../isa/instructions/system.js';
import { SPRN_PRIVILEGED, sprByNumber } from '../isa/special-purpose-registers.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { RAM_BASE, RAM_OFFSET, SOFT_TLB_VALID, State } from '../processor/state-layout.js';
import type { Syndrome } from '../semantics/builder.js';
import { type CalloutName, calloutRow } from '../semantics/callouts.js';
import type { CodeEmitter } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32, wordAt } from '../semantics/expression.js';
import { returnFromBaseInterrupt } from '../semantics/machine-state.js';
import { type AccessSize, LOAD_OP, MIRROR, pageEntry, SIZE_LOG2, STORE_OP } from '../semantics/ram-access.js';
import { Op } from '../wasm/opcodes.js';
import { KnownOperandsBuilder } from './known-operands-builder.js';
import { regionImportIndex } from './region-imports.js';
import type { RegisterLocals } from './register-locals.js';

/** The locals of a region's function beside the guest's registers. */
export interface RegionLocals {
  /** Which place to enter at; 0 once control has arrived. */
  readonly place: number;
  readonly remaining: number;
  readonly readTable: number;
  readonly writeTable: number;
  readonly executeTable: number;
}

/** How a region goes on where an instruction leaves the straight line. */
export interface RegionFlow {
  /** Leaves the region for the dispatcher; `uncounted` instructions of the block have not completed. */
  leave(pc: I32, uncounted: number): void;
  /** Leaves it with pc and count as they stand in State. */
  leaveAsStated(): void;
  leaveAsStatedIf(condition: I32): void;
  /** Where the word on the stack is not 0: leaves the instruction at State.pc to the interpreter, with the count as it stands in State. */
  leaveForAccess(): void;
  /** Leaves it behind the instruction that State.pc and the count in State stand in front of. */
  leaveBehindIf(condition: I32): void;
  jump(target: I32): void;
  jumpIf(condition: I32, target: I32): void;
}

/** One instruction of a block. */
export interface InstructionPlace {
  readonly pc: number;
  readonly word: number;
  /** Instructions of its block from this one on: what the block has counted already and is not done before this one. */
  readonly uncounted: number;
  /** The execute entry of its page. */
  readonly executeEntry: number;
  /** The software TLB entry that data accesses are expected to find; absent where nothing is expected. */
  readonly expectedEntry: number | undefined;
}

const ZERO = constant(0);

/**
 * Builds instructions of a region. Unless it is built for overflow, the code assumes that XER[SO] is 0, as the dispatcher has seen; what
 * may set it leaves the region.
 */
export class TranslatorBuilder extends KnownOperandsBuilder {
  readonly #locals: RegionLocals;
  readonly #flow: RegionFlow;
  #place!: InstructionPlace;
  #called = false;
  #translationMayChange = false;
  #floatChecked = false;
  /** Whether the instruction has already said where it goes on. */
  finished = false;

  constructor(emit: CodeEmitter, registers: RegisterLocals, locals: RegionLocals, flow: RegionFlow, overflow: boolean) {
    super(emit, registers, overflow);
    this.#locals = locals;
    this.#flow = flow;
  }

  override beginBlock(): void {
    super.beginBlock();
    this.#floatChecked = false;
  }

  begin(place: InstructionPlace): void {
    this.#place = place;
    this.#called = false;
    this.#translationMayChange = false;
    this.finished = false;
  }

  /** Whether the next floating-point instruction must look at MSR[FP]: nothing in a block but a call-out changes it. */
  needsFloatCheck(): boolean {
    const needed = !this.#floatChecked;
    this.#floatChecked = true;
    return needed;
  }

  /** After the semantics: leaves where the instruction's effects make that necessary. */
  end(): void {
    const { pc, uncounted, executeEntry } = this.#place;
    if (!this.finished && this.mayBreakAssumption) {
      this.emit.value(this.state(State.xerSo));
      this.emit.hint(false);
      this.emit.ifOnStack();
      this.#flow.leave(this.nextPc(), uncounted - 1);
      this.emit.end();
    }
    if (!this.finished && this.#called) this.#leaveWhenAttended();
    if (!this.finished && this.#translationMayChange) {
      this.#floatChecked = false;
      for (const [local, offset] of [
        [this.#locals.readTable, State.readTable],
        [this.#locals.writeTable, State.writeTable],
        [this.#locals.executeTable, State.executeTable],
      ] as const) {
        this.emit.value(this.state(offset));
        this.emit.localSet(local);
      }
      this.emit.value(this.ne(this.executeEntryOf(pc), constant(executeEntry)));
      this.emit.hint(false);
      this.emit.ifOnStack();
      this.#flow.leave(this.nextPc(), uncounted - 1);
      this.emit.end();
    }
  }

  /** The present execute entry of a known page. */
  executeEntryOf(pc: number): I32 {
    return wordAt(this.#local(this.#locals.executeTable), (pc >>> 12) * 4);
  }

  #local(index: number): I32 {
    return { type: 'i32', kind: 'local', index };
  }

  override pc(): I32 {
    return constant(this.#place.pc);
  }
  override word(): I32 {
    return constant(this.#place.word);
  }

  // --- memory ---------------------------------------------------------------------------------------------------------------
  override load(size: AccessSize, ea: I32): I32 {
    const { address, offset } = this.#hostAddress('load', this.let(ea), size);
    return this.let({ type: 'i32', kind: 'load', op: LOAD_OP[size], alignLog2: SIZE_LOG2[size], offset, address });
  }

  override store(size: AccessSize, ea: I32, value: I32): void {
    const { address, offset } = this.#hostAddress('store', this.let(ea), size);
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(STORE_OP[size], SIZE_LOG2[size], offset);
  }

  /**
   * Where an access goes, by the software TLB; else by what the processor finds, or by the interpreter, to which the region leaves the
   * whole instruction.
   * @param ea a pinned value
   */
  #hostAddress(access: keyof typeof ENTRY_FUNCTIONS, ea: I32, size: AccessSize): { address: I32; offset: number } {
    const table = access === 'load' ? this.#locals.readTable : this.#locals.writeTable;
    const entry = this.let(pageEntry(this, ea, this.#local(table)));
    const mirrored = this.xor(ea, constant(MIRROR[size]));
    const { expectedEntry, pc } = this.#place;
    // As a constant offset it must not wrap at 2**32; up to this bound nothing that wraps is in RAM.
    const isOffset = expectedEntry !== undefined && expectedEntry >= 0 && expectedEntry + RAM_OFFSET <= RAM_BASE;
    const folded = isOffset ? expectedEntry : 0;
    const usual = expectedEntry === undefined ? entry : constant(expectedEntry - folded);
    const address = this.emit.temporaryLocal('i32');
    this.emit.value(this.add(mirrored, usual));
    this.emit.localSet(address);

    const unexpected = this.xor(entry, constant(expectedEntry ?? SOFT_TLB_VALID));
    // Without expectations the lowest bits of an entry tell whether it is valid.
    const isUnusual =
      expectedEntry === undefined
        ? this.and(this.or(unexpected, ea), constant(size - 1))
        : this.or(unexpected, this.and(ea, constant(size - 1)));
    this.emit.value(size === 1 && expectedEntry === undefined ? this.and(unexpected, constant(SOFT_TLB_VALID)) : isUnusual);
    this.emit.hint(false);
    this.emit.ifOnStack();
    for (const operand of [ea, constant(size - 1), constant(pc), this.#countBefore()]) this.emit.value(operand);
    this.emit.call(regionImportIndex(ENTRY_FUNCTIONS[access]));
    const found = this.emit.temporaryLocal('i32');
    this.emit.localTee(found);
    this.emit.op(Op.i32Eqz);
    this.#flow.leaveForAccess();
    this.emit.value(this.add(mirrored, this.sub(this.#local(found), constant(folded))));
    this.emit.localSet(address);
    this.emit.end();
    return { address: this.#local(address), offset: RAM_OFFSET + folded };
  }

  /** Instructions that may retire, before this one. */
  #countBefore(): I32 {
    return this.add(this.#local(this.#locals.remaining), constant(this.#place.uncounted));
  }

  // --- leaving the straight line --------------------------------------------------------------------------------------------
  override jump(target: I32): void {
    this.#flow.jump(target);
    this.finished = true;
  }
  override jumpIf(condition: I32, target: I32): void {
    this.#flow.jumpIf(condition, target);
    this.finished = true;
  }

  override raise(vector: number, syndrome?: Syndrome): void {
    this.setPending(vector, syndrome);
    this.#flow.leave(this.pc(), this.#place.uncounted);
  }
  override raiseAfter(vector: number): void {
    this.setPending(vector);
    this.#flow.leave(this.nextPc(), this.#place.uncounted - 1);
    this.finished = true;
  }

  override call(name: CalloutName, ...args: I32[]): I32 {
    const pinned = args.map((arg) => this.let(arg));
    if (name === 'readSpr') {
      const inline = this.#readPlainSpr(pinned[0]!);
      if (inline) return inline;
      const result = this.#callOut(name, pinned);
      // An SPR that is not there leaves RT as it is, and the processor does not see that, as it is a local.
      return sprByNumber(this.number(pinned[0]!))?.read ? result : this.gpr(this.#targetOfMove());
    }
    if (name === 'writeSpr' && this.#writePlainSpr(pinned[0]!, pinned[1]!)) return ZERO;
    if (name === 'returnFromInterrupt' && constantValue(pinned[0]!) === 0) {
      const goOn = (pc: I32): void => this.#flow.leave(pc, this.#place.uncounted - 1);
      returnFromBaseInterrupt(this, goOn, () => void this.#callOut(name, pinned));
      return ZERO;
    }
    if (name === 'floatingPoint' && makesCrField(this.number(pinned[0]!))) {
      return this.#callOut(name, pinned, () => this.#takeCrField(this.number(pinned[1]!)));
    }
    return this.#callOut(name, pinned);
  }

  /** Takes a CR field over from State: an enabled exception of a comparison leaves it there and not in the result. */
  #takeCrField(field: number): void {
    const offset = State.cr + 8 * field;
    this.setCrValue(constant(field), { type: 'i64', kind: 'load', op: Op.i64Load, alignLog2: 3, offset, address: ZERO });
  }

  /** @param interrupted builds what must happen in the region where the call-out raises an interrupt */
  #callOut(name: CalloutName, pinned: readonly I32[], interrupted?: () => void): I32 {
    const { result, changesTranslation, only } = calloutRow(name);
    if (!only) {
      this.setState(State.pc, this.pc());
      this.setState(State.remaining, this.#countBefore());
      this.#called = true;
    }
    if (changesTranslation) this.#translationMayChange = true;
    this.emitCall(name, pinned);
    const local = result ? this.emit.temporaryLocal('i32') : undefined;
    if (local !== undefined) this.emit.localSet(local);
    if (interrupted) {
      this.emit.value(this.state(State.pendingVector));
      this.emit.hint(false);
      this.emit.ifOnStack();
      interrupted();
      this.#flow.leaveAsStated();
      this.emit.end();
    } else if (!only) this.#leaveWhenInterrupted();
    return local === undefined ? ZERO : this.#local(local);
  }

  #readPlainSpr(number: I32): I32 | undefined {
    const row = sprByNumber(this.number(number));
    if (!row?.read || row.storage === 'computed') return undefined;
    const offset = State.spr + 4 * (row.storedAt ?? row.sprn);
    if (row.read === 'user') return this.state(offset);
    this.#raiseInProblemState();
    return this.state(offset);
  }

  /** RT of the instruction, a move. */
  #targetOfMove(): I32 {
    return constant((this.#place.word >>> 21) & 31);
  }

  #writePlainSpr(number: I32, value: I32): boolean {
    const offset = plainSprOffset(number);
    const row = sprByNumber(this.number(number));
    if (offset === undefined || !row?.write) return false;
    const masked = row.mask === undefined ? value : this.and(value, constant(row.mask));
    if (!(row.sprn & SPRN_PRIVILEGED)) {
      this.setState(offset, masked);
      return true;
    }
    this.#raiseInProblemState();
    this.setState(offset, masked);
    return true;
  }

  /** A move from or to an SPR that only a supervisor may name. */
  #raiseInProblemState(): void {
    this.if(this.and(this.msr(), constant(Msr.PR)), () => this.raise(Vector.program, { esr: Esr.PPR }));
  }

  #leaveWhenInterrupted(): void {
    this.#flow.leaveAsStatedIf(this.state(State.pendingVector));
  }

  /** After an instruction that has called out: the processor may have asked the engine to stop behind it. */
  #leaveWhenAttended(): void {
    this.#flow.leaveBehindIf(this.gtS(constant(2), this.state(State.remaining)));
  }

  override jumpToStatePc(): void {
    this.setState(State.remaining, this.sub(this.state(State.remaining), constant(1)));
    this.#flow.leaveAsStated();
    this.finished = true;
  }
}
