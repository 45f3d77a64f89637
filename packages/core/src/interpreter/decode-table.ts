import { DECODE_TABLE, INSTRUCTION_SET } from '../isa/instruction-set.js';
import { State } from '../processor/state-layout.js';
import type { CodeEmitter, Label } from '../semantics/code-emitter.js';
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

/** Bits of a word that tell most instructions from each other: its last two above those of the primary opcode, as one rotation brings them. */
const SHORT_KEY_ROTATION = 6;
const SHORT_KEYS = Array.from({ length: 256 }, (_, key) => ({ primary: key & 63, low: key >>> SHORT_KEY_ROTATION }));
/** Of the opcodes that more bits belong to, the one that integer code is full of. */
const MOST_EXTENDED = 31;

/**
 * Goes to the label of the instruction that a word is, or of id 0. Most are found by a jump table alone, with no load on the way: code that
 * the interpreter sees is cold, its jumps are mispredicted, and then what counts is how soon the right target is known.
 */
export function emitDispatch(emit: CodeEmitter, word: number, labels: readonly Label[], illegal: Label): void {
  const { lowMask, base, ids } = DECODE_TABLE;
  const extended = emit.block();
  const mostExtended = emit.block();
  emit.localGet(word);
  emit.constant(SHORT_KEY_ROTATION);
  emit.op(Op.i32Rotl);
  emit.constant(SHORT_KEYS.length - 1);
  emit.op(Op.i32And);
  const byShortKey = SHORT_KEYS.map(({ primary, low }) => {
    if (primary === MOST_EXTENDED) return mostExtended;
    const mask = lowMask[primary]!;
    return mask > 3 ? extended : labels[ids[base[primary]! + (low & mask)]!]!;
  });
  emit.branchTable(byShortKey, illegal);
  emit.end();
  emit.localGet(word);
  emit.constant(lowMask[MOST_EXTENDED]!);
  emit.op(Op.i32And);
  emit.constant(1);
  emit.op(Op.i32Shl);
  emit.memory(Op.i32Load16U, 1, IDS + 2 * base[MOST_EXTENDED]!);
  emit.branchTable(labels, illegal);
  emit.end();
  emitDecode(emit, word);
  emit.branchTable(labels, illegal);
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
