import type { Variable } from '../semantics/builder.js';
import type { CodeEmitter } from '../semantics/code-emitter.js';
import type { I32 } from '../semantics/expression.js';

/** A variable that is a constant while it can be. */
export class TrackedVariable implements Variable {
  readonly #emit: CodeEmitter;
  readonly #isConditional: () => boolean;
  #local: number | undefined;
  #constant: I32 | undefined;

  constructor(emit: CodeEmitter, isConditional: () => boolean) {
    this.#emit = emit;
    this.#isConditional = isConditional;
  }

  get value(): I32 {
    return this.#constant ?? { type: 'i32', kind: 'register', index: this.#local! };
  }

  set(value: I32): void {
    if (value.kind === 'const' && !this.#isConditional()) {
      this.#constant = value;
      return;
    }
    this.#local ??= this.#emit.temporaryLocal('i32');
    this.#emit.value(value);
    this.#emit.localSet(this.#local);
    this.#constant = undefined;
  }

  /** Gives it a place that code can change. */
  materialize(): void {
    if (!this.#constant) return;
    const value = this.#constant;
    this.#local ??= this.#emit.temporaryLocal('i32');
    this.#emit.value(value);
    this.#emit.localSet(this.#local);
    this.#constant = undefined;
  }
}
