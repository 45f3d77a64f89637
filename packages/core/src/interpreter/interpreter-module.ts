import { fieldsOf, INSTRUCTION_SET, type Instruction } from '../isa/instruction-set.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { HEAT_BASE, HEAT_BYTES, RAM_OFFSET, SLOT_BASE, SLOT_BYTES, Slot, State } from '../processor/state-layout.js';
import { CALLOUT_IMPORTS, calloutIndex } from '../semantics/callouts.js';
import { CodeEmitter, type Label } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import { StateBuilder } from '../semantics/state-builder.js';
import { encodeModule, type FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { emitDecode } from './decode-table.js';
import { InterpreterBuilder, type InterpreterLocals } from './interpreter-builder.js';

/** The module of a processor that only interprets; `countsInstructions` makes it slower by a tenth or two. */
export function buildInterpreterModule(memoryPages: number, countsInstructions = false): Uint8Array<ArrayBuffer> {
  return encodeModule({
    functionImports: CALLOUT_IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    functions: [interpreterFunction({ isDispatched: false, countsInstructions })],
  });
}

/**
 * Generates the interpreter: one WebAssembly function `interpret` that fetches, decodes by the table, and branches to the code that
 * each instruction's semantics built. It returns when the count in State.remaining is used up or an interrupt is pending.
 *
 * A table of closures would be three times slower and a second, hand-written interpreter could drift apart from the translator; this
 * way both are made from the same semantics.
 *
 * With `isDispatched` it also returns where a jump leads to translated code or to what is hot enough to be, and after one instruction
 * where State.interpretsOne says so. With
 * `countsInstructions` it counts in State.instructionCounts how often each was begun, those that then trapped included.
 */
export function interpreterFunction({
  isDispatched,
  countsInstructions = false,
}: {
  isDispatched: boolean;
  countsInstructions?: boolean;
}): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const locals: InterpreterLocals = {
    pc: emit.permanentLocal('i32'),
    remaining: emit.permanentLocal('i32'),
    word: emit.permanentLocal('i32'),
    fetchPage: emit.permanentLocal('i32'),
    fetchEntry: emit.permanentLocal('i32'),
  };
  const single = isDispatched ? emit.permanentLocal('i32') : 0;
  const local = (index: number): I32 => ({ type: 'i32', kind: 'local', index });
  const loadState = (offset: number, into: number) => {
    emit.constant(0);
    emit.memory(Op.i32Load, 2, offset);
    emit.localSet(into);
  };
  const storeState = (offset: number, from: number) => {
    emit.constant(0);
    emit.localGet(from);
    emit.memory(Op.i32Store, 2, offset);
  };

  loadState(State.pc, locals.pc);
  loadState(State.remaining, locals.remaining);
  if (isDispatched) loadState(State.interpretsOne, single);
  emit.constant(1);
  emit.localSet(locals.fetchPage);

  const exit = emit.block();
  const interruptedAfter = emit.block();
  const next = emit.loop();
  const jumped = emit.block();
  const advanced = emit.block();
  const illegal = emit.block();

  // One block a case: branching to a case's label lands behind its block's end, where its code stands.
  const cases = INSTRUCTION_SET.map(() => emit.block()).reverse();
  emit.block();
  emitFetch(emit, locals, exit);
  emitDecode(emit, locals.word);
  emit.branchTable([illegal, ...cases], illegal);
  emit.end();

  for (const instruction of INSTRUCTION_SET) {
    emit.end();
    if (countsInstructions) emitCount(emit, instruction.id);
    const builder = new InterpreterBuilder(emit, locals, { jumped, interrupted: exit, interruptedAfter });
    emitInstruction(builder, instruction);
    emit.releaseLocals();
    if (!builder.finished) emit.branch(advanced);
  }

  emit.end(); // illegal
  const builder = new InterpreterBuilder(emit, locals, { jumped, interrupted: exit, interruptedAfter });
  builder.raise(Vector.program, { esr: Esr.PIL });
  const countOne = () => {
    emit.value(builder.sub(local(locals.remaining), constant(1)));
    emit.localTee(locals.remaining);
  };
  const goOn = () => {
    countOne();
    emit.constant(0);
    emit.op(Op.i32GtS);
    if (isDispatched) {
      emit.localGet(single);
      emit.op(Op.i32GtS);
    }
    emit.branchIf(next);
    emit.branch(exit);
  };
  emit.end(); // advanced
  emit.value(builder.nextPc());
  emit.localSet(locals.pc);
  if (isDispatched) goOn();
  emit.end(); // jumped
  if (isDispatched) {
    countOne();
    emit.constant(1);
    emit.op(Op.i32LtS);
    emit.branchIf(exit);
    emitWarmth(emit, locals, exit);
    emit.branch(next);
  } else goOn();
  emit.end(); // next
  emit.end(); // interruptedAfter
  emit.value(builder.sub(local(locals.remaining), constant(1)));
  emit.localSet(locals.remaining);
  emit.end(); // exit
  storeState(State.pc, locals.pc);
  storeState(State.remaining, locals.remaining);

  return { name: 'interpret', params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/**
 * Behind a jump: leaves for the dispatcher where there is translated code for pc, or where the next visit makes it hot. Else counts the
 * visit, as the dispatcher does, and goes on.
 */
function emitWarmth(emit: CodeEmitter, { pc, fetchPage, fetchEntry }: InterpreterLocals, exit: Label): void {
  const b = new StateBuilder(emit);
  const address = b.parameter(pc);
  b.if(b.ne(b.and(address, constant(-4096)), b.parameter(fetchPage)), () => {
    const entry = b.let(b.word32(b.add(b.pageOffset(address), b.state(State.executeTable)), 0));
    emit.value(b.eq(entry, constant(0)));
    emit.branchIf(exit);
    emit.value(entry);
    emit.localSet(fetchEntry);
    emit.value(b.and(address, constant(-4096)));
    emit.localSet(fetchPage);
  });
  const place = b.let(b.and(b.add(address, b.parameter(fetchEntry)), constant(-4)));
  const slot = b.let(b.and(b.shl(place, constant(2)), constant(SLOT_BYTES - Slot.size)));
  const heatAddress = b.let(b.and(place, constant(HEAT_BYTES - 4)));
  const heat = b.let(b.add(b.word32(heatAddress, HEAT_BASE), constant(1)));
  const isTranslated = b.eq(b.word32(slot, SLOT_BASE + Slot.pc), b.or(address, b.state(State.xerSo)));
  const isHot = b.eq(b.and(heat, b.state(State.heatMask)), constant(0));
  emit.value(b.or(isTranslated, isHot));
  emit.branchIf(exit);
  b.setWord32(heatAddress, HEAT_BASE, heat);
  emit.releaseLocals();
}

function emitCount(emit: CodeEmitter, id: number): void {
  const place = State.instructionCounts + 4 * id;
  emit.constant(0);
  emit.constant(0);
  emit.memory(Op.i32Load, 2, place);
  emit.constant(1);
  emit.op(Op.i32Add);
  emit.memory(Op.i32Store, 2, place);
}

function emitFetch(emit: CodeEmitter, locals: InterpreterLocals, exit: Label): void {
  const { pc, word, fetchPage, fetchEntry } = locals;
  const loadWord = () => {
    emit.localGet(pc);
    emit.localGet(fetchEntry);
    emit.op(Op.i32Add);
    emit.memory(Op.i32Load, 2, RAM_OFFSET);
    emit.localSet(word);
  };
  emit.localGet(pc);
  emit.constant(-4096);
  emit.op(Op.i32And);
  emit.localGet(fetchPage);
  emit.op(Op.i32Eq);
  emit.ifOnStack();
  loadWord();
  emit.else();
  emit.localGet(pc);
  emit.constant(10);
  emit.op(Op.i32ShrU);
  emit.constant(0x003ffffc);
  emit.op(Op.i32And);
  emit.constant(0);
  emit.memory(Op.i32Load, 2, State.executeTable);
  emit.op(Op.i32Add);
  emit.memory(Op.i32Load, 2, 0);
  emit.localTee(fetchEntry);
  emit.ifOnStack();
  emit.localGet(pc);
  emit.constant(-4096);
  emit.op(Op.i32And);
  emit.localSet(fetchPage);
  loadWord();
  emit.else();
  // Not in the table: a miss, a page that is smaller than the table's, or an interrupt.
  emit.constant(0);
  emit.localGet(pc);
  emit.memory(Op.i32Store, 2, State.pc);
  emit.constant(0);
  emit.localGet(locals.remaining);
  emit.memory(Op.i32Store, 2, State.remaining);
  emit.localGet(pc);
  emit.call(calloutIndex('fetch'));
  emit.localTee(fetchEntry);
  emit.op(Op.i32Eqz);
  emit.branchIf(exit);
  emit.localGet(fetchEntry);
  emit.memory(Op.i32Load, 2, 0);
  emit.localSet(word);
  emit.constant(1);
  emit.localSet(fetchPage);
  emit.end();
  emit.end();
}

function emitInstruction(builder: InterpreterBuilder, instruction: Instruction): void {
  const { row } = instruction;
  if (row.privileged) {
    builder.if(builder.and(builder.msr(), constant(Msr.PR)), () => builder.raise(Vector.program, { esr: Esr.PPR }));
  }
  if (row.float) {
    builder.if(builder.eq(builder.and(builder.msr(), constant(Msr.FP)), constant(0)), () => builder.raise(Vector.floatingPointUnavailable));
  }
  row.semantics(
    builder,
    fieldsOf(instruction, (name, bits) => builder.field(name, bits)),
  );
}
