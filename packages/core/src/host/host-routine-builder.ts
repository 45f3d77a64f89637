import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, VECTORS } from '../isa/vectors.js';
import { State } from '../processor/state-layout.js';
import type { CodeEmitter, Label } from '../semantics/code-emitter.js';
import { addDouble, doubleOfWord, subDouble } from '../semantics/double.js';
import { constant, type F64, type I32 } from '../semantics/expression.js';
import { StateBuilder } from '../semantics/state-builder.js';
import { Op } from '../wasm/opcodes.js';

/** What a routine calls of the processor. */
export type HostRoutineImport = 'findContexts' | 'writeTlbWord' | 'writeTlbEntry';

const sprOffset = (number: number): number => State.spr + 4 * number;
const SRR0 = sprOffset(sprn('SRR0'));
const SRR1 = sprOffset(sprn('SRR1'));
const ESR = sprOffset(sprn('ESR'));
const DEAR = sprOffset(sprn('DEAR'));
const PID = sprOffset(sprn('PID'));

/**
 * Writes a host routine: what a host does about an interrupt of its guest without leaving generated code. A routine looks first whether
 * it can handle the interrupt completely. If not it branches to `decline`, having changed nothing, and the interrupt goes to the host as
 * any other. If it can, it lets the time of its work pass ({@link passTime}), does the work, and ends with {@link resume}.
 *
 * Addresses are byte addresses in the processor's memory, see `HostMemory`.
 */
export class HostRoutineBuilder extends StateBuilder {
  /** Leaves the interrupt to the host. */
  readonly decline: Label;
  readonly #vector: number;
  readonly #call: (name: HostRoutineImport) => void;

  constructor(emit: CodeEmitter, vector: number, decline: Label, call: (name: HostRoutineImport) => void) {
    super(emit);
    this.#vector = vector;
    this.decline = decline;
    this.#call = call;
  }

  declineIf(condition: I32): void {
    this.emit.value(condition);
    this.emit.branchIf(this.decline);
  }

  double(address: I32, offset: number): F64 {
    return { type: 'f64', kind: 'load', op: Op.f64Load, alignLog2: 3, offset, address };
  }
  setDouble(address: I32, offset: number, value: F64): void {
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(Op.f64Store, 3, offset);
  }

  /** Where the guest is: what the interrupt would save in SRR0. */
  interruptedPc(): I32 {
    return this.state(State.pc);
  }
  /** What the interrupt would put into ESR and DEAR, if its vector writes them. */
  syndrome(): I32 {
    return this.state(State.pendingEsr);
  }
  /** ESR as the interrupt leaves it. */
  syndromeRegister(): I32 {
    return this.or(this.and(this.state(ESR), constant(Esr.MCI)), this.syndrome());
  }
  faultAddress(): I32 {
    return this.state(State.pendingDear);
  }

  /** The word at the pc, pinned, by the mapping that served its fetch; declines where that is not at hand. */
  interruptedInstruction(): I32 {
    const pc = this.let(this.interruptedPc());
    const entry = this.let(this.executeEntry(pc));
    this.declineIf(this.eq(entry, constant(0)));
    return this.let(this.instructionWord(pc, entry));
  }

  /** A GPR whose byte offset among the registers is known at run time: 4 times its number. */
  gprAt(offset: I32): I32 {
    return this.word32(offset, State.gpr);
  }
  setGprAt(offset: I32, value: I32): void {
    this.setWord32(offset, State.gpr, value);
  }

  /** The clock in core cycles, pinned. */
  cycles(): F64 {
    return this.let(subDouble(this.double(constant(0), State.zeroCycles), doubleOfWord(this.state(State.remaining))));
  }

  /** Instructions of the guest that processor and host routines had completed at `cycles`, which is now. */
  completedInstructions(cycles: F64): F64 {
    const retired = subDouble(cycles, this.double(constant(0), State.addedCycles));
    return addDouble(retired, this.double(constant(0), State.hostInstructions));
  }

  /**
   * Lets `cycles` cycles pass in which the host completes `instructions` instructions of the guest. Declines where the run's limit or a
   * timer event would be reached by then, or something waits to be looked at.
   */
  passTime(cycles: I32, instructions: 0 | 1): void {
    const remaining = this.let(this.state(State.remaining));
    const toLimit = this.let(this.sub(this.add(remaining, this.state(State.limitSlack)), constant(instructions)));
    const toEvent = this.let(this.sub(this.add(remaining, this.state(State.eventSlack)), cycles));
    const isDue = this.or(this.gtS(constant(1), toLimit), this.gtS(constant(1), toEvent));
    this.declineIf(this.or(isDue, this.state(State.withheld)));
    const left = this.let(this.select(this.ltS(toLimit, toEvent), toLimit, toEvent));
    const skipped = this.let(this.sub(remaining, left));
    this.setState(State.skipped, this.add(this.state(State.skipped), skipped));
    this.setState(State.remaining, left);
    this.setState(State.limitSlack, this.sub(toLimit, left));
    this.setState(State.eventSlack, this.sub(toEvent, left));
    const passed = this.let(doubleOfWord(cycles));
    const add = (cell: number, value: F64) => this.setDouble(constant(0), cell, addDouble(this.double(constant(0), cell), value));
    add(State.addedCycles, passed);
    add(State.zeroCycles, subDouble(passed, doubleOfWord(skipped)));
    if (instructions > 0) add(State.hostInstructions, doubleOfWord(constant(instructions)));
  }

  /** `tlbwe` of one word; word 0 takes the TID beside it. */
  writeTlbWord(index: I32, word: 0 | 1 | 2, value: I32, tid: I32): void {
    for (const operand of [index, constant(word), value, tid]) this.emit.value(operand);
    this.#call('writeTlbWord');
  }
  /** `tlbwe` of all three words. */
  writeTlbEntry(index: I32, word0: I32, word1: I32, word2: I32, tid: I32): void {
    for (const operand of [index, word0, word1, word2, tid]) this.emit.value(operand);
    this.#call('writeTlbEntry');
  }

  clearReservation(): void {
    this.setState(State.reservationValid, constant(0));
  }

  /** Gives a plainly stored SPR of a number known at run time a value. */
  setPlainSpr(number: I32, value: I32): void {
    this.setWord32(this.shl(number, constant(2)), State.spr, value);
  }

  /** The MSR in which the guest runs. */
  hardwareMsr(): I32 {
    return this.msr();
  }

  /** What {@link resume} does, where the host gives the guest another MSR or PID; no interrupt may become possible by it. */
  resumeIn(pc: I32, msr: I32, pid: I32): void {
    const [nextPc, nextMsr, nextPid] = [this.let(pc), this.let(msr), this.let(pid)];
    this.#takeInterrupt();
    this.setState(State.msr, nextMsr);
    this.setState(PID, nextPid);
    this.#call('findContexts');
    this.#return(nextPc);
  }

  /** The interrupt counts as taken and handled, and the guest goes on at `pc`. Ends the routine. */
  resume(pc: I32): void {
    const nextPc = this.let(pc);
    this.#takeInterrupt();
    this.#return(nextPc);
  }

  #takeInterrupt(): void {
    const { writesEsr, writesDear } = VECTORS[this.#vector]!;
    this.setState(SRR0, this.interruptedPc());
    this.setState(SRR1, this.msr());
    if (writesEsr) this.setState(ESR, this.syndromeRegister());
    if (writesDear) this.setState(DEAR, this.faultAddress());
    const counter = State.interruptCounts + 4 * this.#vector;
    this.setState(counter, this.add(this.state(counter), constant(1)));
    this.setState(State.pendingVector, constant(0));
  }

  #return(pc: I32): void {
    this.setState(State.pc, this.and(pc, constant(-4)));
    this.emit.constant(1);
    this.emit.op(Op.return);
  }
}
