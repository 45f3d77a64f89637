import { SPR_NUMBERS, SPRN_PRIVILEGED, sprByNumber, sprn } from '../isa/special-purpose-registers.js';
import { Esr, Vector } from '../isa/vectors.js';
import type { ClockRates } from '../processor/modelled-clock.js';
import { SpecialRegisters } from '../processor/special-registers.js';
import { State } from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { addDouble, divDouble, double, doubleOfWord, doublewordOfDouble, floorDouble, mulDouble, subDouble } from '../semantics/double.js';
import { constant, type F64, type I32 } from '../semantics/expression.js';
import type { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { defineFunction, functionIndex } from './function-table.js';

/**
 * What a move may do with an SPR that is a word of storage, by its number: the number under which the word lies, with a bit for each
 * move that nobody need look at; then the bits that a write changes.
 */
const Rule = { numberAndMoves: 0, mask: 4, size: 8 } as const;
const Move = { userReads: 1 << 16, supervisorReads: 1 << 17, userWrites: 1 << 18, supervisorWrites: 1 << 19 } as const;

/** Writes the rules where the functions read them. */
export function installSprRules(memory: ArrayBuffer): void {
  const words = new Int32Array(memory, State.sprRules, (SPR_NUMBERS * Rule.size) / 4);
  for (let number = 0; number < SPR_NUMBERS; number++) {
    const row = sprByNumber(number);
    if (row === undefined || row.storage === 'computed') continue;
    const may = (direction: 'read' | 'write', user: boolean) => typeof SpecialRegisters.check(number, direction, user) !== 'string';
    const isPlain = row.storage === 'plain';
    const moves =
      (may('read', true) ? Move.userReads : 0) |
      (may('read', false) ? Move.supervisorReads : 0) |
      (isPlain && may('write', true) ? Move.userWrites : 0) |
      (isPlain && may('write', false) ? Move.supervisorWrites : 0);
    const rule = (number * Rule.size) / 4;
    words[rule] = (row.storedAt ?? number) | moves;
    words[rule + Rule.mask / 4] = row.mask ?? -1;
  }
}

const PID = sprn('PID');
const [TBL, TBU] = [sprn('TBL'), sprn('TBU')];

/** Moves from and to SPRs, as far as they need nobody outside: what is a word of storage, the supervisor's PID, and the timebase. */
export function registerFunctions(rates: ClockRates): FunctionDefinition[] {
  return [readSpr(rates), writeSpr()];
}

const ruleOf = (b: StateBuilder, number: I32): I32 => b.let(b.shl(number, constant(Math.log2(Rule.size))));
const placeOf = (b: StateBuilder, rule: I32): I32 => b.let(b.shl(b.and(rule, constant(SPR_NUMBERS - 1)), constant(2)));

/** A user gets an interrupt for the supervisor's numbers (`SpecialRegisters.check`): a guest kernel under a hypervisor, at each of its exits. */
function raiseIfPrivileged(b: StateBuilder, number: I32, end: () => void): void {
  const isPrivileged = b.ne(b.and(number, constant(SPRN_PRIVILEGED)), constant(0));
  b.if(b.and(isPrivileged, b.ne(b.isUser(), constant(0))), () => {
    b.setPending(Vector.program, { esr: Esr.PPR, dear: 0 });
    end();
  });
}

/** The call-out of this name. */
function readSpr(rates: ClockRates): FunctionDefinition {
  return defineFunction('readSpr', (b, number) => {
    raiseIfPrivileged(b, number, () => b.return(constant(0)));
    const rule = b.let(b.word32(ruleOf(b, number), State.sprRules + Rule.numberAndMoves));
    const move = b.select(b.isUser(), constant(Move.userReads), constant(Move.supervisorReads));
    b.if(b.and(rule, move), () => b.return(b.word32(placeOf(b, rule), State.spr)));
    b.if(b.or(b.eq(number, constant(TBL)), b.eq(number, constant(TBU))), () => {
      const timebase = b.let(doublewordOfDouble(countedTimebase(b, rates)));
      const upper = b.add(b.wrap(b.binary64(Op.i64ShrU, timebase, b.const64(32n))), b.state(State.timebaseTop));
      b.return(b.select(b.eq(number, constant(TBL)), b.wrap(timebase), upper));
    });
    b.run(calloutIndex('readSpr'), number);
  });
}

/** `ModelledClock.countedTimebase` at the running instruction. */
function countedTimebase(b: StateBuilder, { coreHz, timebaseHz }: ClockRates): F64 {
  const cell = (offset: number): F64 => ({ type: 'f64', kind: 'load', op: Op.f64Load, alignLog2: 3, offset, address: constant(0) });
  const left = b.add(b.state(State.remaining), b.state(State.withheld));
  const cycles = subDouble(cell(State.zeroCycles), doubleOfWord(left));
  const ticks = coreHz === timebaseHz ? cycles : floorDouble(divDouble(mulDouble(cycles, double(timebaseHz)), double(coreHz)));
  return addDouble(ticks, cell(State.timebaseOffset));
}

/** The call-out of this name. */
function writeSpr(): FunctionDefinition {
  return defineFunction('writeSpr', (b, number, value) => {
    raiseIfPrivileged(b, number, () => b.return());
    const address = ruleOf(b, number);
    const rule = b.let(b.word32(address, State.sprRules + Rule.numberAndMoves));
    const masked = b.and(value, b.word32(address, State.sprRules + Rule.mask));
    const move = b.select(b.isUser(), constant(Move.userWrites), constant(Move.supervisorWrites));
    b.if(b.and(rule, move), () => {
      b.setWord32(placeOf(b, rule), State.spr, masked);
      b.return();
    });
    b.if(
      b.xor(number, constant(PID)),
      () => b.run(calloutIndex('writeSpr'), number, value),
      () => {
        b.setState(State.spr + 4 * PID, masked);
        b.run(functionIndex('findContexts'));
      },
    );
  });
}
