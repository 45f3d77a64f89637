import { constant, type I32 } from '@exitlab/core';
import { Priority } from '../interrupts.js';
import { Esr } from '../registers.js';
import { TlbField } from '../tlb-words.js';
import type { ClassesByMode } from './class-choice.js';
import { FaultCode, type FaultRoutineOptions } from './fault-code.js';
import type { GuestMode } from './reflected-code.js';

export interface StorageRoutineOptions extends FaultRoutineOptions {
  readonly classes: ClassesByMode;
}

/** Accesses that a mapping forbids, which the guest kernel gets (exit-handler.ts, `reflectStorage`). */
export class StorageCode extends FaultCode<StorageRoutineOptions> {
  write(): void {
    const { b } = this;
    const mode = this.beginInMode();
    const { hasPatchedCode, classes } = this.options;
    if (hasPatchedCode) {
      b.declineIf(b.eq(mode.userMode, constant(0)));
      if (this.isData) b.declineIf(b.and(b.syndrome(), constant(Esr.ST)));
    }
    const address = this.faultAddress();
    const fault = { address, isVirtual: false, ...(!this.isData && { isUnexplained: this.#isUnexplained(mode, address) }) } as const;
    this.reflect({ priority: this.isData ? Priority.DATA_STORAGE : Priority.INST_STORAGE, mode, classes, fault });
  }

  /** Whether user mode repeats a fetch that the guest's own TLB permits (exit-handler.ts, `guestPermitsFetch`). */
  #isUnexplained({ msr, userMode }: GuestMode, pc: I32): I32 {
    const { b } = this;
    this.declineNearUnexplained();
    const isUnexplained = b.variable(constant(0));
    b.if(this.isRepeatedByUser(userMode, pc), () => {
      const { found } = this.search(pc, msr);
      b.if(b.gtS(found, constant(-1)), () => {
        isUnexplained.set(b.ne(b.and(this.shadow.entry(found).word2, constant(TlbField.UX)), constant(0)));
      });
    });
    return isUnexplained.value;
  }
}
