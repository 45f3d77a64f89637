import { dispatchedInterpreters } from '../interpreter/dispatched-interpreter.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, VECTORS, Vector } from '../isa/vectors.js';
import { ACCESS_FAULTS, ENDLESS_FAULT_COUNT } from '../processor/fault-watch.js';
import { INTERRUPT_ENTRY } from '../processor/interrupt-entry.js';
import { ENTRIES_BASE, FUNCTION_TABLE_SIZE, HEAT_BASE, HEAT_BYTES, HOST_ROUTINES, State } from '../processor/state-layout.js';
import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import { CodeEmitter, type Label } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32, type I64 } from '../semantics/expression.js';
import { areMissing, findHandlerContexts, TRANSLATION_BITS, useContexts } from '../semantics/machine-state.js';
import { StateBuilder } from '../semantics/state-builder.js';
import { encodeModule, type FunctionDefinition, type FunctionImport } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { REGION_TYPE, RegionExit } from './region-function.js';
import { codePlace, isSlotFor, slotOf, slotWord } from './slot-lookup.js';

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
} as const;

/** Asks the translator for code at State.pc, to which control has come often. */
const TRANSLATE: FunctionImport = { name: 'translate', params: [], results: [] };
/** Says that the region at State.pc is entered often. */
const PROMOTE: FunctionImport = { name: 'promote', params: [], results: [] };
/** Functions of the call-out module (callouts/state-functions.ts, callouts/access-functions.ts). */
const FIND_CONTEXTS: FunctionImport = { name: 'findContexts', params: [], results: [] };
const MAP_CODE: FunctionImport = { name: 'mapCode', params: ['i32'], results: ['i32'] };
const IMPORTS: readonly FunctionImport[] = [...CALLOUT_IMPORTS, TRANSLATE, PROMOTE, FIND_CONTEXTS, MAP_CODE];
const TRANSLATE_INDEX = IMPORTS.indexOf(TRANSLATE);
const PROMOTE_INDEX = IMPORTS.indexOf(PROMOTE);
const FIND_CONTEXTS_INDEX = IMPORTS.indexOf(FIND_CONTEXTS);
const MAP_CODE_INDEX = IMPORTS.indexOf(MAP_CODE);
/** The module's own interpreters. */
const INTERPRET_ORDINARY_INDEX = IMPORTS.length;
const INTERPRET_ALL_INDEX = INTERPRET_ORDINARY_INDEX + 1;

export interface RuntimeModuleOptions {
  readonly memoryPages: number;
  /** How often a region is entered before it is translated anew, larger. */
  readonly promotionEntries: number;
}

/** The module that runs translated code: `run` dispatches between regions and the interpreter. */
export function buildRuntimeModule({ memoryPages, promotionEntries }: RuntimeModuleOptions): Uint8Array<ArrayBuffer> {
  return encodeModule({
    functionImports: IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    tableSize: FUNCTION_TABLE_SIZE,
    indirectCall: REGION_TYPE,
    functions: [...dispatchedInterpreters(), runFunction(promotionEntries)],
  });
}

/** Goes from region to region until the count is used up or an interrupt is pending; what has no region is interpreted. */
function runFunction(promotionEntries: number): FunctionDefinition {
  const emit = new CodeEmitter(0);
  const b = new StateBuilder(emit);
  const end = emit.block();
  const next = emit.loop();
  b.if(b.state(State.pendingVector), () => takeInterrupt(b, next, end));
  emit.value(b.gtS(constant(1), b.state(State.remaining)));
  emit.branchIf(end);
  const pc = b.let(b.state(State.pc));
  const reason = b.variable(constant(RegionExit.goOn));
  const entry = b.variable(b.executeEntry(pc));
  // A page that the software TLB has lost may hold translated code: it is looked up here, as the interpreter's first fetch would.
  b.if(b.eq(entry.value, constant(0)), () => {
    entry.set(b.result(MAP_CODE_INDEX, pc));
    emit.value(b.state(State.pendingVector));
    emit.branchIf(next);
  });
  b.if(entry.value, () => {
    const place = b.let(codePlace(b, pc, entry.value));
    const slot = b.let(slotOf(b, place));
    b.if(
      isSlotFor(b, slot, b.or(pc, b.state(State.xerSo)), entry.value),
      () => {
        const region = b.let(slotWord(slot, 'function'));
        const counter = b.let(b.shl(region, constant(2)));
        const entries = b.let(b.add(b.word32(counter, ENTRIES_BASE), constant(1)));
        emit.value(counter);
        emit.value(entries);
        emit.memory(Op.i32Store, 2, ENTRIES_BASE);
        b.if(b.eq(entries, constant(promotionEntries)), () => {
          emit.call(PROMOTE_INDEX);
          emit.branch(next);
        });
        emit.value(slotWord(slot, 'place'));
        emit.value(region);
        emit.op(Op.callIndirect, 0, 0);
        if (reason.value.kind !== 'local') throw new Error('a variable lies in a local');
        emit.localTee(reason.value.index);
        emit.op(Op.i32Eqz);
        emit.branchIf(next);
        // An access that was left may have raised an interrupt instead.
        emit.value(b.state(State.pendingVector));
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
        b.if(b.eq(b.and(heat, b.state(State.heatMask)), constant(0)), () => {
          emit.call(TRANSLATE_INDEX);
          emit.branch(next);
        });
      },
    );
  });
  // What is withheld from the count to stop early has not retired.
  const retirable = () => b.add(b.state(State.remaining), b.state(State.withheld));
  const before = b.let(retirable());
  b.setState(State.interpretsOne, b.eq(reason.value, constant(RegionExit.access)));
  b.if(
    b.or(b.state(State.interpretsAll), b.eq(entry.value, constant(0))),
    () => emit.call(INTERPRET_ALL_INDEX),
    () => emit.call(INTERPRET_ORDINARY_INDEX),
  );
  const counter = b.let(b.shl(reason.value, constant(3)));
  const count: I64 = { type: 'i64', kind: 'load', op: Op.i64Load, alignLog2: 3, offset: State.interpreted, address: counter };
  emit.value(counter);
  emit.value(b.add64(count, b.extendU64(b.sub(before, retirable()))));
  emit.memory(Op.i64Store, 3, State.interpreted);
  emit.branch(next);
  emit.end();
  emit.end();
  return { name: 'run', params: [], results: [], locals: emit.localTypes, code: emit.sink.bytes() };
}

/** What an interrupt does beside what all do, by vector: a nibble each of one constant, so that a shift finds it. */
const Effect = { isAccessFault: 1, writesEsr: 2, writesDear: 4 } as const;
const EFFECTS = VECTORS.reduce((all, row) => {
  const effects =
    (ACCESS_FAULTS.has(row.ivor) ? Effect.isAccessFault : 0) |
    (row.writesEsr ? Effect.writesEsr : 0) |
    (row.writesDear ? Effect.writesDear : 0);
  return all | (BigInt(effects) << BigInt(4 * row.ivor));
}, 0n);

/** The interrupts that a guest takes most and that are no faults of an access have code of their own, in which their row is known. */
const OFTEN_TAKEN = [Vector.systemCall, Vector.program] as const;

/**
 * Takes the pending interrupt as the architecture says. One that goes to a host is the host's routine's, which goes on at `next` where it
 * has handled it. Goes to `otherwise` where the processor must do it.
 */
function takeInterrupt(b: StateBuilder, next: Label, otherwise: Label): void {
  const { emit } = b;
  const vector = b.let(b.sub(b.state(State.pendingVector), constant(1)));
  const isOneOf = (vectors: I32) => b.and(b.shrU(vectors, vector), constant(1));
  b.if(b.eq(isOneOf(b.state(State.deliverableVectors)), constant(0)), () => {
    b.if(isOneOf(b.state(State.hostVectors)), () => {
      emit.value(vector);
      emit.value(b.add(vector, constant(HOST_ROUTINES)));
      emit.op(Op.callIndirect, 0, 0);
      emit.branchIf(next);
    });
    emit.branch(otherwise);
  });
  const enterKnown = ([known, ...others]: readonly number[]): void => {
    if (known === undefined) enterInterrupt(b, vector, otherwise);
    else
      b.if(
        b.eq(vector, constant(known)),
        () => enterInterrupt(b, constant(known), otherwise),
        () => enterKnown(others),
      );
  };
  enterKnown(OFTEN_TAKEN);
}

/** @param vector a pinned value, or a constant */
function enterInterrupt(b: StateBuilder, vector: I32, otherwise: Label): void {
  const { emit } = b;
  const has = effectsOf(b, vector);
  const [pc, dear, remaining] = [b.let(b.state(State.pc)), b.let(b.state(State.pendingDear)), b.let(b.state(State.remaining))];
  b.setState(State.pendingVector, constant(0));

  // What fault-watch.ts does.
  const inARow = b.variable(constant(1));
  has(Effect.isAccessFault, () => {
    const isSamePlace = b.and(b.eq(b.state(State.faultPc), pc), b.eq(b.state(State.faultDear), dear));
    const isSame = b.and(b.eq(b.state(State.faultVector), b.add(vector, constant(1))), isSamePlace);
    inARow.set(b.add(b.select(isSame, b.state(State.faultCount), constant(0)), constant(1)));
  });
  b.setState(State.faultCount, inARow.value);
  const isAtOnce = b.eq(b.state(State.faultRemaining), remaining);
  const atOnce = b.let(b.add(b.select(isAtOnce, b.state(State.faultsAtOnce), constant(0)), constant(1)));
  b.setState(State.faultsAtOnce, atOnce);
  b.setState(State.faultRemaining, remaining);
  b.setState(State.faultVector, b.add(vector, constant(1)));
  b.setState(State.faultPc, pc);
  b.setState(State.faultDear, dear);

  const interrupted = b.let(b.msr());
  b.setState(SPR.SRR0, pc);
  b.setState(SPR.SRR1, interrupted);
  has(Effect.writesEsr, () => {
    b.setState(SPR.ESR, b.or(b.and(b.state(SPR.ESR), constant(Esr.MCI)), b.state(State.pendingEsr)));
  });
  has(Effect.writesDear, () => b.setState(SPR.DEAR, dear));
  const row = b.let(b.shl(vector, constant(2)));
  b.setWord32(row, State.interruptCounts, b.add(b.word32(row, State.interruptCounts), constant(1)));
  b.setState(State.msr, b.and(interrupted, constant(BASE_KEPT_MSR)));
  b.if(b.and(interrupted, constant(TRANSLATION_BITS & ~BASE_KEPT_MSR)), () => {
    const contexts = findHandlerContexts(b);
    b.if(
      areMissing(b, contexts),
      () => emit.call(FIND_CONTEXTS_INDEX),
      () => useContexts(b, contexts),
    );
  });
  b.setState(State.pc, b.or(b.state(SPR.IVPR), b.word32(row, SPR.IVOR0)));
  const isEndless = (count: I32) => b.gtU(count, constant(ENDLESS_FAULT_COUNT - 1));
  emit.value(b.or(isEndless(inARow.value), isEndless(atOnce)));
  emit.branchIf(otherwise);
}

/** Does something where an interrupt has an effect: found out here for a vector that is known, else by the code. */
function effectsOf(b: StateBuilder, vector: I32): (effect: number, then: () => void) => void {
  const known = constantValue(vector);
  if (known !== undefined) {
    const effects = Number((EFFECTS >> BigInt(4 * known)) & 15n);
    return (effect, then) => {
      if (effects & effect) then();
    };
  }
  const nibble = b.extendU64(b.shl(vector, constant(2)));
  const effects = b.let(b.wrap(b.binary64(Op.i64ShrU, b.const64(BigInt.asIntN(64, EFFECTS)), nibble)));
  return (effect, then) => b.if(b.and(effects, constant(effect)), then);
}
