import type { CodeEmitter } from '../semantics/code-emitter.js';
import type { Expression } from '../semantics/expression.js';
import type { ByteSink } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';

/** Guest registers are words and doublewords; floating-point ones are kept as their bits. */
type RegisterType = 'i32' | 'i64';

interface RegisterLocal {
  readonly stateOffset: number;
  readonly type: RegisterType;
  readonly local: number;
  dirty: boolean;
}

const LOAD = { i32: Op.i32Load, i64: Op.i64Load } as const;
const STORE = { i32: Op.i32Store, i64: Op.i64Store } as const;
const ALIGN_LOG2 = { i32: 2, i64: 3 } as const;

/** The guest's registers that a region keeps in locals: read from State when it is entered, written back when it is left. */
export class RegisterLocals {
  readonly #emit: CodeEmitter;
  readonly #all: RegisterLocal[] = [];
  /** By word of State. */
  readonly #byWord: (RegisterLocal | undefined)[] = [];

  constructor(emit: CodeEmitter) {
    this.#emit = emit;
  }

  #at(stateOffset: number, type: RegisterType): RegisterLocal {
    const known = this.#byWord[stateOffset >>> 2];
    if (known) return known;
    const found = { stateOffset, type, local: this.#emit.permanentLocal(type), dirty: false };
    this.#byWord[stateOffset >>> 2] = found;
    this.#all.push(found);
    return found;
  }

  read<T extends RegisterType>(stateOffset: number, type: T): Expression<T> {
    return { type, kind: 'register', index: this.#at(stateOffset, type).local } as Expression<T>;
  }

  write(stateOffset: number, value: Expression<RegisterType>): void {
    const register = this.#at(stateOffset, value.type);
    register.dirty = true;
    this.#emit.value(value);
    this.#emit.localSet(register.local);
  }

  /** Code that reads every register that the region uses. */
  writeEntry(sink: ByteSink): void {
    for (const { stateOffset, type, local } of this.#all) {
      sink.byte(Op.i32Const);
      sink.s32(0);
      sink.byte(LOAD[type]);
      sink.u32(ALIGN_LOG2[type]);
      sink.u32(stateOffset);
      sink.byte(Op.localSet);
      sink.u32(local);
    }
  }

  /** Code that writes back every register that the region may have changed. */
  writeExit(): void {
    for (const { stateOffset, type, local, dirty } of this.#all) {
      if (!dirty) continue;
      this.#emit.constant(0);
      this.#emit.localGet(local);
      this.#emit.memory(STORE[type], ALIGN_LOG2[type], stateOffset);
    }
  }
}
