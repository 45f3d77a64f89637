import { performDeviceAccess } from './emulation/device-access.js';
import { CPR0_CONFIG_ADDRESS, CPR0_CONFIG_DATA } from './emulation/privileged.js';
import type { Exit, ExitOutcome } from './exit-handler.js';
import type { GuestDevices, RunOutcome } from './hypervisor-options.js';
import { deliverInterrupts, Priority, queueInterrupt } from './interrupts.js';
import { Esr } from './registers.js';
import type { Vcpu } from './vcpu.js';
import type { Work } from './work.js';

/** What is done for an exit outside the host's kernel: accesses to devices. */
export class UserSpace {
  readonly #vcpu: Vcpu;
  readonly #devices: GuestDevices;
  readonly #work: Work;
  readonly #hostProcessPages: number;

  /** `hostProcessPages`: pages that the host's user space touches at each such exit. */
  constructor(vcpu: Vcpu, devices: GuestDevices, work: Work, hostProcessPages: number) {
    this.#vcpu = vcpu;
    this.#devices = devices;
    this.#work = work;
    this.#hostProcessPages = hostProcessPages;
  }

  /** Completes an exit; interrupts that devices raise by it are delivered before the guest goes on. */
  complete(outcome: ExitOutcome, exit: Exit): RunOutcome | undefined {
    const vcpu = this.#vcpu;
    const { processor, shadowTlb } = vcpu;
    const { bus, dcr } = this.#devices;
    switch (outcome.kind) {
      case 'resume-guest':
      case 'resume-guest-nv':
      case 'idle':
        return undefined;
      case 'emulate-mmio': {
        const missing = performDeviceAccess(vcpu, bus, outcome.access);
        if (missing !== undefined) this.#missDuringAccess(missing, exit);
        break;
      }
      case 'emulate-dcr':
        if (outcome.isWrite) dcr.write(outcome.dcrn, processor.gpr(outcome.register));
        else processor.setGpr(outcome.register, dcr.read(outcome.dcrn) >>> 0);
        break;
      case 'read-clock-register':
        dcr.write(CPR0_CONFIG_ADDRESS, vcpu.cpr0Address);
        processor.setGpr(outcome.register, dcr.read(CPR0_CONFIG_DATA) >>> 0);
        return undefined;
      case 'reset':
        return { kind: 'reset' };
      case 'fail':
        return { kind: 'failure', failure: outcome.failure };
    }
    this.#work.shadowReloads += shadowTlb.inUse;
    shadowTlb.runHostProcess(this.#hostProcessPages);
    deliverInterrupts(vcpu, this.#work);
    return undefined;
  }

  /** An access that reaches into a page which the guest has not mapped is not done at all; the guest sees the miss. */
  #missDuringAccess(ea: number, exit: Exit): void {
    const vcpu = this.#vcpu;
    vcpu.pc = exit.pc;
    vcpu.queuedDear = ea;
    vcpu.queuedEsr = exit.esr & Esr.ST;
    queueInterrupt(vcpu, Priority.DTLB_MISS);
  }
}
