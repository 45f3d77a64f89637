import type { Clock, Processor } from '@exitlab/core';
import { dequeueInterrupt, Priority, queueInterrupt } from './interrupts.js';
import { Spr, Tcr, Tsr } from './registers.js';
import { SharedField, type SharedPage } from './shared-page.js';
import type { Vcpu } from './vcpu.js';
import type { Work } from './work.js';

/** What ran out when the host's timer interrupt came. */
export interface Expiries {
  decrementer: boolean;
  fixedInterval: boolean;
  watchdog: boolean;
  /** The watchdog ran out for the third time with TCR[WRC] set. */
  watchdogReset: boolean;
  hostTick: boolean;
  /** The short time after which an interrupt that the guest held back is offered again. */
  retry: boolean;
}

/** Rate of the host scheduler's tick: a timer that comes sooner than a tick is most likely the host's next. */
const HOST_HZ = 250;
/** Timebase ticks after which an interrupt that a guest's critical section holds back is offered again. */
const RETRY_TICKS = 64;
const NEVER = Number.POSITIVE_INFINITY;

/** Half periods of the fixed-interval timer and the watchdog in timebase ticks: the bit whose rise counts (440x5 UM, "Timers"). */
const FIT_HALF_PERIODS = [2 ** 12, 2 ** 16, 2 ** 20, 2 ** 24] as const;
const WATCHDOG_HALF_PERIODS = [2 ** 20, 2 ** 24, 2 ** 28, 2 ** 32] as const;

/** Rises of the timebase bit of weight `half` in (from, to]. */
function rises(half: number, from: number, to: number): number {
  return Math.floor((to + half) / (2 * half)) - Math.floor((from + half) / (2 * half));
}

/** The first timebase after `now` at which the bit of weight `half` rises. */
function nextRise(half: number, now: number): number {
  return (Math.floor((now + half) / (2 * half)) + 1) * 2 * half - half;
}

/**
 * The guest's timers, run by the one decrementer that the hardware has. As in Linux 3.4, a guest DEC is a host timer of its own: it
 * runs whatever TCR says, once, and DEC = 0 starts none. Fixed-interval timer, watchdog and DEC auto-reload are ours.
 */
export class Timers {
  readonly #processor: Processor;
  readonly #clock: Clock;
  readonly #hostTickTicks: number;
  #tsr = 0;
  #tcr = 0;
  #decar = 0;
  #dec = 0;
  #decStart = 0;
  #decDeadline = NEVER;
  /** The deadline that the shared page tells of. */
  #published: number | undefined;
  #hostTickDeadline = NEVER;
  #retryDeadline = NEVER;
  /** Up to which timebase the bits of FIT and watchdog have been looked at. */
  #watchedUntil = 0;
  #programmed = NEVER;

  /** `hostTickTicks`: period of the host scheduler's tick in timebase ticks, 0 for none. */
  constructor(processor: Processor, hostTickTicks = 0) {
    this.#processor = processor;
    this.#clock = processor.clock;
    this.#hostTickTicks = hostTickTicks;
    this.#watchedUntil = Math.floor(this.#clock.timebase);
    if (hostTickTicks > 0) this.#hostTickDeadline = this.#watchedUntil + hostTickTicks;
    processor.writeSpr(Spr.TCR, Tcr.DIE);
    processor.writeSpr(Spr.DEC, 0);
    processor.writeSpr(Spr.TSR, 0xffffffff);
  }

  /** The guest's TSR, brought up to now. */
  readTsr(): number {
    this.#watch(this.#now());
    return this.#tsr;
  }

  get tcr(): number {
    return this.#tcr;
  }

  get decar(): number {
    return this.#decar;
  }

  set decar(value: number) {
    this.#decar = value;
  }

  clearTsr(bits: number, vcpu: Vcpu): void {
    this.#watch(this.#now());
    this.#tsr = (this.#tsr & ~bits) >>> 0;
    this.updateInterrupts(vcpu);
  }

  /**
   * Clears in TSR what patched code has left to be cleared: called at each exit before anything looks at TSR or changes it. Only DIS is left
   * so. It is set at exits alone, so that clearing it at the next is as clearing it at once; the other bits follow the timebase.
   */
  clearDeferred(vcpu: Vcpu): void {
    if (vcpu.shared.get(SharedField.deferredClear) === 0) return;
    vcpu.shared.set(SharedField.deferredClear, 0);
    this.clearTsr(Tsr.DIS, vcpu);
  }

  /** WRC, once set, can only be cleared by a reset (440x5 UM, TCR). */
  writeTcr(value: number, vcpu: Vcpu): void {
    this.#watch(this.#now());
    this.#tcr = (value | (this.#tcr & Tcr.WRC)) >>> 0;
    this.updateInterrupts(vcpu);
  }

  /** Starts the guest's decrementer `delayTicks` from now, the time that the host takes until its timer runs. */
  writeDec(value: number, delayTicks: number, work: Work): void {
    if (this.#decDeadline !== NEVER) work.timerCancels++;
    this.#dec = value;
    this.#decDeadline = NEVER;
    this.#published = undefined;
    if (value === 0) return;
    work.timerStarts++;
    // Its end stays within 32 bits of the timebase, by which patched code computes it.
    this.#decStart = this.#now() + Math.min(delayTicks, 0xffffffff - value);
    this.#decDeadline = this.#decStart + value;
    if (value < this.#clock.timebaseHz / HOST_HZ) work.timerReprograms++;
  }

  /** Ticks until the decrementer runs out; 0 from then on (kvmppc_get_dec). */
  readDec(): number {
    const elapsed = Math.max(0, this.#now() - this.#decStart);
    return this.#dec < elapsed ? 0 : this.#dec - elapsed;
  }

  /**
   * Tells the page from what DEC can be computed: (end - timebase) & mask is its value, as {@link readDec} gives it, unless that is more
   * than the start. Called before the guest is entered.
   */
  publish(shared: SharedPage): void {
    if (this.#published === this.#decDeadline) return;
    this.#published = this.#decDeadline;
    const isRunning = this.#decDeadline !== NEVER;
    shared.set(SharedField.decrementerEnd, isRunning ? this.#decDeadline % 2 ** 32 : 0);
    shared.set(SharedField.decrementerStart, isRunning ? this.#dec : 0xffffffff);
    shared.set(SharedField.decrementerMask, isRunning ? 0xffffffff : 0);
  }

  /** Queues what TSR and TCR ask for, and takes back what they no longer do (update_timer_ints). */
  updateInterrupts(vcpu: Vcpu): void {
    setPending(vcpu, Priority.DECREMENTER, (this.#tcr & Tcr.DIE) !== 0 && (this.#tsr & Tsr.DIS) !== 0);
    setPending(vcpu, Priority.FIT, (this.#tcr & Tcr.FIE) !== 0 && (this.#tsr & Tsr.FIS) !== 0);
    setPending(vcpu, Priority.WATCHDOG, (this.#tcr & Tcr.WIE) !== 0 && (this.#tsr & Tsr.WIS) !== 0);
  }

  /** The timebase at which the host must next be interrupted for a timer, or infinity. */
  get nextDeadline(): number {
    let deadline = Math.min(this.#decDeadline, this.#hostTickDeadline, this.#retryDeadline);
    if ((this.#tcr & Tcr.FIE) !== 0 && (this.#tsr & Tsr.FIS) === 0) {
      deadline = Math.min(deadline, nextRise(this.#fitHalfPeriod(), this.#watchedUntil));
    }
    if ((this.#tcr & (Tcr.WIE | Tcr.WRC)) !== 0) deadline = Math.min(deadline, nextRise(this.#watchdogHalfPeriod(), this.#watchedUntil));
    return deadline;
  }

  /** Whether a timer has run out by now. */
  get expired(): boolean {
    return this.nextDeadline <= this.#now();
  }

  /** Books every timer that has run out by now, and makes the guest's interrupts pending. */
  expire(vcpu: Vcpu): Expiries {
    const now = this.#now();
    const tsrBefore = this.#tsr;
    const expiries: Expiries = {
      decrementer: false,
      fixedInterval: false,
      watchdog: false,
      watchdogReset: false,
      hostTick: false,
      retry: false,
    };
    if (this.#hostTickDeadline <= now) {
      expiries.hostTick = true;
      while (this.#hostTickDeadline <= now) this.#hostTickDeadline += this.#hostTickTicks;
    }
    if (this.#retryDeadline <= now) {
      expiries.retry = true;
      this.#retryDeadline = NEVER;
    }
    if (this.#decDeadline <= now) {
      expiries.decrementer = true;
      this.#tsr |= Tsr.DIS;
      const reload = (this.#tcr & Tcr.ARE) !== 0 && this.#decar !== 0;
      if (reload) {
        this.#dec = this.#decar;
        // Periods that have passed meanwhile are one expiry: TSR has a single bit for them.
        const missed = Math.floor((now - this.#decDeadline) / this.#decar);
        this.#decStart = this.#decDeadline + missed * this.#decar;
        this.#decDeadline = this.#decStart + this.#decar;
      } else {
        this.#decDeadline = NEVER;
      }
    }
    expiries.watchdogReset = this.#watch(now);
    const risen = this.#tsr & ~tsrBefore;
    expiries.fixedInterval = (risen & Tsr.FIS) !== 0;
    expiries.watchdog = (risen & Tsr.WIS) !== 0;
    this.#tsr >>>= 0;
    this.updateInterrupts(vcpu);
    return expiries;
  }

  /**
   * Sets the hardware's decrementer for the next deadline; called before the guest is entered. With `retrySoon` that is a short time
   * away at most: nothing else tells when the guest lets go of an interrupt that it holds back. (KVM waits for the host's next tick.)
   */
  program(retrySoon: boolean): void {
    this.#retryDeadline = retrySoon ? Math.min(this.#retryDeadline, this.#now() + RETRY_TICKS) : NEVER;
    const deadline = this.nextDeadline;
    if (deadline === this.#programmed) return;
    this.#programmed = deadline;
    this.#processor.writeSpr(Spr.DEC, deadline === NEVER ? 0 : Math.min(0xffffffff, Math.max(1, deadline - this.#now())));
    this.#processor.writeSpr(Spr.TSR, Tsr.DIS);
  }

  /** Takes note that the hardware's decrementer has interrupted, and quiets it. */
  acknowledge(): void {
    this.#programmed = NEVER;
    this.#processor.writeSpr(Spr.DEC, 0);
    this.#processor.writeSpr(Spr.TSR, Tsr.DIS);
  }

  /** Core cycles from now until the timebase reads `deadline`, rounded up. */
  cyclesUntil(deadline: number): number {
    const cyclesPerTick = this.#clock.coreHz / this.#clock.timebaseHz;
    return Math.max(0, Math.ceil(deadline * cyclesPerTick - this.#clock.cycles));
  }

  #now(): number {
    return Math.floor(this.#clock.timebase);
  }

  #fitHalfPeriod(): number {
    return FIT_HALF_PERIODS[((this.#tcr & Tcr.FP) >>> 24) & 3] as number;
  }

  #watchdogHalfPeriod(): number {
    return WATCHDOG_HALF_PERIODS[(this.#tcr & Tcr.WP) >>> 30] as number;
  }

  /** Follows the timebase bits of FIT and watchdog up to `now`; true when the watchdog asks for a reset. */
  #watch(now: number): boolean {
    if (rises(this.#fitHalfPeriod(), this.#watchedUntil, now) > 0) this.#tsr = (this.#tsr | Tsr.FIS) >>> 0;
    let watchdogRises = rises(this.#watchdogHalfPeriod(), this.#watchedUntil, now);
    this.#watchedUntil = now;
    for (; watchdogRises > 0; watchdogRises--) {
      if ((this.#tsr & Tsr.ENW) === 0) {
        this.#tsr = (this.#tsr | Tsr.ENW) >>> 0;
      } else if ((this.#tsr & Tsr.WIS) === 0) {
        this.#tsr = (this.#tsr | Tsr.WIS) >>> 0;
      } else {
        return (this.#tcr & Tcr.WRC) !== 0;
      }
    }
    return false;
  }
}

function setPending(vcpu: Vcpu, priority: number, pending: boolean): void {
  if (pending) queueInterrupt(vcpu, priority);
  else dequeueInterrupt(vcpu, priority);
}
