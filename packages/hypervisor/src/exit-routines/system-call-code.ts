import { constant, type HostRoutineBuilder } from '@exitlab/core';
import { HYPERCALL_R0 } from '../hypercalls.js';
import { Priority } from '../interrupts.js';
import { ClassChoice, type ClassesByMode, ExitCode, type ExitRoutineOptions } from './exit-code.js';

export interface SystemCallRoutineOptions extends ExitRoutineOptions {
  readonly classes: ClassesByMode;
  /** Only the hypervisor can tell a hypercall of the guest kernel from its system calls, or must look at where those come from. */
  readonly leavesKernel: boolean;
}

/** System calls, which the guest kernel gets (exit-handler.ts, `handleSystemCall`). */
export class SystemCallCode extends ExitCode {
  readonly #options: SystemCallRoutineOptions;

  constructor(b: HostRoutineBuilder, options: SystemCallRoutineOptions) {
    super(b, options);
    this.#options = options;
  }

  write(): void {
    const { b } = this;
    const msr = this.begin();
    this.declineNearEndlessFault();
    const userMode = this.userMode(msr);
    b.if(b.eq(userMode, constant(0)), () => {
      if (this.#options.leavesKernel) b.declineIf(constant(1));
      else b.declineIf(b.eq(b.gpr(constant(0)), constant(HYPERCALL_R0)));
    });
    const choice = ClassChoice.byMode(this.#options.classes, userMode);
    this.reflect({ priority: Priority.SYSCALL, msr, userMode, choice, items: {} });
  }
}
