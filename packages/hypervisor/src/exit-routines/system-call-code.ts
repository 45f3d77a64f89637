import { constant } from '@exitlab/core';
import { HYPERCALL_R0 } from '../hypercalls.js';
import { Priority } from '../interrupts.js';
import type { ClassesByMode } from './class-choice.js';
import type { ExitRoutineOptions } from './exit-code.js';
import { ReflectedCode } from './reflected-code.js';

export interface SystemCallRoutineOptions extends ExitRoutineOptions {
  readonly classes: ClassesByMode;
  /** Only the hypervisor can tell a hypercall of the guest kernel from its system calls, or must look at where those come from. */
  readonly leavesKernel: boolean;
}

/** System calls, which the guest kernel gets (exit-handler.ts, `handleSystemCall`). */
export class SystemCallCode extends ReflectedCode<SystemCallRoutineOptions> {
  write(): void {
    const { b } = this;
    const mode = this.beginInMode();
    const { leavesKernel, classes } = this.options;
    b.if(b.eq(mode.userMode, constant(0)), () => {
      if (leavesKernel) b.declineIf(constant(1));
      else b.declineIf(b.eq(b.gpr(constant(0)), constant(HYPERCALL_R0)));
    });
    this.reflect({ priority: Priority.SYSCALL, mode, classes });
  }
}
