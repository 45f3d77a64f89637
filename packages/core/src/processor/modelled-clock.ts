import type { Clock } from '../hardware.js';
import type { GuestTime } from '../host/guest-time.js';

export interface ClockRates {
  /** Core cycles a second, which with one instruction a cycle is also the modelled instruction rate. */
  coreHz: number;
  timebaseHz: number;
}

/** Guest time, from retired instructions and from what is added; the timebase is derived from it and from what the guest wrote into it. */
export class ModelledClock implements Clock {
  readonly coreHz: number;
  readonly timebaseHz: number;
  readonly #time: GuestTime;
  /** What a write to the timebase added to it, in ticks. */
  #timebaseOffset = 0;

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
    return this.ticks + this.#timebaseOffset;
  }
  setTimebase(value: number): void {
    this.#timebaseOffset = value - this.ticks;
  }
  /** The difference between timebase and ticks, for who waits for a bit of the timebase. */
  get timebaseOffset(): number {
    return this.#timebaseOffset;
  }
}
