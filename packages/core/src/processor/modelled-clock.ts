import type { Clock } from '../hardware.js';
import type { GuestTime } from '../host/guest-time.js';

export interface ClockRates {
  /** Core cycles a second, which with one instruction a cycle is also the modelled instruction rate. */
  coreHz: number;
  timebaseHz: number;
}

/** Of a timebase that has been written, what is added and subtracted with exactly; the bits above are kept apart. */
const COUNTED_UPPER_BITS = 0xffff;
const WORD = 2 ** 32;

/** Guest time, from retired instructions and from what is added; the timebase is derived from it and from what the guest wrote into it. */
export class ModelledClock implements Clock {
  readonly coreHz: number;
  readonly timebaseHz: number;
  readonly #time: GuestTime;

  constructor({ coreHz, timebaseHz }: ClockRates, time: GuestTime) {
    this.coreHz = coreHz;
    this.timebaseHz = timebaseHz;
    this.#time = time;
  }

  get retiredInstructions(): number {
    return this.#time.retired;
  }
  get cycles(): number {
    return this.#time.retired + this.#time.addedCycles;
  }
  advance(cycles: number): void {
    this.#time.addCycles(cycles);
  }

  /** Ticks of the timer input since reset: what the timebase would read had nobody written it. */
  get ticks(): number {
    return this.ticksAt(this.cycles);
  }
  ticksAt(cycles: number): number {
    if (this.coreHz === this.timebaseHz) return cycles;
    return Math.floor((cycles * this.timebaseHz) / this.coreHz);
  }
  /** The first cycle at which `ticks` ticks have passed. */
  cyclesAt(ticks: number): number {
    if (this.coreHz === this.timebaseHz) return ticks;
    let cycles = Math.ceil((ticks * this.coreHz) / this.timebaseHz);
    while (this.ticksAt(cycles) < ticks) cycles++;
    return cycles;
  }

  get timebase(): number {
    return this.#time.timebaseTop * WORD + this.countedTimebase;
  }
  /** The timebase without what a write has put above bit 47: exact, and all that timers look at. */
  get countedTimebase(): number {
    return this.ticks + this.#time.timebaseOffset;
  }
  get timebaseUpper(): number {
    return (this.#time.timebaseTop + Math.floor(this.countedTimebase / WORD)) >>> 0;
  }
  get timebaseLower(): number {
    return this.countedTimebase % WORD;
  }
  /** Sets the two words of the timebase. */
  setTimebase(upper: number, lower: number): void {
    const offset = (upper & COUNTED_UPPER_BITS) * WORD + lower - this.ticks;
    this.#time.setTimebase(offset, (upper & ~COUNTED_UPPER_BITS) >>> 0);
  }
}
