import { type BranchHint, ByteSink } from '../wasm/module-encoder.js';
import { Op, ValueType, type ValueTypeName, VectorOp } from '../wasm/opcodes.js';
import type { Expression, I32 } from './expression.js';

/** A label that a branch can name: the nesting depth at which its block was opened. */
export interface Label {
  readonly depth: number;
}

/** What most regions stay below. */
const INITIAL_BYTES = 4096;

/**
 * Writes one WebAssembly function body: expressions in stack order, structured control flow with labels counted for the writer,
 * and locals that are given back at the end of an instruction so that a thousand instructions share a handful.
 */
export class CodeEmitter {
  readonly sink = new ByteSink(INITIAL_BYTES);
  readonly localTypes: ValueTypeName[] = [];
  readonly branchHints: BranchHint[] = [];
  readonly #parameterCount: number;
  #depth = 0;
  readonly #free: Record<ValueTypeName, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #scope: { type: ValueTypeName; index: number }[] = [];

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
  }

  /** A local for the whole function. */
  permanentLocal(type: ValueTypeName): number {
    this.localTypes.push(type);
    return this.#parameterCount + this.localTypes.length - 1;
  }

  /** A local that {@link releaseLocals} gives back. */
  temporaryLocal(type: ValueTypeName): number {
    const index = this.#free[type].pop() ?? this.permanentLocal(type);
    this.#scope.push({ type, index });
    return index;
  }

  /** Keeps a temporary local beyond {@link releaseLocals}, until {@link giveBack}. */
  keep(index: number): { type: ValueTypeName; index: number } | undefined {
    const at = this.#scope.findIndex((each) => each.index === index);
    return at < 0 ? undefined : this.#scope.splice(at, 1)[0];
  }

  /** The local is free again once the present instruction ends. */
  giveBack(kept: { type: ValueTypeName; index: number }): void {
    this.#scope.push(kept);
  }

  /** Tells the engine how the `if` or `br_if` that is written next will go. */
  hint(likely: boolean): void {
    this.branchHints.push({ offset: this.sink.length, likely });
  }

  /** Ends an instruction: the locals it took are free for the next one. */
  releaseLocals(): void {
    for (const { type, index } of this.#scope) this.#free[type].push(index);
    this.#scope.length = 0;
  }

  op(...bytes: number[]): void {
    for (const byte of bytes) this.sink.byte(byte);
  }

  constant(value: number): void {
    this.sink.byte(Op.i32Const);
    this.sink.s32(value);
  }

  localGet(index: number): void {
    this.sink.byte(Op.localGet);
    this.sink.u32(index);
  }

  localSet(index: number): void {
    this.sink.byte(Op.localSet);
    this.sink.u32(index);
  }

  localTee(index: number): void {
    this.sink.byte(Op.localTee);
    this.sink.u32(index);
  }

  /** A load or store operator with its alignment (log2 of bytes) and constant offset; its operands are on the stack. */
  memory(op: number, alignLog2: number, offset: number): void {
    this.sink.byte(op);
    this.sink.u32(alignLog2);
    this.sink.u32(offset);
  }

  vector(op: number): void {
    this.sink.byte(VectorOp.prefix);
    this.sink.u32(op);
  }

  call(functionIndex: number): void {
    this.sink.byte(Op.call);
    this.sink.u32(functionIndex);
  }

  value(expression: Expression): void {
    switch (expression.kind) {
      case 'const':
        this.constant(expression.value);
        return;
      case 'const64':
        this.sink.byte(Op.i64Const);
        this.sink.s64(expression.value);
        return;
      case 'constDouble':
        this.sink.byte(Op.f64Const);
        this.sink.append(new Uint8Array(Float64Array.of(expression.value).buffer));
        return;
      case 'local':
      case 'register':
        this.localGet(expression.index);
        return;
      case 'unary':
        this.value(expression.a);
        this.sink.byte(expression.op);
        return;
      case 'binary':
        this.value(expression.a);
        this.value(expression.b);
        this.sink.byte(expression.op);
        return;
      case 'select':
        this.value(expression.a);
        this.value(expression.b);
        this.value(expression.condition);
        this.sink.byte(Op.select);
        return;
      case 'load':
        this.value(expression.address);
        this.memory(expression.op, expression.alignLog2, expression.offset);
        return;
    }
  }

  /** Opens a block whose label a branch reaches at its end. */
  block(resultType: number = ValueType.void): Label {
    this.sink.byte(Op.block);
    this.sink.byte(resultType);
    return { depth: this.#depth++ };
  }

  /** Opens a loop whose label a branch reaches at its head. */
  loop(): Label {
    this.sink.byte(Op.loop);
    this.sink.byte(ValueType.void);
    return { depth: this.#depth++ };
  }

  if(condition: I32, resultType: number = ValueType.void): void {
    this.value(condition);
    this.ifOnStack(resultType);
  }

  /** As {@link if}, the condition being on the stack. */
  ifOnStack(resultType: number = ValueType.void): void {
    this.sink.byte(Op.if);
    this.sink.byte(resultType);
    this.#depth++;
  }

  else(): void {
    this.sink.byte(Op.else);
  }

  end(): void {
    this.sink.byte(Op.end);
    this.#depth--;
  }

  branch(label: Label): void {
    this.sink.byte(Op.br);
    this.sink.u32(this.#depth - 1 - label.depth);
  }

  branchIf(label: Label): void {
    this.sink.byte(Op.brIf);
    this.sink.u32(this.#depth - 1 - label.depth);
  }

  /** `br_table` over labels; the value is on the stack. */
  branchTable(labels: readonly Label[], otherwise: Label): void {
    this.sink.byte(Op.brTable);
    this.sink.u32(labels.length);
    for (const label of labels) this.sink.u32(this.#depth - 1 - label.depth);
    this.sink.u32(this.#depth - 1 - otherwise.depth);
  }
}
