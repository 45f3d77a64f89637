import { Builder } from '../semantics/builder.js';
import type { I32 } from '../semantics/expression.js';

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
    return { type: 'i32', kind: 'load', op: 0x28, alignLog2: 2, offset, address };
  }
}
