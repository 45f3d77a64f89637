import { sprn } from '../isa/special-purpose-registers.js';
import { Msr } from '../isa/vectors.js';
import { crNibble, crWords } from './condition-register.js';
import { State } from './state-layout.js';

/** Typed access to the registers that generated code and TypeScript share. Values are unsigned 32-bit numbers. */
export class ProcessorState {
  readonly buffer: ArrayBuffer;
  readonly words: Uint32Array;
  readonly #doublewords: BigUint64Array;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.words = new Uint32Array(buffer, 0, State.end >>> 2);
    this.#doublewords = new BigUint64Array(buffer, State.fpr, 32);
    this.cr = 0;
  }

  get(offset: number): number {
    return this.words[offset >>> 2]!;
  }
  set(offset: number, value: number): void {
    this.words[offset >>> 2] = value;
  }

  gpr(n: number): number {
    return this.words[(State.gpr >>> 2) + n]!;
  }
  setGpr(n: number, value: number): void {
    this.words[(State.gpr >>> 2) + n] = value;
  }
  fpr(n: number): bigint {
    return this.#doublewords[n]!;
  }
  setFpr(n: number, bits: bigint): void {
    this.#doublewords[n] = bits;
  }
  spr(number: number): number {
    return this.words[(State.spr >>> 2) + number]!;
  }
  setSpr(number: number, value: number): void {
    this.words[(State.spr >>> 2) + number] = value;
  }

  get pc(): number {
    return this.get(State.pc);
  }
  set pc(value: number) {
    this.set(State.pc, value & ~3);
  }
  get msr(): number {
    return this.get(State.msr);
  }
  get isUser(): boolean {
    return (this.get(State.msr) & Msr.PR) !== 0;
  }
  get pid(): number {
    return this.spr(PID);
  }

  get cr(): number {
    let cr = 0;
    for (let field = 0; field < 8; field++) cr = (cr << 4) | crNibble(this.get(State.cr + 8 * field), this.get(State.cr + 8 * field + 4));
    return cr >>> 0;
  }
  /** One field as its nibble LT GT EQ SO. */
  setCrField(field: number, nibble: number): void {
    const { low, high } = crWords(nibble);
    this.set(State.cr + 8 * field, low);
    this.set(State.cr + 8 * field + 4, high);
  }
  set cr(value: number) {
    for (let field = 0; field < 8; field++) {
      const { low, high } = crWords((value >>> (28 - 4 * field)) & 15);
      this.set(State.cr + 8 * field, low);
      this.set(State.cr + 8 * field + 4, high);
    }
  }

  get xer(): number {
    const flags = (this.get(State.xerSo) << 31) | (this.get(State.xerOv) << 30) | (this.get(State.xerCa) << 29);
    return (flags | this.get(State.xerCount)) >>> 0;
  }
  set xer(value: number) {
    this.set(State.xerSo, value >>> 31);
    this.set(State.xerOv, (value >>> 30) & 1);
    this.set(State.xerCa, (value >>> 29) & 1);
    this.set(State.xerCount, value & 0x7f);
  }

  /** Adds one to a counter. */
  count(offset: number): void {
    this.words[offset >>> 2]!++;
  }

  /** Marks an interrupt for the instruction being executed; the engine then leaves it unexecuted. */
  raise(vector: number, esr = 0, dear = 0): void {
    this.set(State.pendingVector, vector + 1);
    this.set(State.pendingEsr, esr);
    this.set(State.pendingDear, dear);
  }
}

const PID = sprn('PID');
