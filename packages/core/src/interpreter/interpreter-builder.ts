import { FIELDS, type FieldBits, type FieldName } from '../isa/encoding.js';
import { RAM_OFFSET, State } from '../processor/state-layout.js';
import { Builder, type Syndrome } from '../semantics/builder.js';
import { CALLOUTS, type CalloutName } from '../semantics/callouts.js';
import type { CodeEmitter, Label } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import { type AccessSize, LOAD_OP, MIRROR, pageEntry, SIZE_LOG2, STORE_OP } from '../semantics/ram-access.js';
import { ValueType } from '../wasm/opcodes.js';
import { countAt, leaveLine, lookAgain, setCount } from './straight-line.js';

/** The interpreter's locals, which live across instructions. */
export interface InterpreterLocals {
  readonly pc: number;
  readonly word: number;
}

/** Where an instruction's code can leave to. */
export interface InterpreterLabels {
  /** The instruction is complete and `pc` names the next one. */
  jumped: Label;
  /** An interrupt is pending in State; the instruction at `pc` is not complete. */
  interrupted: Label;
}

/** Builds one instruction of the interpreter: operands are read out of the instruction word at run time. */
export class InterpreterBuilder extends Builder {
  readonly #locals: InterpreterLocals;
  readonly #labels: InterpreterLabels;
  /** Whether the instruction has already said where it goes on. */
  finished = false;

  constructor(emit: CodeEmitter, locals: InterpreterLocals, labels: InterpreterLabels) {
    super(emit);
    this.#locals = locals;
    this.#labels = labels;
  }

  #local(index: number): I32 {
    return { type: 'i32', kind: 'local', index };
  }

  /** A field of the word being executed. */
  field(name: FieldName, { shift, width }: FieldBits): I32 {
    const { kind, ...rest } = FIELDS[name];
    const word = this.word();
    const mask = constant(2 ** width - 1);
    if (kind === 'spr' || kind === 'dcr') {
      const low = this.and(this.shrU(word, constant(shift + 5)), constant(0x1f));
      const high = this.and(this.shrU(word, constant(shift)), constant(0x1f));
      return this.or(low, this.shl(high, constant(5)));
    }
    if (kind === 'signed' || kind === 'relative') {
      const extended = this.shrS(this.shl(word, constant(32 - shift - width)), constant(32 - width));
      return 'scaleLog2' in rest ? this.shl(extended, constant(rest.scaleLog2)) : extended;
    }
    return this.and(this.shrU(word, constant(shift)), mask);
  }

  override pc(): I32 {
    return this.#local(this.#locals.pc);
  }
  override word(): I32 {
    return this.#local(this.#locals.word);
  }

  override load(sizeBytes: AccessSize, ea: I32): I32 {
    const address = this.let(ea);
    const result = this.emit.temporaryLocal('i32');
    const entry = this.let(pageEntry(this, address, this.state(State.readTable)));
    this.emit.if(this.#isFast(entry, address, sizeBytes), ValueType.i32);
    this.emit.value(this.#hostAddress(entry, address, sizeBytes));
    this.emit.memory(LOAD_OP[sizeBytes], SIZE_LOG2[sizeBytes], RAM_OFFSET);
    this.emit.else();
    this.#slowCall('load', [address, constant(sizeBytes)]);
    this.emit.end();
    this.emit.localSet(result);
    return this.#local(result);
  }

  override store(sizeBytes: AccessSize, ea: I32, value: I32): void {
    const address = this.let(ea);
    const entry = this.let(pageEntry(this, address, this.state(State.writeTable)));
    this.emit.if(this.#isFast(entry, address, sizeBytes));
    this.emit.value(this.#hostAddress(entry, address, sizeBytes));
    this.emit.value(value);
    this.emit.memory(STORE_OP[sizeBytes], SIZE_LOG2[sizeBytes], RAM_OFFSET);
    this.emit.else();
    this.#slowCall('store', [address, constant(sizeBytes), value]);
    this.emit.end();
  }

  /** The entry is valid (bit 0) and the address is aligned. */
  #isFast(entry: I32, ea: I32, sizeBytes: AccessSize): I32 {
    const valid = this.and(entry, constant(1));
    if (sizeBytes === 1) return valid;
    return this.eq(this.and(this.or(this.xor(entry, constant(1)), ea), constant(sizeBytes - 1)), constant(0));
  }

  #hostAddress(entry: I32, ea: I32, sizeBytes: AccessSize): I32 {
    return this.add(this.xor(ea, constant(MIRROR[sizeBytes])), entry);
  }

  override jump(target: I32): void {
    this.#jump(this.let(this.and(target, constant(-4))));
  }

  /** @param target a pinned value */
  #jump(target: I32): void {
    leaveLine(this, this.nextPc(), target);
    this.emit.value(target);
    this.emit.localSet(this.#locals.pc);
    this.emit.branch(this.#labels.jumped);
    this.finished = true;
  }

  override jumpIf(condition: I32, target: I32): void {
    this.jump(this.select(condition, target, this.nextPc()));
  }

  override raise(vector: number, syndrome?: Syndrome): void {
    this.setPending(vector, syndrome);
    this.emit.branch(this.#labels.interrupted);
  }

  override raiseAfter(vector: number): void {
    this.setPending(vector);
    this.emit.value(this.nextPc());
    this.emit.localSet(this.#locals.pc);
    this.emit.branch(this.#labels.interrupted);
    this.finished = true;
  }

  override call(name: CalloutName, ...args: I32[]): I32 {
    const hasResult = CALLOUTS.find((each) => each.name === name)!.result;
    const pinned = args.map((arg) => this.let(arg));
    this.#slowCall(name, pinned, true);
    if (!hasResult) return constant(0);
    const result = this.emit.temporaryLocal('i32');
    this.emit.localSet(result);
    return this.#local(result);
  }

  /** A call-out with `pc` and the count where the processor sees them; leaves the result, if any, on the stack. */
  #slowCall(name: CalloutName, args: readonly I32[], changesTranslation = false): void {
    this.setState(State.pc, this.pc());
    this.setState(State.remaining, countAt(this, this.pc()));
    this.emitCall(name, args);
    setCount(this, this.pc());
    lookAgain(this, this.nextPc(), changesTranslation);
    this.emit.value(this.state(State.pendingVector));
    this.emit.branchIf(this.#labels.interrupted);
  }

  override jumpToStatePc(): void {
    this.#jump(this.let(this.state(State.pc)));
  }
}
