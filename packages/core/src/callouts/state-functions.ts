import { Fpscr } from '../fpu/index.js';
import { sprByNumber, sprn } from '../isa/special-purpose-registers.js';
import { MSR_IMPLEMENTED, Msr } from '../isa/vectors.js';
import { SOFT_TLB_BASE, SOFT_TLB_CONTEXT_BYTES, SOFT_TLB_CONTEXTS, SoftTlbTable, State } from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { constant, type I32 } from '../semantics/expression.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { defineFunction, functionIndex } from './function-table.js';

const PID = sprn('PID');
const PID_MASK = sprByNumber(PID)!.mask!;
const sprOffset = (number: number): number => State.spr + 4 * number;
const ZERO = constant(0);

/** MSR bits that select a context of the software TLB, together with PID. */
export const TRANSLATION_BITS = Msr.PR | Msr.IS | Msr.DS;

/** MSR, PID and the return from interrupts, as far as they need nobody outside. */
export function stateFunctions(): FunctionDefinition[] {
  return [findContexts(), setMsr(), returnFromInterrupt(), writeSpr()];
}

/** Points the tables at the software TLB's contexts for the present MSR and PID; asks the processor where one is missing. */
function findContexts(): FunctionDefinition {
  return defineFunction('findContexts', (b) => {
    const { emit } = b;
    const state = b.let(b.msr());
    const isUser = b.shl(b.and(b.shrU(state, constant(14)), constant(1)), constant(9));
    const keyOf = (spaceBit: number) =>
      b.let(
        b.add(
          b.or(b.or(isUser, b.shl(b.and(b.shrU(state, constant(spaceBit)), constant(1)), constant(8))), b.state(sprOffset(PID))),
          constant(1),
        ),
      );
    const found = { data: b.variable(constant(-1)), fetch: b.variable(constant(-1)) };
    const keys = { data: keyOf(4), fetch: keyOf(5) };
    for (let context = 0; context < SOFT_TLB_CONTEXTS; context++) {
      const key = b.let(b.state(State.contextKeys + 4 * context));
      for (const kind of ['data', 'fetch'] as const) b.if(b.eq(key, keys[kind]), () => found[kind].set(constant(context)));
    }
    b.if(
      b.gtS(ZERO, b.or(found.data.value, found.fetch.value)),
      () => b.run(functionIndex('selectContexts')),
      () => {
        const tables = (context: I32) => b.add(b.mul(context, constant(SOFT_TLB_CONTEXT_BYTES)), constant(SOFT_TLB_BASE));
        const data = b.let(tables(found.data.value));
        b.setState(State.readTable, data);
        b.setState(State.writeTable, b.add(data, constant(SoftTlbTable.write)));
        b.setState(State.executeTable, b.add(tables(found.fetch.value), constant(SoftTlbTable.execute)));
        b.setState(State.contextClock, b.add(b.state(State.contextClock), constant(1)));
        for (const kind of ['data', 'fetch'] as const) {
          emit.value(b.shl(found[kind].value, constant(2)));
          emit.value(b.state(State.contextClock));
          emit.memory(Op.i32Store, 2, State.contextUses);
        }
      },
    );
  });
}

/** The call-out of this name. */
function setMsr(): FunctionDefinition {
  return defineFunction('setMsr', (b, value) => {
    const msr = b.let(b.and(value, constant(MSR_IMPLEMENTED)));
    const changed = b.let(b.xor(b.msr(), msr));
    b.setState(State.msr, msr);
    b.if(b.and(changed, constant(TRANSLATION_BITS)), () => b.run(functionIndex('findContexts')));
    const raised = b.let(b.and(changed, msr));
    const enables = b.and(b.ne(b.and(raised, constant(Msr.EE | Msr.CE)), ZERO), b.state(State.interruptWaiting));
    const unmasksFloat = b.and(
      b.ne(b.and(raised, constant(Msr.FE0 | Msr.FE1)), ZERO),
      b.ne(b.and(b.state(State.fpscr), constant(Fpscr.FEX)), ZERO),
    );
    b.if(b.or(b.and(raised, constant(Msr.WE | Msr.DE)), b.or(enables, unmasksFloat)), () => b.run(functionIndex('attend')));
  });
}

/** The call-out of this name: rfi here, its rarer kin in the processor. */
function returnFromInterrupt(): FunctionDefinition {
  return defineFunction('returnFromInterrupt', (b, kind) => {
    b.if(
      kind,
      () => b.run(calloutIndex('returnFromInterrupt'), kind),
      () => {
        b.setState(State.pc, b.and(b.state(sprOffset(sprn('SRR0'))), constant(-4)));
        b.run(functionIndex('setMsr'), b.state(sprOffset(sprn('SRR1'))));
      },
    );
  });
}

/** The call-out of this name: a supervisor's PID here, all others in the processor. */
function writeSpr(): FunctionDefinition {
  return defineFunction('writeSpr', (b, number, value) => {
    b.if(
      b.or(b.xor(number, constant(PID)), b.isUser()),
      () => b.run(calloutIndex('writeSpr'), number, value),
      () => {
        b.setState(sprOffset(PID), b.and(value, constant(PID_MASK)));
        b.run(functionIndex('findContexts'));
      },
    );
  });
}
