import { type Processor, StopReason } from '@exitlab/core';
import type { EndlessFault, Runnable, RunOutcome } from './runnable.js';

const MSR_EE = 0x0000_8000;

/**
 * Who notices that a processor takes the same fault for ever. A fault is endless when the same access interrupt (data or instruction
 * storage, data or instruction TLB miss), with the same return address and the same fault address, has been taken very many times with no
 * other synchronous interrupt in between. That covers a vector whose own first instruction faults: then no instruction ever retires, so
 * whoever implements this must also make `Processor.run` return `stopped`.
 */
export interface FaultWatch {
  /** The endless fault, once there is one. */
  readonly endlessFault: EndlessFault | undefined;
}

/** A guest on the bare processor, with interrupts at its own vectors. */
export class NativeGuest implements Runnable {
  readonly #processor: Processor;
  readonly #faults: FaultWatch;

  constructor(processor: Processor, faults: FaultWatch) {
    this.#processor = processor;
    this.#faults = faults;
    processor.interruptTarget = 'vectors';
  }

  run(maxInstructions: number): RunOutcome {
    const reason = this.#processor.run(maxInstructions);
    const fault = this.#faults.endlessFault;
    if (fault !== undefined) return { kind: 'endless-fault', fault };
    switch (reason) {
      case StopReason.limit:
        return { kind: 'limit' };
      case StopReason.wait:
        return { kind: 'wait' };
      case StopReason.reset:
        return { kind: 'reset' };
      case StopReason.stopped:
        return { kind: 'stopped' };
      case StopReason.interrupt:
        throw new Error('the processor handed an interrupt to a host, but the guest runs without one');
    }
  }

  get retiredInstructions(): number {
    return this.#processor.clock.retiredInstructions;
  }

  get acceptsExternalInterrupts(): boolean {
    return (this.#processor.msr & MSR_EE) !== 0;
  }
}
