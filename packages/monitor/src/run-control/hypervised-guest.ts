import type { Hypervisor, HypervisorRunOutcome } from '@exitlab/hypervisor';
import type { Runnable, RunOutcome } from './runnable.js';

const MSR_EE = 0x0000_8000;

/** A guest under the hypervisor. */
export class HypervisedGuest implements Runnable {
  readonly #hypervisor: Hypervisor;

  constructor(hypervisor: Hypervisor) {
    this.#hypervisor = hypervisor;
  }

  run(maxInstructions: number): RunOutcome {
    return toRunOutcome(this.#hypervisor.run(maxInstructions));
  }

  get retiredInstructions(): number {
    return this.#hypervisor.guestInstructions;
  }

  get acceptsExternalInterrupts(): boolean {
    return (this.#hypervisor.vcpu.msr & MSR_EE) !== 0;
  }
}

function toRunOutcome(outcome: HypervisorRunOutcome): RunOutcome {
  if (outcome.kind !== 'failure') return outcome;
  const { reason, message } = outcome.failure;
  return { kind: 'failure', failure: { cause: reason === 'endless-fault' ? 'endless-fault' : 'unsupported', sentence: message } };
}
