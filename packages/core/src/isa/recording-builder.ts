import { State } from '../processor/state-layout.js';
import { Builder, type Variable } from '../semantics/builder.js';
import type { CalloutName } from '../semantics/callouts.js';
import { CodeEmitter } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32, type I64 } from '../semantics/expression.js';

/** A part of the machine's state that an instruction reads or writes. */
export type Resource =
  | `r${number}`
  | `f${number}`
  | `cr${number}`
  | `spr${number}`
  | 'lr'
  | 'ctr'
  | 'xer.so'
  | 'xer.ov'
  | 'xer.ca'
  | 'xer.count'
  | 'msr'
  | 'fpscr'
  | 'pc'
  | 'reservation'
  | 'tlb'
  | 'dcr';

export type MemoryEffect = 'none' | 'load' | 'store' | 'loadAndStore' | 'check';

const STATE_WORDS: ReadonlyMap<number, Resource> = new Map([
  [State.lr, 'lr'],
  [State.ctr, 'ctr'],
  [State.xerSo, 'xer.so'],
  [State.xerOv, 'xer.ov'],
  [State.xerCa, 'xer.ca'],
  [State.xerCount, 'xer.count'],
  [State.msr, 'msr'],
  [State.fpscr, 'fpscr'],
  [State.reservationValid, 'reservation'],
  [State.reservationEa, 'reservation'],
]);

/** What a call-out touches besides its arguments; `number` stands for the register that its first argument names. */
const CALLOUT_EFFECTS: { readonly [Name in CalloutName]?: { reads?: readonly Resource[]; writes?: readonly Resource[] } } = {
  setMsr: { writes: ['msr'] },
  tlbRead: { reads: ['tlb'], writes: ['spr946'] },
  tlbWrite: { reads: ['spr946'], writes: ['tlb'] },
  tlbSearch: { reads: ['tlb', 'spr946'] },
  readDcr: { reads: ['dcr'] },
  writeDcr: { writes: ['dcr'] },
  floatingPoint: { reads: ['fpscr'], writes: ['fpscr'] },
};
const SAVE_RESTORE: readonly (readonly Resource[])[] = [
  ['spr26', 'spr27'],
  ['spr58', 'spr59'],
  ['spr570', 'spr571'],
];

/**
 * Runs an instruction's semantics for their effects: what is read and written is noted, the code goes nowhere. Operands are constants,
 * so loops over registers (lmw, lswi) run as they would; where a condition is unknown, both ways are noted.
 */
export class RecordingBuilder extends Builder {
  readonly reads = new Set<Resource>();
  readonly writes = new Set<Resource>();
  usesFloatingPointUnit = false;
  #loads = false;
  #stores = false;
  #checks = false;
  /** Unknown conditions that are open: a variable set under one is unknown afterwards. */
  #uncertain = 0;

  constructor() {
    super(new CodeEmitter(0));
  }

  get memory(): MemoryEffect {
    if (this.#loads && this.#stores) return 'loadAndStore';
    if (this.#loads) return 'load';
    if (this.#stores) return 'store';
    return this.#checks ? 'check' : 'none';
  }

  /** Notes a register of a file; an unknown number is every register. */
  #note(into: Set<Resource>, file: 'r' | 'f' | 'cr', register: I32): void {
    const known = constantValue(register);
    const count = file === 'cr' ? 8 : 32;
    for (let n = 0; n < count; n++) if (known === undefined || known === n) into.add(`${file}${n}`);
  }
  #unknown(): I32 {
    return { type: 'i32', kind: 'local', index: this.emit.temporaryLocal('i32') };
  }

  override gpr(register: I32): I32 {
    this.#note(this.reads, 'r', register);
    return super.gpr(register);
  }
  override gprOrZero(register: I32): I32 {
    return constantValue(register) === 0 ? constant(0) : this.gpr(register);
  }
  override setGpr(register: I32, value: I32): void {
    this.#note(this.writes, 'r', register);
    super.setGpr(register, value);
  }
  override fpr(register: I32): I64 {
    this.#note(this.reads, 'f', register);
    return super.fpr(register);
  }
  override setFpr(register: I32, value: I64): void {
    this.#note(this.writes, 'f', register);
    super.setFpr(register, value);
  }
  override crField(field: I32): I32 {
    this.#note(this.reads, 'cr', field);
    return super.crField(field);
  }
  override setCrField(field: I32, nibble: I32): void {
    this.#note(this.writes, 'cr', field);
    super.setCrField(field, nibble);
  }
  #stateResource(offset: number): Resource | undefined {
    if (offset >= State.spr && offset < State.spr + 4096) return `spr${(offset - State.spr) >>> 2}`;
    return STATE_WORDS.get(offset);
  }
  override state(offset: number): I32 {
    const resource = this.#stateResource(offset);
    if (resource) this.reads.add(resource);
    return super.state(offset);
  }
  override setState(offset: number, value: I32): void {
    const resource = this.#stateResource(offset);
    if (resource) this.writes.add(resource);
    super.setState(offset, value);
  }

  override variable(initial: I32): Variable {
    let current = initial;
    const set = (value: I32) => {
      current = this.#uncertain > 0 || constantValue(value) === undefined ? this.#unknown() : value;
    };
    set(initial);
    return {
      get value() {
        return current;
      },
      set,
    };
  }
  override if(condition: I32, then: () => void, otherwise?: () => void): void {
    if (constantValue(condition) !== undefined) {
      super.if(condition, then, otherwise);
      return;
    }
    this.#uncertain++;
    then();
    otherwise?.();
    this.#uncertain--;
  }
  override while(condition: () => I32, body: () => void): void {
    if (this.unroll(condition, body)) return;
    // Twice, so that what the first round makes unknown is unknown to the second.
    this.#uncertain++;
    body();
    condition();
    body();
    this.#uncertain--;
  }

  override pc(): I32 {
    this.reads.add('pc');
    return this.#unknown();
  }
  override word(): I32 {
    return this.#unknown();
  }
  override load(): I32 {
    this.#loads = true;
    return this.#unknown();
  }
  override store(): void {
    this.#stores = true;
  }

  override jump(): void {
    this.writes.add('pc');
  }
  override jumpIf(): void {
    this.writes.add('pc');
  }
  /** An interrupt is no effect of the instruction: it leaves the instruction undone. */
  override raise(): void {}
  override raiseAfter(): void {}
  override jumpToStatePc(): void {
    this.writes.add('pc');
  }

  override call(name: CalloutName, ...args: I32[]): I32 {
    const { reads = [], writes = [] } = CALLOUT_EFFECTS[name] ?? {};
    for (const resource of reads) this.reads.add(resource);
    for (const resource of writes) this.writes.add(resource);
    const first = constantValue(args[0] ?? constant(0));
    if (name === 'readSpr' && first !== undefined) this.reads.add(`spr${first}`);
    if (name === 'writeSpr' && first !== undefined) this.writes.add(`spr${first}`);
    if (name === 'loadConvert') this.#note(this.writes, 'f', args[0]!);
    if (name === 'storeConvert') this.#note(this.reads, 'f', args[0]!);
    if (name === 'floatingPoint') this.usesFloatingPointUnit = true;
    if (name === 'returnFromInterrupt') {
      for (const resource of SAVE_RESTORE[first ?? 0]!) this.reads.add(resource);
      this.writes.add('msr');
    }
    if (name === 'zeroLine') this.#stores = true;
    if (name === 'touch') this.#checks = true;
    return this.#unknown();
  }
}
