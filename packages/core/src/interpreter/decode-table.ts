import { DECODE_TABLE, INSTRUCTION_SET } from '../isa/instruction-set.js';
import { State } from '../processor/state-layout.js';
import type { CodeEmitter } from '../semantics/code-emitter.js';
import { Op } from '../wasm/opcodes.js';

/** Places of the decode table in State memory: 64 masks, 64 bases (both words), the ids (halfwords), then a byte an id. */
const LOW_MASKS = State.decodeTable;
const BASES = LOW_MASKS + 64 * 4;
const IDS = BASES + 64 * 4;
/** By id: 1 where the instruction belongs to the floating-point unit. */
export const IS_FLOAT = IDS + DECODE_TABLE.ids.byteLength;

/** Writes the decode table where generated code reads it. */
export function installDecodeTable(memory: ArrayBuffer): void {
  if (IS_FLOAT + INSTRUCTION_SET.length >= State.instructionCounts) throw new Error('the decode table does not fit its place');
  new Uint32Array(memory, LOW_MASKS, 64).set(DECODE_TABLE.lowMask);
  new Uint32Array(memory, BASES, 64).set(DECODE_TABLE.base);
  new Uint16Array(memory, IDS, DECODE_TABLE.ids.length).set(DECODE_TABLE.ids);
  const isFloat = new Uint8Array(memory, IS_FLOAT, INSTRUCTION_SET.length + 1);
  for (const { id, row } of INSTRUCTION_SET) isFloat[id] = row.float ? 1 : 0;
}

/** Leaves the instruction id of the word in a local on the stack; 0 where the 440 has no such instruction. */
export function emitDecode(emit: CodeEmitter, word: number): void {
  const primaryTimes4 = () => {
    emit.localGet(word);
    emit.constant(24);
    emit.op(Op.i32ShrU);
    emit.constant(0xfc);
    emit.op(Op.i32And);
  };
  primaryTimes4();
  emit.memory(Op.i32Load, 2, LOW_MASKS);
  emit.localGet(word);
  emit.op(Op.i32And);
  primaryTimes4();
  emit.memory(Op.i32Load, 2, BASES);
  emit.op(Op.i32Add);
  emit.constant(1);
  emit.op(Op.i32Shl);
  emit.memory(Op.i32Load16U, 1, IDS);
}
