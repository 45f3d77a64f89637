import type { ModelledClock } from './modelled-clock.js';

/** Bits of TSR and TCR (PPC440x5 UM, chapter 7). */
export const Tsr = { ENW: 0x80000000, WIS: 0x40000000, WRS: 0x30000000, DIS: 0x08000000, FIS: 0x04000000 } as const;
export const Tcr = {
  WP: 0xc0000000,
  WRC: 0x30000000,
  WIE: 0x08000000,
  DIE: 0x04000000,
  FP: 0x03000000,
  FIE: 0x00800000,
  ARE: 0x00400000,
} as const;

/** Which bit of the timebase, as a power of two, makes a fixed-interval or watchdog exception when it goes from 0 to 1. */
const FIT_BIT = [12, 16, 20, 24] as const;
const WATCHDOG_BIT = [20, 24, 28, 32] as const;

/** How often bit `log2` of a counter goes from 0 to 1 while it counts from `from` (exclusive) to `to` (inclusive). */
function risingEdges(from: number, to: number, log2: number): number {
  const period = 2 ** (log2 + 1);
  const half = 2 ** log2;
  return Math.floor((to + half) / period) - Math.floor((from + half) / period);
}

/** Ticks until that bit next goes from 0 to 1. */
function ticksToRisingEdge(now: number, log2: number): number {
  const period = 2 ** (log2 + 1);
  const phase = (((now + 2 ** log2) % period) + period) % period;
  return period - phase;
}

/** The decrementer, the fixed-interval timer and the watchdog, as functions of the clock: they are brought up to date when someone looks. */
export class Timers {
  readonly #clock: ModelledClock;
  #tsr = 0;
  #tcr = 0;
  #decarValue = 0;
  /** The decrementer's value at `#decrementerTick`. */
  #decrementer = 0;
  #decrementerTick = 0;
  /** Timebase up to which edges have been seen, and the first at which there is another that matters. */
  #seenTimebase = 0;
  #nextEdge = 0;
  /** A watchdog time-out with TCR[WRC] set asks for a reset. */
  resetRequested = false;

  constructor(clock: ModelledClock) {
    this.#clock = clock;
  }

  get tsr(): number {
    this.update();
    return this.#tsr;
  }
  /** Writing ones clears. */
  clearTsr(bits: number): void {
    this.update();
    this.#tsr = (this.#tsr & ~bits) >>> 0;
    this.#watchFrom(this.#clock.countedTimebase);
  }
  get tcr(): number {
    return this.#tcr;
  }
  /** TCR[WRC] can only be set, not cleared, by software. */
  set tcr(value: number) {
    this.update();
    this.#tcr = ((value & 0xffc00000) | (this.#tcr & Tcr.WRC)) >>> 0;
    this.#watchFrom(this.#clock.countedTimebase);
  }

  get decrementer(): number {
    this.update();
    return Math.max(0, this.#decrementer - (this.#clock.ticks - this.#decrementerTick));
  }
  /** Writing 0 stops it and makes no exception. */
  set decrementer(value: number) {
    this.update();
    this.#decrementer = value;
    this.#decrementerTick = this.#clock.ticks;
  }
  set decar(value: number) {
    this.update();
    this.#decarValue = value;
  }

  /** After the guest wrote the timebase: an edge made by the write counts, the time before it does not. */
  timebaseWritten(before: number): void {
    const after = this.#clock.countedTimebase;
    const rose = (log2: number) => Math.floor(before / 2 ** log2) % 2 === 0 && Math.floor(after / 2 ** log2) % 2 === 1;
    if (rose(FIT_BIT[(this.#tcr & Tcr.FP) >>> 24]!)) this.#tsr = (this.#tsr | Tsr.FIS) >>> 0;
    if (rose(WATCHDOG_BIT[(this.#tcr & Tcr.WP) >>> 30]!)) this.#watchdogEdge();
    this.#watchFrom(after);
  }

  /** Applies everything that has happened up to the clock's present. */
  update(): void {
    const ticks = this.#clock.ticks;
    if (this.#decrementer > 0 && ticks - this.#decrementerTick >= this.#decrementer) {
      this.#tsr = (this.#tsr | Tsr.DIS) >>> 0;
      this.#decrementerTick += this.#decrementer;
      this.#decrementer = this.#tcr & Tcr.ARE ? this.#decarValue : 0;
      // Further reloads may have happened since; how many does not matter.
      if (this.#decrementer > 0) this.#decrementerTick = ticks - ((ticks - this.#decrementerTick) % this.#decrementer);
    }
    const timebase = this.#clock.countedTimebase;
    // This runs at every exit and interrupt, and edges are rare.
    if (timebase < this.#nextEdge) return;
    if (risingEdges(this.#seenTimebase, timebase, FIT_BIT[(this.#tcr & Tcr.FP) >>> 24]!) > 0) this.#tsr = (this.#tsr | Tsr.FIS) >>> 0;
    const edges = risingEdges(this.#seenTimebase, timebase, WATCHDOG_BIT[(this.#tcr & Tcr.WP) >>> 30]!);
    for (let edge = 0; edge < Math.min(edges, 3); edge++) this.#watchdogEdge();
    this.#watchFrom(timebase);
  }

  /** All edges up to `now` are dealt with: finds the next that makes a difference to TSR as it stands. */
  #watchFrom(now: number): void {
    this.#seenTimebase = now;
    this.#nextEdge = Number.POSITIVE_INFINITY;
    if (!(this.#tsr & Tsr.FIS)) this.#nextEdge = now + ticksToRisingEdge(now, FIT_BIT[(this.#tcr & Tcr.FP) >>> 24]!);
    const watchdogIsDone = this.#tsr & Tsr.ENW && this.#tsr & Tsr.WIS && !(this.#tcr & Tcr.WRC);
    if (watchdogIsDone) return;
    this.#nextEdge = Math.min(this.#nextEdge, now + ticksToRisingEdge(now, WATCHDOG_BIT[(this.#tcr & Tcr.WP) >>> 30]!));
  }

  /** The watchdog's state machine (PPC440x5 UM, figure Watchdog State Machine). */
  #watchdogEdge(): void {
    if (!(this.#tsr & Tsr.ENW)) this.#tsr |= Tsr.ENW;
    else if (!(this.#tsr & Tsr.WIS)) this.#tsr |= Tsr.WIS;
    else if (this.#tcr & Tcr.WRC) {
      this.#tsr |= this.#tcr & Tcr.WRC;
      this.resetRequested = true;
    }
    this.#tsr >>>= 0;
  }

  /** Whether any of {@link pendingInterrupts} is: the status bits lie one and three places above their enables. */
  get hasPendingInterrupt(): boolean {
    return ((((this.#tsr >>> 1) & Tcr.DIE) | ((this.#tsr >>> 3) & (Tcr.FIE | Tcr.WIE))) & this.#tcr) !== 0;
  }

  /** Whether a timer's interrupt is pending and enabled in TCR; MSR's enables are the caller's matter. */
  get pendingInterrupts(): { decrementer: boolean; fixedInterval: boolean; watchdog: boolean } {
    return {
      decrementer: (this.#tsr & Tsr.DIS) !== 0 && (this.#tcr & Tcr.DIE) !== 0,
      fixedInterval: (this.#tsr & Tsr.FIS) !== 0 && (this.#tcr & Tcr.FIE) !== 0,
      watchdog: (this.#tsr & Tsr.WIS) !== 0 && (this.#tcr & Tcr.WIE) !== 0,
    };
  }

  /** Cycles from now to the next change that can interrupt or reset; Infinity where none is coming. Call {@link update} first. */
  cyclesToNextEvent(): number {
    let ticks = Number.POSITIVE_INFINITY;
    const now = this.#clock.ticks;
    if (this.#decrementer > 0 && !(this.#tsr & Tsr.DIS)) ticks = this.#decrementer - (now - this.#decrementerTick);
    const timebase = this.#clock.countedTimebase;
    if (this.#tcr & Tcr.FIE && !(this.#tsr & Tsr.FIS))
      ticks = Math.min(ticks, ticksToRisingEdge(timebase, FIT_BIT[(this.#tcr & Tcr.FP) >>> 24]!));
    const watchdogMatters = (this.#tcr & Tcr.WRC) !== 0 || (this.#tcr & Tcr.WIE && !(this.#tsr & Tsr.WIS));
    if (watchdogMatters) ticks = Math.min(ticks, ticksToRisingEdge(timebase, WATCHDOG_BIT[(this.#tcr & Tcr.WP) >>> 30]!));
    return ticks === Number.POSITIVE_INFINITY ? ticks : this.#clock.cyclesAt(now + ticks) - this.#clock.cycles;
  }
}
