import { Fpscr } from '../fpu/index.js';
import { dispatchedInterpreter } from '../interpreter/dispatched-interpreter.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, MSR_IMPLEMENTED, Msr, VECTORS, type VectorRow } from '../isa/vectors.js';
import { ACCESS_FAULTS, ENDLESS_FAULT_COUNT } from '../processor/fault-watch.js';
import { INTERRUPT_ENTRY } from '../processor/interrupt-entry.js';
import {
  codeBitmapBase,
  ENTRIES_BASE,
  FUNCTION_TABLE_SIZE,
  HEAT_BASE,
  HEAT_BYTES,
  HOST_ROUTINES,
  RAM_ADJUST,
  RAM_BASE,
  RAM_OFFSET,
  SLOT_BASE,
  SLOT_BYTES,
  Slot,
  SOFT_TLB_BASE,
  SOFT_TLB_CONTEXTS,
  SOFT_TLB_TABLE_BYTES,
  State,
} from '../processor/state-layout.js';
import { CALLOUT_IMPORTS, calloutIndex } from '../semantics/callouts.js';
import { CodeEmitter, type Label } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import { encodeModule, type FunctionDefinition, type FunctionImport } from '../wasm/module-encoder.js';
import { Op, ValueType } from '../wasm/opcodes.js';
import { ACCESS_SIZES, type AccessSize, loadName, storeName } from './memory-helpers.js';
import { REGION_TYPE, RegionExit } from './region-function.js';
import { StateBuilder } from './state-builder.js';

/** MSR bits that survive an interrupt with SRR0 and SRR1 (PPC440x5 UM, chapter 6). */
const BASE_KEPT_MSR = INTERRUPT_ENTRY.base.keptMsr;
const sprOffset = (name: string): number => State.spr + 4 * sprn(name);
const SPR = {
  SRR0: sprOffset('SRR0'),
  SRR1: sprOffset('SRR1'),
  ESR: sprOffset('ESR'),
  DEAR: sprOffset('DEAR'),
  IVPR: sprOffset('IVPR'),
  IVOR0: sprOffset('IVOR0'),
  PID: sprOffset('PID'),
} as const;
const LOAD_OP = { 1: Op.i32Load8U, 2: Op.i32Load16U, 4: Op.i32Load } as const;
const STORE_OP = { 1: Op.i32Store8, 2: Op.i32Store16, 4: Op.i32Store } as const;
const SIZE_LOG2 = { 1: 0, 2: 1, 4: 2 } as const;
const MIRROR = { 1: 3, 2: 2, 4: 0 } as const;

/** Asks the translator for code at State.pc, to which control has come often. */
const TRANSLATE: FunctionImport = { name: 'translate', params: ['i32'], results: [] };
/** Says that the region at State.pc is entered often. */
const PROMOTE: FunctionImport = { name: 'promote', params: [], results: [] };
const ATTEND: FunctionImport = { name: 'attend', params: [], results: [] };
const SELECT_CONTEXTS: FunctionImport = { name: 'selectContexts', params: [], results: [] };
const IMPORTS: readonly FunctionImport[] = [...CALLOUT_IMPORTS, TRANSLATE, PROMOTE, ATTEND, SELECT_CONTEXTS];
const TRANSLATE_INDEX = IMPORTS.indexOf(TRANSLATE);
const PROMOTE_INDEX = IMPORTS.indexOf(PROMOTE);
const ATTEND_INDEX = IMPORTS.indexOf(ATTEND);
const SELECT_CONTEXTS_INDEX = IMPORTS.indexOf(SELECT_CONTEXTS);
/** The module's own functions, in the order in which they are defined. */
const Own = {
  interpret: IMPORTS.length,
  run: IMPORTS.length + 1,
  findContexts: IMPORTS.length + 2,
  setMsr: IMPORTS.length + 3,
} as const;

export interface RuntimeModuleOptions {
  readonly memoryPages: number;
  readonly ramSizeBytes: number;
  /** How often control comes to an address between two calls of the translator; a power of two. */
  readonly heatStep: number;
  /** How often a region is entered before it is translated anew, larger. */
  readonly promotionEntries: number;
}

/**
 * The module that runs translated code: `run` dispatches between regions and the interpreter, the others are the accesses for which a
 * region's fast path does not suffice.
 */
export function buildRuntimeModule({
  memoryPages,
  ramSizeBytes,
  heatStep,
  promotionEntries,
}: RuntimeModuleOptions): Uint8Array<ArrayBuffer> {
  return encodeModule({
    functionImports: IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    tableSize: FUNCTION_TABLE_SIZE,
    indirectCall: REGION_TYPE,
    functions: [
      dispatchedInterpreter(),
      runFunction(heatStep, promotionEntries),
      findContextsFunction(),
      setMsrFunction(),
      returnFromInterruptFunction(),
      zeroLineFunction(),
      ...ACCESS_SIZES.map(loadFunction),
      ...ACCESS_SIZES.map((size) => storeFunction(size, codeBitmapBase(ramSizeBytes))),
    ],
  });
}

/** Goes from region to region until the count is used up or an interrupt is pending; what has no region is interpreted. */
function runFunction(heatStep: number, promotionEntries: number): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const b = new StateBuilder(emit);
  const end = emit.block();
  const next = emit.loop();
  b.if(b.state(State.pendingVector), () => takeInterrupt(b, next, end));
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
        const region = b.let(b.word32(slot, SLOT_BASE + Slot.function));
        const counter = b.let(b.shl(region, constant(2)));
        const entries = b.let(b.add(b.word32(counter, ENTRIES_BASE), constant(1)));
        emit.value(counter);
        emit.value(entries);
        emit.memory(Op.i32Store, 2, ENTRIES_BASE);
        b.if(b.eq(entries, constant(promotionEntries)), () => {
          emit.call(PROMOTE_INDEX);
          emit.branch(next);
        });
        emit.value(b.word32(slot, SLOT_BASE + Slot.place));
        emit.value(region);
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
  emit.call(Own.interpret);
  emit.branch(next);
  emit.end();
  emit.end();
  return { name: 'run', params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/**
 * Takes the pending interrupt as the architecture says. One that goes to a host is the host's routine's, which goes on at `next` where it
 * has handled it. Goes to `otherwise` where the processor must do it.
 */
function takeInterrupt(b: StateBuilder, next: Label, otherwise: Label): void {
  const { emit } = b;
  const vector = b.let(b.sub(b.state(State.pendingVector), constant(1)));
  const isOneOf = (vectors: number | I32) => b.and(b.shrU(typeof vectors === 'number' ? constant(vectors) : vectors, vector), constant(1));
  b.if(b.eq(isOneOf(b.state(State.deliverableVectors)), constant(0)), () => {
    b.if(isOneOf(b.state(State.hostVectors)), () => {
      emit.value(vector);
      emit.value(b.add(vector, constant(HOST_ROUTINES)));
      emit.op(Op.callIndirect, 0, 0);
      emit.branchIf(next);
    });
    emit.branch(otherwise);
  });
  b.setState(State.pendingVector, constant(0));
  const [pc, dear] = [b.state(State.pc), b.state(State.pendingDear)];
  const isSame = b.and(
    b.and(b.eq(b.state(State.faultVector), b.add(vector, constant(1))), isOneOf(bitsOf((row) => ACCESS_FAULTS.has(row.ivor)))),
    b.and(b.eq(b.state(State.faultPc), pc), b.eq(b.state(State.faultDear), dear)),
  );
  b.setState(State.faultCount, b.add(b.select(isSame, b.state(State.faultCount), constant(0)), constant(1)));
  const atOnce = b.eq(b.state(State.faultRemaining), b.state(State.remaining));
  b.setState(State.faultsAtOnce, b.add(b.select(atOnce, b.state(State.faultsAtOnce), constant(0)), constant(1)));
  b.setState(State.faultRemaining, b.state(State.remaining));
  b.setState(State.faultVector, b.add(vector, constant(1)));
  b.setState(State.faultPc, pc);
  b.setState(State.faultDear, dear);
  b.setState(SPR.SRR0, pc);
  b.setState(SPR.SRR1, b.msr());
  b.if(isOneOf(bitsOf((row) => row.writesEsr === true)), () => {
    b.setState(SPR.ESR, b.or(b.and(b.state(SPR.ESR), constant(Esr.MCI)), b.state(State.pendingEsr)));
  });
  b.if(isOneOf(bitsOf((row) => row.writesDear === true)), () => b.setState(SPR.DEAR, dear));
  const counter = b.let(b.shl(vector, constant(2)));
  emit.value(counter);
  emit.value(b.add(b.word32(counter, State.interruptCounts), constant(1)));
  emit.memory(Op.i32Store, 2, State.interruptCounts);
  b.setState(State.msr, b.and(b.msr(), constant(BASE_KEPT_MSR)));
  emit.call(Own.findContexts);
  b.setState(State.pc, b.or(b.state(SPR.IVPR), b.word32(b.shl(vector, constant(2)), SPR.IVOR0)));
  const isEndless = (counter: number) => b.gtU(b.state(counter), constant(ENDLESS_FAULT_COUNT - 1));
  emit.value(b.or(isEndless(State.faultCount), isEndless(State.faultsAtOnce)));
  emit.branchIf(otherwise);
}

function bitsOf(holds: (row: VectorRow) => boolean): number {
  return VECTORS.reduce((bits, row) => (holds(row) ? bits | (1 << row.ivor) : bits), 0);
}

/** Points the tables at the software TLB's contexts for the present MSR and PID; asks the processor where one is missing. */
function findContextsFunction(): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const b = new StateBuilder(emit);
  const state = b.let(b.msr());
  const isUser = b.shl(b.and(b.shrU(state, constant(14)), constant(1)), constant(9));
  const keyOf = (spaceBit: number) =>
    b.let(
      b.add(b.or(b.or(isUser, b.shl(b.and(b.shrU(state, constant(spaceBit)), constant(1)), constant(8))), b.state(SPR.PID)), constant(1)),
    );
  const found = { data: b.variable(constant(-1)), fetch: b.variable(constant(-1)) };
  const keys = { data: keyOf(4), fetch: keyOf(5) };
  for (let context = 0; context < SOFT_TLB_CONTEXTS; context++) {
    const key = b.let(b.state(State.contextKeys + 4 * context));
    for (const kind of ['data', 'fetch'] as const) b.if(b.eq(key, keys[kind]), () => found[kind].set(constant(context)));
  }
  b.if(
    b.gtS(constant(0), b.or(found.data.value, found.fetch.value)),
    () => emit.call(SELECT_CONTEXTS_INDEX),
    () => {
      const tables = (context: I32) => b.add(b.mul(context, constant(3 * SOFT_TLB_TABLE_BYTES)), constant(SOFT_TLB_BASE));
      const data = b.let(tables(found.data.value));
      b.setState(State.readTable, data);
      b.setState(State.writeTable, b.add(data, constant(SOFT_TLB_TABLE_BYTES)));
      b.setState(State.executeTable, b.add(tables(found.fetch.value), constant(2 * SOFT_TLB_TABLE_BYTES)));
      b.setState(State.contextClock, b.add(b.state(State.contextClock), constant(1)));
      for (const kind of ['data', 'fetch'] as const) {
        emit.value(b.shl(found[kind].value, constant(2)));
        emit.value(b.state(State.contextClock));
        emit.memory(Op.i32Store, 2, State.contextUses);
      }
    },
  );
  return { name: 'findContexts', params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

const TRANSLATION_BITS = Msr.PR | Msr.IS | Msr.DS;

/** The call-out of this name, as far as it needs nobody outside. */
function setMsrFunction(): FunctionDefinition {
  const emit = new CodeEmitter(1);
  const b = new StateBuilder(emit);
  const msr = b.let(b.and(b.parameter(0), constant(MSR_IMPLEMENTED)));
  const changed = b.let(b.xor(b.msr(), msr));
  b.setState(State.msr, msr);
  b.if(b.and(changed, constant(TRANSLATION_BITS)), () => emit.call(Own.findContexts));
  const raised = b.let(b.and(changed, msr));
  const enables = b.and(b.ne(b.and(raised, constant(Msr.EE | Msr.CE)), constant(0)), b.state(State.interruptWaiting));
  const unmasksFloat = b.and(
    b.ne(b.and(raised, constant(Msr.FE0 | Msr.FE1)), constant(0)),
    b.ne(b.and(b.state(State.fpscr), constant(Fpscr.FEX)), constant(0)),
  );
  b.if(b.or(b.and(raised, constant(Msr.WE | Msr.DE)), b.or(enables, unmasksFloat)), () => emit.call(ATTEND_INDEX));
  return { name: 'setMsr', params: ['i32'], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/** The call-out of this name: rfi here, its rarer kin in the processor. */
function returnFromInterruptFunction(): FunctionDefinition {
  const emit = new CodeEmitter(1);
  const b = new StateBuilder(emit);
  b.if(
    b.parameter(0),
    () => {
      emit.value(b.parameter(0));
      emit.call(calloutIndex('returnFromInterrupt'));
    },
    () => {
      b.setState(State.pc, b.and(b.state(SPR.SRR0), constant(-4)));
      emit.value(b.state(SPR.SRR1));
      emit.call(Own.setMsr);
    },
  );
  return { name: 'returnFromInterrupt', params: ['i32'], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

const CACHE_LINE_BYTES = 32;

/** The call-out of this name, where the line lies in cached RAM without translated code. */
function zeroLineFunction(): FunctionDefinition {
  const emit = new CodeEmitter(1);
  const b = new StateBuilder(emit);
  const ea = b.parameter(0);
  const entry = b.let(b.word32(b.add(b.and(b.shrU(ea, constant(10)), constant(0x003ffffc)), b.state(State.writeTable)), 0));
  b.if(
    b.and(b.and(entry, constant(1)), b.eq(b.state(State.uncachedRam), constant(0))),
    () => {
      const line = b.let(b.add(b.and(ea, constant(-CACHE_LINE_BYTES)), entry));
      for (let offset = 0; offset < CACHE_LINE_BYTES; offset += 8) {
        emit.value(line);
        emit.value(b.const64(0n));
        emit.memory(Op.i64Store, 3, RAM_OFFSET + offset);
      }
    },
    () => {
      emit.value(ea);
      emit.call(calloutIndex('zeroLine'));
    },
  );
  return { name: 'zeroLine', params: ['i32'], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
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
