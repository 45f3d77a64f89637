import { CrPlace } from '../processor/condition-register.js';
import { State } from '../processor/state-layout.js';
import { Op } from '../wasm/opcodes.js';
import { type CalloutName, calloutIndex } from './callouts.js';
import type { CodeEmitter } from './code-emitter.js';
import { binary32, constant, constantValue, type Expression, type I32, type I64, unary32, wordAt } from './expression.js';
import type { AccessSize } from './ram-access.js';

/** A mutable local of one instruction. */
export interface Variable {
  readonly value: I32;
  set(value: I32): void;
}

/** What an exception puts into ESR and DEAR; absent parts leave the register alone or zero as the vector's row says. */
export interface Syndrome {
  esr?: I32 | number;
  dear?: I32 | number;
}

/**
 * The interface that instruction semantics are written against, once, for every engine. An engine derives from it and decides where
 * operands and registers come from: the interpreter reads register numbers out of the instruction word at run time, a translator
 * knows them and keeps registers in locals. By default all state lives at `State.*` in memory.
 */
export abstract class Builder {
  readonly emit: CodeEmitter;

  constructor(emit: CodeEmitter) {
    this.emit = emit;
  }

  // --- values ---------------------------------------------------------------------------------------------------------------
  const(value: number): I32 {
    return constant(value);
  }
  add(a: I32, b: I32): I32 {
    return binary32(Op.i32Add, a, b);
  }
  sub(a: I32, b: I32): I32 {
    return binary32(Op.i32Sub, a, b);
  }
  mul(a: I32, b: I32): I32 {
    return binary32(Op.i32Mul, a, b);
  }
  divS(a: I32, b: I32): I32 {
    return { type: 'i32', kind: 'binary', op: Op.i32DivS, a, b };
  }
  divU(a: I32, b: I32): I32 {
    return { type: 'i32', kind: 'binary', op: Op.i32DivU, a, b };
  }
  and(a: I32, b: I32): I32 {
    return binary32(Op.i32And, a, b);
  }
  or(a: I32, b: I32): I32 {
    return binary32(Op.i32Or, a, b);
  }
  xor(a: I32, b: I32): I32 {
    return binary32(Op.i32Xor, a, b);
  }
  not(a: I32): I32 {
    return this.xor(a, constant(-1));
  }
  neg(a: I32): I32 {
    return this.sub(constant(0), a);
  }
  /** Shifts and rotates use the low five bits of `b`. */
  shl(a: I32, b: I32): I32 {
    return binary32(Op.i32Shl, a, b);
  }
  shrU(a: I32, b: I32): I32 {
    return binary32(Op.i32ShrU, a, b);
  }
  shrS(a: I32, b: I32): I32 {
    return binary32(Op.i32ShrS, a, b);
  }
  rotl(a: I32, b: I32): I32 {
    return binary32(Op.i32Rotl, a, b);
  }
  clz(a: I32): I32 {
    return unary32(Op.i32Clz, a);
  }
  ctz(a: I32): I32 {
    return unary32(Op.i32Ctz, a);
  }
  extend8(a: I32): I32 {
    return unary32(Op.i32Extend8S, a);
  }
  extend16(a: I32): I32 {
    return unary32(Op.i32Extend16S, a);
  }
  eq(a: I32, b: I32): I32 {
    return constantValue(b) === 0 ? unary32(Op.i32Eqz, a) : binary32(Op.i32Eq, a, b);
  }
  ne(a: I32, b: I32): I32 {
    return binary32(Op.i32Ne, a, b);
  }
  ltS(a: I32, b: I32): I32 {
    return binary32(Op.i32LtS, a, b);
  }
  gtS(a: I32, b: I32): I32 {
    return binary32(Op.i32GtS, a, b);
  }
  ltU(a: I32, b: I32): I32 {
    return binary32(Op.i32LtU, a, b);
  }
  gtU(a: I32, b: I32): I32 {
    return binary32(Op.i32GtU, a, b);
  }
  /** `a` where the condition is not 0, else `b`; both sides are evaluated. */
  select(condition: I32, a: I32, b: I32): I32 {
    const known = constantValue(condition);
    if (known !== undefined) return known ? a : b;
    return { type: 'i32', kind: 'select', condition, a, b };
  }
  byteSwap(a: I32): I32 {
    const pinned = this.let(a);
    const odd = this.and(this.rotl(pinned, constant(8)), constant(0x00ff00ff));
    const even = this.rotl(this.and(pinned, constant(0x00ff00ff)), constant(24));
    return this.or(odd, even);
  }

  extendS64(a: I32): I64 {
    if (a.kind === 'const') return this.const64(BigInt(a.value));
    return { type: 'i64', kind: 'unary', op: Op.i64ExtendI32S, a };
  }
  extendU64(a: I32): I64 {
    if (a.kind === 'const') return this.const64(BigInt(a.value >>> 0));
    return { type: 'i64', kind: 'unary', op: Op.i64ExtendI32U, a };
  }
  wrap(a: I64): I32 {
    return { type: 'i32', kind: 'unary', op: Op.i32WrapI64, a };
  }
  binary64(op: number, a: I64, b: I64): I64 {
    return { type: 'i64', kind: 'binary', op, a, b };
  }
  add64(a: I64, b: I64): I64 {
    return this.binary64(Op.i64Add, a, b);
  }
  sub64(a: I64, b: I64): I64 {
    if (b.kind === 'const64' && b.value === 0n) return a;
    return this.binary64(Op.i64Sub, a, b);
  }
  mul64(a: I64, b: I64): I64 {
    return this.binary64(Op.i64Mul, a, b);
  }
  const64(value: bigint): I64 {
    return { type: 'i64', kind: 'const64', value };
  }
  /** The high word of a doubleword. */
  high(a: I64): I32 {
    return this.wrap(this.binary64(Op.i64ShrU, a, this.const64(32n)));
  }
  joinWords(high: I32, low: I32): I64 {
    return this.binary64(Op.i64Or, this.binary64(Op.i64Shl, this.extendU64(high), this.const64(32n)), this.extendU64(low));
  }
  compare64(op: number, a: I64, b: I64): I32 {
    return { type: 'i32', kind: 'binary', op, a, b };
  }

  /** Evaluates now, once; the result can be used any number of times. Constants and pinned values pass through. */
  let<T extends Expression>(expression: T): T {
    if (expression.kind === 'const' || expression.kind === 'const64' || expression.kind === 'constDouble' || expression.kind === 'local')
      return expression;
    const index = this.emit.temporaryLocal(expression.type);
    this.emit.value(expression);
    this.emit.localSet(index);
    return { type: expression.type, kind: 'local', index } as T;
  }

  variable(initial: I32): Variable {
    const index = this.emit.temporaryLocal('i32');
    const set = (value: I32) => {
      this.emit.value(value);
      this.emit.localSet(index);
    };
    set(initial);
    return { value: { type: 'i32', kind: 'local', index }, set };
  }

  // --- control --------------------------------------------------------------------------------------------------------------
  if(condition: I32, then: () => void, otherwise?: () => void): void {
    const known = constantValue(condition);
    if (known !== undefined) {
      if (known) then();
      else otherwise?.();
      return;
    }
    this.emit.if(condition);
    then();
    if (otherwise) {
      this.emit.else();
      otherwise();
    }
    this.emit.end();
  }

  /** Runs the body while the condition holds; the condition is evaluated before each round. */
  /** Carries out, one after the other, the rounds of a loop whose condition is known. @returns whether the loop ends with them */
  protected unroll(condition: () => I32, body: () => void): boolean {
    for (;;) {
      const known = constantValue(condition());
      if (known === 0) return true;
      if (known === undefined) return false;
      body();
    }
  }

  while(condition: () => I32, body: () => void): void {
    const done = this.emit.block();
    const again = this.emit.loop();
    this.emit.value(unary32(Op.i32Eqz, condition()));
    this.emit.branchIf(done);
    body();
    this.emit.branch(again);
    this.emit.end();
    this.emit.end();
  }

  // --- state ----------------------------------------------------------------------------------------------------------------
  state(offset: number): I32 {
    return wordAt(constant(0), offset);
  }
  setState(offset: number, value: I32): void {
    this.emit.constant(0);
    this.emit.value(value);
    this.emit.memory(Op.i32Store, 2, offset);
  }
  #indexed(base: number, index: I32, strideLog2: number): { offset: number; address: I32 } {
    const known = constantValue(index);
    if (known !== undefined) return { offset: base + (known << strideLog2), address: constant(0) };
    return { offset: base, address: this.shl(index, constant(strideLog2)) };
  }

  gpr(register: I32): I32 {
    const { offset, address } = this.#indexed(State.gpr, register, 2);
    return wordAt(address, offset);
  }
  /** `(RA|0)`: register 0 reads as zero. */
  gprOrZero(register: I32): I32 {
    return this.select(register, this.gpr(register), constant(0));
  }
  setGpr(register: I32, value: I32): void {
    const { offset, address } = this.#indexed(State.gpr, register, 2);
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(Op.i32Store, 2, offset);
  }
  fpr(register: I32): I64 {
    return { type: 'i64', kind: 'load', op: Op.i64Load, alignLog2: 3, ...this.#indexed(State.fpr, register, 3) };
  }
  setFpr(register: I32, value: I64): void {
    const { offset, address } = this.#indexed(State.fpr, register, 3);
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(Op.i64Store, 3, offset);
  }

  lr(): I32 {
    return this.state(State.lr);
  }
  setLr(value: I32): void {
    this.setState(State.lr, value);
  }
  ctr(): I32 {
    return this.state(State.ctr);
  }
  setCtr(value: I32): void {
    this.setState(State.ctr, value);
  }
  ca(): I32 {
    return this.state(State.xerCa);
  }
  /** The value is 0 or 1. */
  setCa(value: I32): void {
    this.setState(State.xerCa, value);
  }
  so(): I32 {
    return this.state(State.xerSo);
  }
  /** Sets OV to 0 or 1 and makes SO sticky. */
  setOv(value: I32): void {
    const ov = this.let(value);
    this.setState(State.xerOv, ov);
    this.setState(State.xerSo, this.or(this.so(), ov));
  }
  xerCount(): I32 {
    return this.state(State.xerCount);
  }
  xer(): I32 {
    return this.or(
      this.or(this.shl(this.so(), constant(31)), this.shl(this.state(State.xerOv), constant(30))),
      this.or(this.shl(this.ca(), constant(29)), this.xerCount()),
    );
  }
  setXer(value: I32): void {
    const xer = this.let(value);
    this.setState(State.xerSo, this.shrU(xer, constant(31)));
    this.setState(State.xerOv, this.and(this.shrU(xer, constant(30)), constant(1)));
    this.setCa(this.and(this.shrU(xer, constant(29)), constant(1)));
    this.setState(State.xerCount, this.and(xer, constant(0x7f)));
  }

  /** A CR field as it is kept (processor/condition-register.ts). */
  crValue(field: I32): I64 {
    return { type: 'i64', kind: 'load', op: Op.i64Load, alignLog2: 3, ...this.#indexed(State.cr, field, 3) };
  }
  setCrValue(field: I32, value: I64): void {
    const { offset, address } = this.#indexed(State.cr, field, 3);
    this.emit.value(address);
    this.emit.value(value);
    this.emit.memory(Op.i64Store, 3, offset);
  }
  /** A CR field as its nibble LT GT EQ SO. */
  crField(field: I32): I32 {
    const value = this.let(this.crValue(field));
    const top = this.let(this.wrap(this.binary64(Op.i64ShrU, value, this.const64(BigInt(CrPlace.so)))));
    const one = constant(1);
    const less = this.and(this.shrU(top, one), one);
    const overflow = this.and(this.xor(top, this.shrU(top, one)), one);
    const greater = this.compare64(Op.i64GtS, value, this.const64(0n));
    const equal = this.eq(this.wrap(value), constant(0));
    return this.or(this.or(this.shl(less, constant(3)), this.shl(greater, constant(2))), this.or(this.shl(equal, one), overflow));
  }
  setCrField(field: I32, nibble: I32): void {
    const bits = this.let(nibble);
    const notGreater = this.shl(this.xor(this.and(bits, constant(4)), constant(4)), constant(29));
    const less = this.shl(this.and(bits, constant(8)), constant(27));
    const overflow = this.shl(this.and(this.xor(bits, this.shrU(bits, constant(3))), constant(1)), constant(CrPlace.so - 32));
    const high = this.or(this.or(notGreater, less), this.or(overflow, constant(1)));
    const low = this.xor(this.and(this.shrU(bits, constant(1)), constant(1)), constant(1));
    this.setCrValue(field, this.joinWords(high, low));
  }
  /** Compares and sets a CR field, with a copy of SO; the operands must be pinned or registers. */
  setCrCompare(field: I32, a: I32, b: I32, signed: boolean): void {
    const so = this.so();
    this.if(
      so,
      () => {
        const less = signed ? this.ltS(a, b) : this.ltU(a, b);
        const greater = signed ? this.gtS(a, b) : this.gtU(a, b);
        const order = this.or(this.shl(less, constant(3)), this.or(this.shl(greater, constant(2)), this.shl(this.eq(a, b), constant(1))));
        this.setCrField(field, this.or(order, constant(1)));
      },
      () => {
        const extend = (value: I32) => (signed ? this.extendS64(value) : this.extendU64(value));
        this.setCrValue(field, this.sub64(extend(a), extend(b)));
      },
    );
  }
  /** One CR bit, 0 to 31, as 0 or 1. */
  crBit(bit: I32): I32 {
    const nibble = this.crField(this.shrU(bit, constant(2)));
    return this.and(this.shrU(nibble, this.xor(this.and(bit, constant(3)), constant(3))), constant(1));
  }
  setCrBit(bit: I32, value: I32): void {
    const field = this.let(this.shrU(bit, constant(2)));
    const shift = this.let(this.xor(this.and(bit, constant(3)), constant(3)));
    const others = this.and(this.crField(field), this.not(this.shl(constant(1), shift)));
    this.setCrField(field, this.or(others, this.shl(value, shift)));
  }

  msr(): I32 {
    return this.state(State.msr);
  }
  /** The SPR of a number that is plain storage. */
  spr(sprn: number): I32 {
    return this.state(State.spr + 4 * sprn);
  }

  /** The address of the instruction. */
  abstract pc(): I32;
  nextPc(): I32 {
    return this.add(this.pc(), constant(4));
  }
  /** The instruction's own word. */
  abstract word(): I32;

  // --- memory ---------------------------------------------------------------------------------------------------------------
  /** Loads through the current translation, zero-extended, pinned; an interrupt ends the instruction here. */
  abstract load(sizeBytes: AccessSize, ea: I32): I32;
  abstract store(sizeBytes: AccessSize, ea: I32, value: I32): void;

  // --- leaving the straight line --------------------------------------------------------------------------------------------
  /** Goes on at an address (its low two bits are ignored) and completes the instruction. */
  abstract jump(target: I32): void;
  /** Goes on at `target` if the condition is not 0, else at the next instruction. */
  abstract jumpIf(condition: I32, target: I32): void;
  /** Raises a synchronous interrupt (an IVOR number); the instruction does not complete. */
  abstract raise(vector: number, syndrome?: Syndrome): void;
  /** As {@link raise} for `sc`, which completes first. */
  abstract raiseAfter(vector: number): void;
  /** A call-out; an interrupt that it raises ends the instruction here. Returns the pinned result, or 0 where it has none. */
  abstract call(name: CalloutName, ...args: I32[]): I32;
  /** After a call-out that set `State.pc`: goes on there. */
  abstract jumpToStatePc(): void;

  /** Makes an interrupt (an IVOR number) pending in State, for who takes it once this code is left; leaving is the caller's. */
  setPending(vector: number, { esr, dear }: Syndrome = {}): void {
    const set = (offset: number, value: I32 | number) => this.setState(offset, typeof value === 'number' ? constant(value) : value);
    set(State.pendingVector, vector + 1);
    if (esr !== undefined) set(State.pendingEsr, esr);
    if (dear !== undefined) set(State.pendingDear, dear);
  }

  protected emitCall(name: CalloutName, args: readonly I32[]): void {
    for (const arg of args) this.emit.value(arg);
    this.emit.call(calloutIndex(name));
  }
}
