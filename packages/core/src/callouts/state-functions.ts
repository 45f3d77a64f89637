import { sprn } from '../isa/special-purpose-registers.js';
import { MSR_IMPLEMENTED } from '../isa/vectors.js';
import { ContextByKey, contextKey, State } from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { constant, type I32 } from '../semantics/expression.js';
import {
  areMissing,
  findContexts,
  needAttention,
  returnFromBaseInterrupt,
  TRANSLATION_BITS,
  useContexts,
} from '../semantics/machine-state.js';
import type { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { defineFunction, functionIndex } from './function-table.js';

const PID = sprn('PID');
const sprOffset = (number: number): number => State.spr + 4 * number;

/** MSR, the contexts that it and PID select, and the return from interrupts, as far as they need nobody outside. */
export function stateFunctions(): FunctionDefinition[] {
  return [selectContexts(), setMsr(), returnFromInterrupt()];
}

/** Points the tables at the contexts for the present MSR and PID, which may be a new one; asks the processor where one is missing. */
function selectContexts(): FunctionDefinition {
  return defineFunction('findContexts', (b) => {
    const clock = b.let(b.add(b.state(State.contextClock), constant(1)));
    b.setState(State.contextClock, clock);
    const row = b.let(b.mul(b.state(sprOffset(PID)), constant(ContextByKey.size)));
    // A PID's contexts are in use from now on, whichever MSR selects among them: changes of MSR leave no mark.
    for (const user of [false, true]) {
      for (const addressSpace of [0, 1]) {
        const distance = ContextByKey.size * contextKey(user, addressSpace, 0);
        b.setWord32(row, State.contextByKey + distance + ContextByKey.lastUse, clock);
      }
    }
    pointTables(b, b.let(b.msr()));
  });
}

/** @param msr a pinned value, which is also in State */
function pointTables(b: StateBuilder, msr: I32): void {
  const contexts = findContexts(b, msr);
  b.if(
    areMissing(b, contexts),
    () => b.run(functionIndex('selectContexts')),
    () => useContexts(b, contexts),
  );
}

/** The call-out of this name. */
function setMsr(): FunctionDefinition {
  return defineFunction('setMsr', (b, value) => {
    const msr = b.let(b.and(value, constant(MSR_IMPLEMENTED)));
    const changed = b.let(b.xor(b.msr(), msr));
    b.setState(State.msr, msr);
    b.if(b.and(changed, constant(TRANSLATION_BITS)), () => pointTables(b, msr));
    b.if(needAttention(b, b.let(b.and(changed, msr))), () => b.run(functionIndex('attend')));
  });
}

/** The call-out of this name: rfi here, its rarer kin in the processor. */
function returnFromInterrupt(): FunctionDefinition {
  return defineFunction('returnFromInterrupt', (b, kind) => {
    const goOn = (pc: I32): void => b.setState(State.pc, pc);
    b.if(
      kind,
      () => b.run(calloutIndex('returnFromInterrupt'), kind),
      () =>
        returnFromBaseInterrupt(b, goOn, () => {
          goOn(b.and(b.state(sprOffset(sprn('SRR0'))), constant(-4)));
          b.run(functionIndex('setMsr'), b.state(sprOffset(sprn('SRR1'))));
        }),
    );
  });
}
