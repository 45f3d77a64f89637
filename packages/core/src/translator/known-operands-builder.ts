import { CrPlace } from '../processor/condition-register.js';
import { State } from '../processor/state-layout.js';
import { Builder, type Variable } from '../semantics/builder.js';
import type { CodeEmitter } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32, type I64 } from '../semantics/expression.js';
import { Op, type ValueTypeName } from '../wasm/opcodes.js';
import type { RegisterLocals } from './register-locals.js';
import { TrackedVariable } from './tracked-variable.js';

interface Comparison {
  readonly a: I32;
  readonly b: I32;
  readonly signed: boolean;
  readonly kept: { type: ValueTypeName; index: number }[];
}

const ZERO = constant(0);

/**
 * What a translator knows beforehand: operands, so that registers are locals, variables are constants where they can be, and loops are
 * unrolled; what a block has compared; and unless it is built for overflow, that XER[SO] was 0 before an instruction.
 */
export abstract class KnownOperandsBuilder extends Builder {
  readonly #registers: RegisterLocals;
  readonly #overflow: boolean;
  readonly #comparisons = new Map<number, Comparison>();
  #overflowMaySet = false;

  constructor(emit: CodeEmitter, registers: RegisterLocals, overflow: boolean) {
    super(emit);
    this.#registers = registers;
    this.#overflow = overflow;
  }

  beginBlock(): void {
    if (this.#comparisons.size > 0) for (const field of [...this.#comparisons.keys()]) this.#forget(field);
  }

  /** Ends an instruction: what it took is free again. */
  release(): void {
    this.#overflowMaySet = false;
    this.#variables = [];
    this.emit.releaseLocals();
  }

  /** Whether the instruction may have set XER[SO], of which the code assumes that it is 0. */
  protected get mayBreakAssumption(): boolean {
    return this.#overflowMaySet && !this.#overflow;
  }

  // --- registers ------------------------------------------------------------------------------------------------------------
  /** A register number. */
  protected number(register: I32): number {
    const known = constantValue(register);
    if (known === undefined) throw new Error('a register number that is not known cannot be translated');
    return known;
  }
  override gpr(register: I32): I32 {
    return this.#registers.read(State.gpr + 4 * this.number(register), 'i32');
  }
  override setGpr(register: I32, value: I32): void {
    this.#registers.write(State.gpr + 4 * this.number(register), value);
  }
  override lr(): I32 {
    return this.#registers.read(State.lr, 'i32');
  }
  override setLr(value: I32): void {
    this.#registers.write(State.lr, value);
  }
  override ctr(): I32 {
    return this.#registers.read(State.ctr, 'i32');
  }
  override setCtr(value: I32): void {
    this.#registers.write(State.ctr, value);
  }
  override ca(): I32 {
    return this.#registers.read(State.xerCa, 'i32');
  }
  override setCa(value: I32): void {
    this.#registers.write(State.xerCa, value);
  }
  override so(): I32 {
    return this.#overflowMaySet || this.#overflow ? this.state(State.xerSo) : ZERO;
  }
  override setOv(value: I32): void {
    this.#overflowMaySet = true;
    super.setOv(value);
  }
  override setXer(value: I32): void {
    this.#overflowMaySet = true;
    super.setXer(value);
  }

  // --- condition register ---------------------------------------------------------------------------------------------------
  override crValue(field: I32): I64 {
    return this.#registers.read(State.cr + 8 * this.number(field), 'i64');
  }
  override setCrValue(field: I32, value: I64): void {
    const number = this.number(field);
    this.#forget(number);
    this.#registers.write(State.cr + 8 * number, value);
  }
  #forget(field: number): void {
    const comparison = this.#comparisons.get(field);
    if (!comparison) return;
    for (const each of comparison.kept) this.emit.giveBack(each);
    this.#comparisons.delete(field);
  }

  /** Remembers what was compared, so that a branch in the same block compares the registers and not the field. */
  override setCrCompare(field: I32, a: I32, b: I32, signed: boolean): void {
    super.setCrCompare(field, a, b, signed);
    if (this.#overflowMaySet || this.#overflow) return;
    const kept: Comparison['kept'] = [];
    for (const operand of [a, b]) {
      if (operand.kind === 'const') continue;
      const held = operand.kind === 'local' ? this.emit.keep(operand.index) : undefined;
      if (!held) {
        for (const each of kept) this.emit.giveBack(each);
        return;
      }
      kept.push(held);
    }
    this.#comparisons.set(this.number(field), { a, b, signed, kept });
  }

  override crBit(bit: I32): I32 {
    const number = this.number(bit);
    const comparison = this.#comparisons.get(number >>> 2);
    const value = this.crValue(constant(number >>> 2));
    switch (number & 3) {
      case 0:
        if (comparison) return comparison.signed ? this.ltS(comparison.a, comparison.b) : this.ltU(comparison.a, comparison.b);
        return this.and(this.wrap(this.binary64(Op.i64ShrU, value, this.const64(BigInt(CrPlace.less)))), constant(1));
      case 1:
        if (comparison) return comparison.signed ? this.gtS(comparison.a, comparison.b) : this.gtU(comparison.a, comparison.b);
        return this.compare64(Op.i64GtS, value, this.const64(0n));
      case 2:
        return comparison ? this.eq(comparison.a, comparison.b) : this.eq(this.wrap(value), ZERO);
      default:
        return super.crBit(bit);
    }
  }

  // --- loops and variables that are known beforehand ------------------------------------------------------------------------
  /** A variable stays a constant for as long as it is set to constants outside conditions and loops of the generated code. */
  override variable(initial: I32): Variable {
    const variable = new TrackedVariable(this.emit, () => this.#conditional > 0);
    variable.set(initial);
    this.#variables.push(variable);
    return variable;
  }
  #variables: TrackedVariable[] = [];
  #conditional = 0;

  #conditionally(build: () => void): void {
    for (const variable of this.#variables) variable.materialize();
    this.#conditional++;
    build();
    this.#conditional--;
  }

  override if(condition: I32, then: () => void, otherwise?: () => void): void {
    if (constantValue(condition) !== undefined) super.if(condition, then, otherwise);
    else this.#conditionally(() => super.if(condition, then, otherwise));
  }

  /** Unrolled where the condition is known in every round. */
  override while(condition: () => I32, body: () => void): void {
    if (this.unroll(condition, body)) return;
    this.#conditionally(() => super.while(condition, body));
  }
}
