import { constantFields, type Instruction } from '../isa/instruction-set.js';
import { Builder } from '../semantics/builder.js';
import type { CalloutName } from '../semantics/callouts.js';
import type { CodeEmitter } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32 } from '../semantics/expression.js';

/** Where an instruction leads, as its semantics say when they run with nothing but its word known. */
export interface Flow {
  /** Goes on at the next instruction, at least sometimes. */
  readonly falls: boolean;
  /** A known address it can go to. */
  readonly target?: number;
  /** Goes to an address that only the registers know; `return` where that is LR. */
  readonly indirect?: 'return' | 'computed';
  /** Sets LR to the next instruction. */
  readonly links: boolean;
}

const LINK_REGISTER: I32 = { type: 'i32', kind: 'register', index: 0 };

/** Runs semantics for the sake of what they say about control flow. What they compute goes nowhere. */
class FlowProbe extends Builder {
  falls = true;
  target: number | undefined;
  indirect: 'return' | 'computed' | undefined;
  readonly #pc: number;
  readonly #word: number;

  constructor(emit: CodeEmitter, pc: number, word: number) {
    super(emit);
    this.#pc = pc;
    this.#word = word;
  }

  override pc(): I32 {
    return constant(this.#pc);
  }
  override word(): I32 {
    return constant(this.#word);
  }
  override lr(): I32 {
    return LINK_REGISTER;
  }
  override let<T extends import('../semantics/expression.js').Expression>(expression: T): T {
    return expression.kind === 'register' ? expression : super.let(expression);
  }
  override load(): I32 {
    return constant(0);
  }
  override store(): void {}
  override jump(target: I32): void {
    this.falls = false;
    this.#goesTo(target);
  }
  override jumpIf(_condition: I32, target: I32): void {
    this.#goesTo(target);
  }
  #goesTo(target: I32): void {
    const known = constantValue(target);
    if (known !== undefined) this.target = (known & -4) >>> 0;
    else this.indirect = target === LINK_REGISTER ? 'return' : 'computed';
  }
  override raise(): void {}
  override raiseAfter(): void {
    this.falls = false;
  }
  override call(_name: CalloutName, ..._args: I32[]): I32 {
    return this.state(0);
  }
  override jumpToStatePc(): void {
    this.falls = false;
  }
}

const FALLS: Flow = { falls: true, links: false };

/** @param scratch takes the code that the semantics write on the way; the caller throws it away */
export function flowOf(instruction: Instruction, pc: number, word: number, scratch: CodeEmitter): Flow {
  if (!instruction.row.endsBlock) return FALLS;
  const probe = new FlowProbe(scratch, pc, word);
  instruction.row.semantics(probe, constantFields(instruction, word));
  scratch.releaseLocals();
  scratch.sink.clear();
  return {
    falls: probe.falls,
    ...(probe.target !== undefined && { target: probe.target }),
    ...(probe.indirect && { indirect: probe.indirect }),
    links: instruction.variant.LK,
  };
}
