import { FIELDS, type FieldName } from '../isa/encoding.js';
import { decode, fieldValue } from '../isa/instruction-set.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { type InterruptClass, Msr } from '../isa/vectors.js';
import { type CompareConditions, compareAddress, PairMode, valueMatches } from './debug-compare.js';
import type { ProcessorState } from './processor-state.js';
import { State } from './state-layout.js';

/** Bits of DBCR0 (PPC440x5 UM, section 8.6.1). The event bits lie in DBSR as they do here. */
export const Dbcr0 = {
  EDM: 0x80000000,
  IDM: 0x40000000,
  RST: 0x30000000,
  ICMP: 0x08000000,
  BRT: 0x04000000,
  IRPT: 0x02000000,
  TRAP: 0x01000000,
  IAC1: 0x00800000,
  IAC2: 0x00400000,
  IAC3: 0x00200000,
  IAC4: 0x00100000,
  DAC1R: 0x00080000,
  DAC1W: 0x00040000,
  DAC2R: 0x00020000,
  DAC2W: 0x00010000,
  RET: 0x00008000,
  FT: 0x00000001,
} as const;

/** What DBSR has beside those (PPC440x5 UM, section 8.6.4). */
export const Dbsr = { IDE: 0x80000000, UDE: 0x40000000, MRR: 0x30000000, IAC12ATS: 0x00000002, IAC34ATS: 0x00000001 } as const;

const DACS = Dbcr0.DAC1R | Dbcr0.DAC1W | Dbcr0.DAC2R | Dbcr0.DAC2W;
const IACS = Dbcr0.IAC1 | Dbcr0.IAC2 | Dbcr0.IAC3 | Dbcr0.IAC4;
/** Events that are looked for before or after each instruction. */
const EACH_INSTRUCTION = IACS | Dbcr0.ICMP | Dbcr0.BRT | Dbcr0.RET;
/** DBSR bits that ask for a Debug interrupt. */
const EVENTS = EACH_INSTRUCTION | DACS | Dbcr0.IRPT | Dbcr0.TRAP | Dbsr.UDE;

/** The two pairs of instruction addresses: shifts into DBCR1 of US, ER, mode and auto-toggle, and what is theirs in DBSR. */
const IAC_PAIRS = [
  { first: 1, events: [Dbcr0.IAC1, Dbcr0.IAC2], us: [30, 26], er: [28, 24], mode: 22, toggle: 0x00010000, status: Dbsr.IAC12ATS },
  { first: 3, events: [Dbcr0.IAC3, Dbcr0.IAC4], us: [14, 10], er: [12, 8], mode: 6, toggle: 0x00000001, status: Dbsr.IAC34ATS },
] as const;

/** The data addresses: shifts into DBCR2, and the events of loads and stores. */
const DAC_MODE_SHIFT = 22;
const DACS_BY_NUMBER = [
  { load: Dbcr0.DAC1R, store: Dbcr0.DAC1W, us: 30, er: 28, valueMode: 18, byteEnables: 8 },
  { load: Dbcr0.DAC2R, store: Dbcr0.DAC2W, us: 26, er: 24, valueMode: 16, byteEnables: 0 },
] as const;

const DBCR0 = sprn('DBCR0');
const DBCR1 = sprn('DBCR1');
const DBCR2 = sprn('DBCR2');
const DBSR = sprn('DBSR');
const IAC1 = sprn('IAC1');
const DAC1 = sprn('DAC1');
const DVC1 = sprn('DVC1');

const RETURNS: ReadonlySet<string> = new Set(['rfi', 'rfci', 'rfmci']);
const CTR_KEPT = 4;
const CTR_ZERO = 2;

/**
 * The debug facility in internal debug mode and in trace mode (PPC440x5 UM, chapter 8): it looks for events and records them in DBSR.
 * A Debug interrupt is pending while DBSR holds an event, DBCR0[IDM] is set and MSR[DE] lets it through; so an event that happened with
 * MSR[DE] off interrupts when it is set, if the handler has not cleared the bit (section 6.5.16).
 *
 * External debug mode and debug wait mode belong to a JTAG debugger; their bits are kept and have no effect.
 */
export class DebugFacility {
  readonly #state: ProcessorState;
  readonly #instructionAt: (pc: number) => number | undefined;
  /** Whether an event is enabled that is looked for at each instruction, so that the engine must go one by one. */
  watchesInstructions = false;
  /** Whether data addresses are compared. */
  watchesData = false;

  /** @param instructionAt the word at an address that the processor could fetch now, without any effect; undefined where it could not */
  constructor(state: ProcessorState, instructionAt: (pc: number) => number | undefined) {
    this.#state = state;
    this.#instructionAt = instructionAt;
  }

  get #enabled(): number {
    return this.#state.spr(DBCR0);
  }
  get #interruptsEnabled(): boolean {
    return (this.#state.msr & Msr.DE) !== 0;
  }
  get #isInternal(): boolean {
    return (this.#enabled & Dbcr0.IDM) !== 0;
  }
  /** Whether a Debug interrupt waits, if MSR[DE] is set. */
  get interruptPending(): boolean {
    return this.#isInternal && (this.#state.spr(DBSR) & EVENTS) !== 0;
  }
  /** The reset that DBCR0[RST] asks for: 0 none, 1 core, 2 chip, 3 system. */
  get requestedReset(): number {
    return (this.#enabled & Dbcr0.RST) >>> 28;
  }

  /** Whether any event is enabled at all. */
  get isActive(): boolean {
    return (this.#enabled & EVENTS & ~Dbsr.UDE) !== 0;
  }

  controlChanged(): void {
    this.watchesInstructions = (this.#enabled & EACH_INSTRUCTION) !== 0;
    this.watchesData = (this.#enabled & DACS) !== 0;
  }

  /** Notes in DBSR[MRR] which reset has happened: 1 core, 2 chip, 3 system. */
  recordReset(kind: number): void {
    this.#state.setSpr(DBSR, (this.#state.spr(DBSR) & ~Dbsr.MRR) | (kind << 28));
  }

  /** The event that a debugger outside the processor can make at any time. */
  recordUnconditional(): void {
    this.#record(Dbsr.UDE);
  }

  /**
   * Records an event. `withInterruptsDisabled` says whether it may happen in internal debug mode with MSR[DE] = 0; then DBSR[IDE] tells
   * that its interrupt will come late.
   *
   * @returns whether a Debug interrupt is due at once, so that an instruction that has not been executed gives way to it
   */
  #record(events: number, withInterruptsDisabled = true): boolean {
    const internal = this.#isInternal;
    const immediate = internal && this.#interruptsEnabled;
    if (internal && !immediate && !withInterruptsDisabled) return false;
    const imprecise = internal && !immediate ? Dbsr.IDE : 0;
    this.#state.setSpr(DBSR, this.#state.spr(DBSR) | events | imprecise);
    return immediate;
  }

  // --- instructions ---------------------------------------------------------------------------------------------------------
  /** Looks for the events of the instruction at `pc`, in order of priority; true where it gives way to a Debug interrupt. */
  beforeInstruction(): boolean {
    if (this.#enabled & IACS && this.#compareInstructionAddress()) return true;
    if (!(this.#enabled & (Dbcr0.BRT | Dbcr0.RET))) return false;
    const word = this.#instructionAt(this.#state.pc);
    const instruction = word === undefined ? undefined : decode(word);
    if (!instruction) return false;
    const { row } = instruction;
    if (this.#enabled & Dbcr0.RET && RETURNS.has(row.mnemonic) && !this.#state.isUser) {
      return this.#record(Dbcr0.RET, row.mnemonic === 'rfi');
    }
    if (!(this.#enabled & Dbcr0.BRT)) return false;
    const field = (name: FieldName) => fieldValue(name, instruction.encoding.fields.get(FIELDS[name].letter)!, word!);
    const taken =
      row.mnemonic === 'b' ||
      (['bc', 'bclr', 'bcctr'].includes(row.mnemonic) && this.#isTaken(field('BO'), field('BI'), row.mnemonic !== 'bcctr'));
    return taken && this.#record(Dbcr0.BRT, false);
  }

  #isTaken(bo: number, bi: number, counts: boolean): boolean {
    const counted = !counts || (bo & CTR_KEPT) !== 0 || (this.#state.get(State.ctr) === 1) === ((bo & CTR_ZERO) !== 0);
    const bit = (this.#state.cr >>> (31 - bi)) & 1;
    return counted && ((bo & 16) !== 0 || bit === ((bo >>> 3) & 1));
  }

  /** After an instruction: `completed` says whether it did, `msrBefore` is the MSR it began with. */
  afterInstruction(completed: boolean, msrBefore: number): void {
    // In trace mode ICMP is not supported; with MSR[DE] = 0 it cannot happen (section 8.3.7).
    if (!completed || !this.#isInternal || !(this.#enabled & Dbcr0.ICMP) || !(msrBefore & Msr.DE)) return;
    this.#state.setSpr(DBSR, this.#state.spr(DBSR) | Dbcr0.ICMP);
  }

  /** After an interrupt other than Debug; critical ones are events in trace mode only (section 8.3.8). */
  interruptTaken(interruptClass: InterruptClass): void {
    if (!(this.#enabled & Dbcr0.IRPT)) return;
    if (interruptClass === 'base' || !this.#isInternal) this.#record(Dbcr0.IRPT);
  }

  /** A trap whose condition holds; true where the Debug interrupt takes the place of Program. */
  trap(): boolean {
    return (this.#enabled & Dbcr0.TRAP) !== 0 && this.#record(Dbcr0.TRAP);
  }

  #conditions(control: number, us: number, er: number, space: number): CompareConditions {
    const { msr } = this.#state;
    return { us: (control >>> us) & 3, er: (control >>> er) & 3, user: (msr & Msr.PR) !== 0, addressSpace: msr & space ? 1 : 0 };
  }

  #compareInstructionAddress(): boolean {
    const state = this.#state;
    const control = state.spr(DBCR1);
    let immediate = false;
    for (const { first, events, us, er, mode, toggle, status } of IAC_PAIRS) {
      let pairMode = (control >>> mode) & 3;
      const isRange = (pairMode & PairMode.inclusive) !== 0;
      if (isRange && control & toggle && state.spr(DBSR) & status) pairMode ^= PairMode.inclusive ^ PairMode.exclusive;
      let found = 0;
      for (const number of [0, 1] as const) {
        if (!(this.#enabled & events[number])) continue;
        const conditions = this.#conditions(control, us[number], er[number], Msr.IS);
        const pair = [state.spr(IAC1 + first - 1), state.spr(IAC1 + first)] as const;
        // The 440 has no mask mode for instruction addresses.
        if (pairMode !== PairMode.mask && compareAddress(state.pc, number, pair, pairMode, conditions)) found |= events[number];
      }
      const possible = !(isRange && this.#isInternal && !this.#interruptsEnabled);
      if (found === 0 || !possible) continue;
      if (this.#record(found)) immediate = true;
      if (isRange && control & toggle) state.setSpr(DBSR, state.spr(DBSR) ^ status);
    }
    return immediate;
  }

  // --- data -----------------------------------------------------------------------------------------------------------------
  /**
   * A data access that translation and permission let through. The address compared is the first byte's (section 8.3.2).
   *
   * @param value the data as memory has them, most significant byte first; undefined for a cache operation, which moves none
   * @returns whether the instruction gives way to a Debug interrupt
   */
  dataAccess(ea: number, kind: 'load' | 'store', sizeBytes: number, value: number | undefined): boolean {
    const state = this.#state;
    const control = state.spr(DBCR2);
    const mode = (control >>> DAC_MODE_SHIFT) & 3;
    const pair = [state.spr(DAC1), state.spr(DAC1 + 1)] as const;
    let found = 0;
    for (const number of [0, 1] as const) {
      const { us, er, valueMode, byteEnables, ...events } = DACS_BY_NUMBER[number];
      if (!(this.#enabled & events[kind])) continue;
      if (!compareAddress(ea, number, pair, mode, this.#conditions(control, us, er, Msr.DS))) continue;
      const lanes = (control >>> byteEnables) & 15;
      const wanted = { value: state.spr(DVC1 + number), lanes, mode: (control >>> valueMode) & 3 };
      if (lanes === 0 || (value !== undefined && valueMatches(wanted, ea, sizeBytes, value))) found |= events[kind];
    }
    return found !== 0 && this.#record(found);
  }
}
