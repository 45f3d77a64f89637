import { fieldsOf, INSTRUCTION_SET, type Instruction } from '../isa/instruction-set.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { HEAT_BASE, HEAT_BYTES, HEAT_TRANSLATED, State } from '../processor/state-layout.js';
import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import { CodeEmitter, type Label } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import { StateBuilder } from '../semantics/state-builder.js';
import { encodeModule, type FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { emitDispatch } from './decode-table.js';
import { InterpreterBuilder, type InterpreterLocals } from './interpreter-builder.js';
import { beginLine, beginLineInPage, beginLineOrLeave, countAt, fetch } from './straight-line.js';

/** The module of a processor that only interprets; `countsInstructions` makes it slower by a tenth or two. */
export function buildInterpreterModule(memoryPages: number, countsInstructions = false): Uint8Array<ArrayBuffer> {
  return encodeModule({
    functionImports: CALLOUT_IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    functions: [interpreterFunction({ name: 'interpret', isDispatched: false, hasSpecial: true, countsInstructions })],
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
 * where State.interpretsOne says so. Without `hasSpecial` it sets State.interpretsAll and returns in front of an instruction that few
 * guests execute: these are most of the code, and V8 takes twice as long for the whole, during which it runs slowly. As what a device gives
 * for an instruction must not be fetched twice, it also returns where a page is not in the software TLB. With
 * `countsInstructions` it counts in State.instructionCounts how often each was begun, those that then trapped included.
 */
export function interpreterFunction({
  name,
  isDispatched,
  hasSpecial,
  countsInstructions = false,
}: {
  readonly name: string;
  readonly isDispatched: boolean;
  readonly hasSpecial: boolean;
  readonly countsInstructions?: boolean;
}): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const locals: InterpreterLocals = { pc: emit.permanentLocal('i32'), word: emit.permanentLocal('i32') };
  const b = new StateBuilder(emit);
  const pc = b.parameter(locals.pc);
  const set = (index: number, value: I32): void => {
    emit.value(value);
    emit.localSet(index);
  };
  set(locals.pc, b.state(State.pc));
  beginLine(b, pc, isDispatched);

  const exit = emit.block();
  const next = emit.loop();
  const jumped = emit.block();
  const advanced = emit.block();
  const illegal = emit.block();
  const special = emit.block();

  // One block a case: branching to a case's label lands behind its block's end, where its code stands.
  const instructions = INSTRUCTION_SET.filter((instruction) => hasSpecial || !isSpecial(instruction));
  const cases = new Map(instructions.toReversed().map((instruction) => [instruction, emit.block()]));
  emit.block();
  set(locals.word, fetch(b, pc, { isDispatched, callsOut: hasSpecial }, exit));
  emit.releaseLocals();
  emitDispatch(emit, locals.word, [illegal, ...INSTRUCTION_SET.map((instruction) => cases.get(instruction) ?? special)], illegal);
  emit.end();

  for (const instruction of instructions) {
    emit.end();
    if (countsInstructions) emitCount(emit, instruction.id);
    const builder = new InterpreterBuilder(emit, locals, { jumped, interrupted: exit });
    emitInstruction(builder, instruction);
    emit.releaseLocals();
    if (!builder.finished) emit.branch(advanced);
  }

  emit.end(); // special
  b.setState(State.interpretsAll, constant(1));
  emit.branch(exit);
  emit.end(); // illegal
  const builder = new InterpreterBuilder(emit, locals, { jumped, interrupted: exit });
  builder.raise(Vector.program, { esr: Esr.PIL });
  emit.end(); // advanced
  set(locals.pc, b.add(pc, constant(4)));
  emit.branch(next);
  emit.end(); // jumped
  if (isDispatched) emitWarmth(b, pc, exit);
  else beginLineInPage(b, pc);
  emit.branch(next);
  emit.end(); // next
  emit.end(); // exit
  b.setState(State.pc, pc);
  b.setState(State.remaining, countAt(b, pc));

  return { name, params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/**
 * Behind a jump: leaves for the dispatcher where there is translated code for pc, or where the next visit makes it hot. Else counts the
 * visit, as the dispatcher does, and goes on.
 */
function emitWarmth(b: StateBuilder, pc: I32, exit: Label): void {
  const { emit } = b;
  emit.value(b.gtS(constant(1), countAt(b, pc)));
  emit.branchIf(exit);
  const entry = beginLineOrLeave(b, pc, exit);
  const place = b.let(b.and(b.add(pc, entry), constant(HEAT_BYTES - 4)));
  const heat = b.let(b.add(b.word32(place, HEAT_BASE), constant(1)));
  // Where it is translated, or 0 under the mask: both by one comparison.
  const mask = b.let(b.state(State.heatMask));
  const seen = b.sub(b.and(heat, b.or(mask, constant(HEAT_TRANSLATED))), constant(1));
  emit.value(b.gtU(seen, b.sub(mask, constant(1))));
  emit.branchIf(exit);
  b.setWord32(place, HEAT_BASE, heat);
  emit.releaseLocals();
}

/** What compilers make of ordinary code has none of: floating point, multiply-accumulate, and what sets XER[OV]. */
function isSpecial({ row, variant }: Instruction): boolean {
  return row.float === true || row.class === 'mac' || variant.OE === true;
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
