import { interpreterFunction } from '../interpreter/interpreter-module.js';
import {
  codeBitmapBase,
  HEAT_BASE,
  HEAT_BYTES,
  RAM_ADJUST,
  RAM_BASE,
  RAM_OFFSET,
  SLOT_BASE,
  SLOT_BYTES,
  Slot,
  State,
} from '../processor/state-layout.js';
import { CALLOUT_IMPORTS, calloutIndex } from '../semantics/callouts.js';
import { CodeEmitter } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import { encodeModule, type FunctionDefinition, type FunctionImport } from '../wasm/module-encoder.js';
import { Op, ValueType } from '../wasm/opcodes.js';
import { ACCESS_SIZES, type AccessSize, loadName, storeName } from './memory-helpers.js';
import { REGION_TYPE, RegionExit } from './region-function.js';
import { StateBuilder } from './state-builder.js';

const LOAD_OP = { 1: Op.i32Load8U, 2: Op.i32Load16U, 4: Op.i32Load } as const;
const STORE_OP = { 1: Op.i32Store8, 2: Op.i32Store16, 4: Op.i32Store } as const;
const SIZE_LOG2 = { 1: 0, 2: 1, 4: 2 } as const;
const MIRROR = { 1: 3, 2: 2, 4: 0 } as const;

/** Asks the translator for code at State.pc, to which control has come often. */
const TRANSLATE: FunctionImport = { name: 'translate', params: ['i32'], results: [] };
const IMPORTS: readonly FunctionImport[] = [...CALLOUT_IMPORTS, TRANSLATE];
const TRANSLATE_INDEX = IMPORTS.length - 1;
const INTERPRET_INDEX = IMPORTS.length;

export interface RuntimeModuleOptions {
  readonly memoryPages: number;
  readonly ramSizeBytes: number;
  readonly tableSize: number;
  /** How often control comes to an address between two calls of the translator; a power of two. */
  readonly heatStep: number;
}

/**
 * The module that runs translated code: `run` dispatches between regions and the interpreter, the others are the accesses for which a
 * region's fast path does not suffice.
 */
export function buildRuntimeModule({ memoryPages, ramSizeBytes, tableSize, heatStep }: RuntimeModuleOptions): Uint8Array<ArrayBuffer> {
  return encodeModule({
    functionImports: IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    tableSize,
    indirectCall: REGION_TYPE,
    functions: [
      interpreterFunction({ stopsAtJumps: true }),
      runFunction(heatStep),
      ...ACCESS_SIZES.map(loadFunction),
      ...ACCESS_SIZES.map((size) => storeFunction(size, codeBitmapBase(ramSizeBytes))),
    ],
  });
}

/** Goes from region to region until the count is used up or an interrupt is pending; what has no region is interpreted. */
function runFunction(heatStep: number): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const b = new StateBuilder(emit);
  const end = emit.block();
  const next = emit.loop();
  emit.value(b.state(State.pendingVector));
  emit.branchIf(end);
  emit.value(b.gtS(constant(1), b.state(State.remaining)));
  emit.branchIf(end);
  const pc = b.let(b.state(State.pc));
  const entry = b.let(b.word32(b.add(b.and(b.shrU(pc, constant(10)), constant(0x003ffffc)), b.state(State.executeTable)), 0));
  b.if(entry, () => {
    const place = b.let(b.and(b.add(pc, entry), constant(-4)));
    const slot = b.let(b.and(b.shl(place, constant(2)), constant(SLOT_BYTES - Slot.size)));
    b.if(
      b.and(b.eq(b.word32(slot, SLOT_BASE + Slot.pc), pc), b.eq(b.word32(slot, SLOT_BASE + Slot.entry), entry)),
      () => {
        emit.value(b.word32(slot, SLOT_BASE + Slot.place));
        emit.value(b.word32(slot, SLOT_BASE + Slot.function));
        emit.op(Op.callIndirect, 0, 0);
        emit.constant(RegionExit.goOn);
        emit.op(Op.i32Eq);
        emit.branchIf(next);
        // What it leaves to the interpreter may lie behind the last instruction of this run.
        emit.value(b.gtS(constant(1), b.state(State.remaining)));
        emit.branchIf(end);
      },
      () => {
        const counter = b.let(b.and(place, constant(HEAT_BYTES - 4)));
        const heat = b.let(b.add(b.word32(counter, HEAT_BASE), constant(1)));
        emit.value(counter);
        emit.value(heat);
        emit.memory(Op.i32Store, 2, HEAT_BASE);
        b.if(b.eq(b.and(heat, constant(heatStep - 1)), constant(0)), () => {
          emit.value(heat);
          emit.call(TRANSLATE_INDEX);
          emit.branch(next);
        });
      },
    );
  });
  emit.call(INTERPRET_INDEX);
  emit.branch(next);
  emit.end();
  emit.end();
  return { name: 'run', params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/** Leaves the host address on the stack where the software TLB has it, inside an `if` that is left open. */
function ifMapped(b: StateBuilder, table: number, ea: I32, size: AccessSize, resultType: number): void {
  const { emit } = b;
  const index = b.and(b.shrU(ea, constant(10)), constant(0x003ffffc));
  const entry = b.let(b.word32(b.add(index, b.state(table)), 0));
  const valid = b.and(entry, constant(1));
  const isFast = size === 1 ? valid : b.eq(b.and(b.or(b.xor(entry, constant(1)), ea), constant(size - 1)), constant(0));
  emit.if(isFast, resultType);
  emit.value(b.add(b.xor(ea, constant(MIRROR[size])), entry));
}

function loadFunction(size: AccessSize): FunctionDefinition {
  const emit = new CodeEmitter(3);
  const b = new StateBuilder(emit);
  const [ea, pc, remaining] = [b.parameter(0), b.parameter(1), b.parameter(2)];
  b.setState(State.pc, pc);
  b.setState(State.remaining, remaining);
  ifMapped(b, State.readTable, ea, size, ValueType.i32);
  emit.memory(LOAD_OP[size], SIZE_LOG2[size], RAM_OFFSET);
  emit.else();
  emit.value(ea);
  emit.constant(size);
  emit.call(calloutIndex('load'));
  emit.end();
  return { name: loadName(size), params: ['i32', 'i32', 'i32'], results: ['i32'], locals: emit.localTypes, code: emit.sink.bytes() };
}

/** Words that hold no translated code are stored to at once, also in pages that are watched because others do. */
function storeFunction(size: AccessSize, codeBitmap: number): FunctionDefinition {
  const emit = new CodeEmitter(4);
  const b = new StateBuilder(emit);
  const [ea, value, pc, remaining] = [b.parameter(0), b.parameter(1), b.parameter(2), b.parameter(3)];
  b.setState(State.pc, pc);
  b.setState(State.remaining, remaining);
  const entry = b.let(b.word32(b.add(b.and(b.shrU(ea, constant(10)), constant(0x003ffffc)), b.state(State.writeTable)), 0));
  const aligned = b.eq(b.and(ea, constant(size - 1)), constant(0));
  b.if(b.and(b.ne(entry, constant(0)), aligned), () => {
    const place = b.let(b.add(b.and(entry, constant(-RAM_ADJUST)), constant(RAM_ADJUST)));
    const pa = b.let(b.sub(b.add(ea, place), constant(RAM_BASE)));
    const codeByte: I32 = {
      type: 'i32',
      kind: 'load',
      op: Op.i32Load8U,
      alignLog2: 0,
      offset: codeBitmap,
      address: b.shrU(pa, constant(5)),
    };
    const isCode = b.and(b.shrU(codeByte, b.and(b.shrU(pa, constant(2)), constant(7))), constant(1));
    b.if(b.eq(isCode, constant(0)), () => {
      emit.value(b.add(b.xor(ea, constant(MIRROR[size])), place));
      emit.value(value);
      emit.memory(STORE_OP[size], SIZE_LOG2[size], 0);
      emit.op(Op.return);
    });
  });
  emit.value(ea);
  emit.constant(size);
  emit.value(value);
  emit.call(calloutIndex('store'));
  return { name: storeName(size), params: ['i32', 'i32', 'i32', 'i32'], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}
