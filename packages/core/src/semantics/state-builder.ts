import { Msr } from '../isa/vectors.js';
import { RAM_OFFSET, State } from '../processor/state-layout.js';
import { Op } from '../wasm/opcodes.js';
import { Builder } from './builder.js';
import { constant, type I32, wordAt } from './expression.js';
import { pageEntry } from './ram-access.js';

const NO_INSTRUCTION = 'code that belongs to no instruction';

/** The builder for generated code that works on State but is not the code of an instruction. */
export class StateBuilder extends Builder {
  override pc(): I32 {
    throw new Error(NO_INSTRUCTION);
  }
  override word(): I32 {
    throw new Error(NO_INSTRUCTION);
  }
  override load(): I32 {
    throw new Error(NO_INSTRUCTION);
  }
  override store(): void {
    throw new Error(NO_INSTRUCTION);
  }
  override jump(): void {
    throw new Error(NO_INSTRUCTION);
  }
  override jumpIf(): void {
    throw new Error(NO_INSTRUCTION);
  }
  override raise(): void {
    throw new Error(NO_INSTRUCTION);
  }
  override raiseAfter(): void {
    throw new Error(NO_INSTRUCTION);
  }
  override call(): I32 {
    throw new Error(NO_INSTRUCTION);
  }
  override jumpToStatePc(): void {
    throw new Error(NO_INSTRUCTION);
  }

  parameter(index: number): I32 {
    return { type: 'i32', kind: 'local', index };
  }
  /** A word of the processor's memory. */
  word32(address: I32, offset: number): I32 {
    return wordAt(address, offset);
  }
  setWord32(address: I32, offset: number, value: I32): void {
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(Op.i32Store, 2, offset);
  }
  /** A byte of the processor's memory. */
  byte(address: I32, offset: number): I32 {
    return { type: 'i32', kind: 'load', op: Op.i32Load8U, alignLog2: 0, offset, address };
  }
  /** The execute entry of an instruction's address, 0 where its page has none. */
  executeEntry(pc: I32): I32 {
    return pageEntry(this, pc, this.state(State.executeTable));
  }
  /** The word of the instruction at `pc`, by the execute entry of its page. */
  instructionWord(pc: I32, executeEntry: I32): I32 {
    return this.word32(this.add(pc, executeEntry), RAM_OFFSET);
  }
  isUser(): I32 {
    return this.and(this.msr(), constant(Msr.PR));
  }
  /** Calls a function of the module without a result. */
  run(functionIndex: number, ...args: I32[]): void {
    for (const arg of args) this.emit.value(arg);
    this.emit.call(functionIndex);
  }
  /** The pinned result of a function of the module. */
  result(functionIndex: number, ...args: I32[]): I32 {
    this.run(functionIndex, ...args);
    const local = this.emit.temporaryLocal('i32');
    this.emit.localSet(local);
    return this.parameter(local);
  }
  return(value?: I32): void {
    if (value) this.emit.value(value);
    this.emit.op(Op.return);
  }
}
