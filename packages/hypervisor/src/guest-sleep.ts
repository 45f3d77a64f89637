import type { ExitBook } from './exit-book.js';
import type { ExitType } from './exit-types.js';
import type { GuestDevices, RunOutcome } from './hypervisor-options.js';
import type { Timers } from './timers.js';
import type { Vcpu } from './vcpu.js';
import type { Work } from './work.js';

/** A guest that has set MSR[WE], or has said by a hypercall that it is idle, and whose exit is not booked yet. */
export class GuestSleep {
  readonly #vcpu: Vcpu;
  readonly #timers: Timers;
  readonly #devices: GuestDevices;
  readonly #book: ExitBook;
  readonly #takeStopRequest: () => boolean;
  #exit: { pc: number; idleCycles: number; type: ExitType } | undefined;

  /** @param takeStopRequest whether somebody has asked the run to stop; the request is then done with */
  constructor(vcpu: Vcpu, timers: Timers, devices: GuestDevices, book: ExitBook, takeStopRequest: () => boolean) {
    this.#vcpu = vcpu;
    this.#timers = timers;
    this.#devices = devices;
    this.#book = book;
    this.#takeStopRequest = takeStopRequest;
  }

  get isAsleep(): boolean {
    return this.#exit !== undefined;
  }

  begin(pc: number, type: ExitType): void {
    this.#exit = { pc, idleCycles: 0, type };
  }

  /**
   * Sleeps until an interrupt is pending (kvm_vcpu_block). A pending one that the guest does not allow ends the sleep at once, as there.
   * @returns why the run has to end with the guest asleep, if it has
   */
  goOn(): RunOutcome | undefined {
    const exit = this.#sleeping;
    while (this.#vcpu.pending === 0) {
      const deadline = this.#timers.nextDeadline;
      const timerCycles = Number.isFinite(deadline) ? this.#timers.cyclesUntil(deadline) : undefined;
      const cycles = this.#devices.idle === undefined ? timerCycles : this.#devices.idle(timerCycles);
      if (cycles === undefined) return { kind: 'wait' };
      if (this.#takeStopRequest()) return { kind: 'stopped' };
      this.#vcpu.processor.clock.advance(cycles);
      exit.idleCycles += cycles;
      if (this.#timers.expired) this.#timers.expire(this.#vcpu);
    }
    return undefined;
  }

  /** Books the exit in which the guest slept. */
  end(work: Work): void {
    const { pc, idleCycles, type } = this.#sleeping;
    this.#exit = undefined;
    this.#book.accounting.bookIdle(idleCycles);
    this.#book.book(type, pc, idleCycles, work);
  }

  get #sleeping(): { pc: number; idleCycles: number; type: ExitType } {
    if (this.#exit === undefined) throw new Error('The guest is awake.');
    return this.#exit;
  }
}
