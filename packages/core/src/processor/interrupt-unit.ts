import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, Msr, VECTORS, Vector } from '../isa/vectors.js';
import type { DebugFacility } from './debug-facility.js';
import { INTERRUPT_ENTRY } from './interrupt-entry.js';
import type { ProcessorState } from './processor-state.js';
import { State } from './state-layout.js';
import type { Timers } from './timers.js';

const ESR = sprn('ESR');
const DEAR = sprn('DEAR');
const IVPR = sprn('IVPR');
const IVOR0 = sprn('IVOR0');

/** How interrupts are entered, by vector. */
const ENTRIES = VECTORS.map((row) => ({ row, ...INTERRUPT_ENTRY[row.class] }));

/** No interrupt: what {@link InterruptUnit.pendingAsynchronous} answers where none may be taken. */
export const NO_VECTOR = -1;

/** The interrupt inputs of the core, which asynchronous interrupt comes next, and how interrupts are entered. */
export class InterruptUnit {
  /** Levels of the two inputs. */
  external = false;
  critical = false;
  lastVector = 0;
  /** Where the last interrupt came from. */
  interruptedPc = 0;
  readonly #state: ProcessorState;
  readonly #timers: Timers;
  readonly #debug: DebugFacility;

  constructor(state: ProcessorState, timers: Timers, debug: DebugFacility) {
    this.#state = state;
    this.#timers = timers;
    this.#debug = debug;
  }

  /** Whether an interrupt would be taken if MSR enabled all. */
  get mayInterrupt(): boolean {
    return this.external || this.critical || this.#timers.hasPendingInterrupt;
  }

  /** The enabled asynchronous interrupt of highest priority, or NO_VECTOR (PPC440x5 UM, Interrupt Ordering and Priorities). */
  get pendingAsynchronous(): number {
    const { msr } = this.#state;
    if (msr & Msr.DE && this.#debug.interruptPending) return Vector.debug;
    if (!this.mayInterrupt) return NO_VECTOR;
    const { decrementer, fixedInterval, watchdog } = this.#timers.pendingInterrupts;
    if (msr & Msr.CE && this.critical) return Vector.criticalInput;
    if (msr & Msr.CE && watchdog) return Vector.watchdog;
    if (!(msr & Msr.EE)) return NO_VECTOR;
    if (this.external) return Vector.externalInput;
    if (fixedInterval) return Vector.fixedIntervalTimer;
    return decrementer ? Vector.decrementer : NO_VECTOR;
  }

  /** Enters an interrupt at State.pc, its vector's code next. @returns the handler's MSR, which the processor has to set */
  enter(vector: number, esr: number, dear: number): number {
    const state = this.#state;
    const { row, save0, save1, keptMsr } = ENTRIES[vector]!;
    const { pc, msr } = state;
    this.lastVector = vector;
    this.interruptedPc = pc;
    state.setSpr(save0, pc);
    state.setSpr(save1, msr);
    state.count(State.interruptCounts + 4 * vector);
    // Only a machine check touches ESR[MCI].
    if (row.writesEsr) state.setSpr(ESR, (state.spr(ESR) & Esr.MCI) | esr);
    if (row.writesDear) state.setSpr(DEAR, dear);
    state.pc = state.spr(IVPR) | state.spr(IVOR0 + vector);
    return msr & keptMsr;
  }
}
