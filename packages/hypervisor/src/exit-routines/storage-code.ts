import { constant, type HostRoutineBuilder, type I32 } from '@exitlab/core';
import { HostCell } from '../host-area.js';
import { Priority } from '../interrupts.js';
import { Esr, Msr } from '../registers.js';
import type { MappingLimits } from '../shadow-tlb.js';
import { TlbField } from '../tlb-words.js';
import { ClassChoice, type ClassesByMode, ExitCode, type ExitRoutineOptions } from './exit-code.js';
import { ShadowCode } from './shadow-code.js';

export interface StorageRoutineOptions extends ExitRoutineOptions {
  readonly classes: ClassesByMode;
  readonly limits: MappingLimits;
  /** Code patched from outside knows of places in the guest kernel that an interrupt must not show, and of pages not to be stored to. */
  readonly hasPatchedCode: boolean;
}

/** Accesses that a mapping forbids, which the guest kernel gets (exit-handler.ts, `reflectStorage`). */
export class StorageCode extends ExitCode {
  readonly #isData: boolean;
  readonly #options: StorageRoutineOptions;

  constructor(b: HostRoutineBuilder, kind: 'data' | 'instruction', options: StorageRoutineOptions) {
    super(b, options);
    this.#isData = kind === 'data';
    this.#options = options;
  }

  write(): void {
    const { b } = this;
    const msr = this.begin();
    this.declineNearEndlessFault();
    const userMode = this.userMode(msr);
    if (this.#options.hasPatchedCode) {
      b.declineIf(b.eq(userMode, constant(0)));
      if (this.#isData) b.declineIf(b.and(b.syndrome(), constant(Esr.ST)));
    }
    const address = b.let(this.#isData ? b.faultAddress() : b.interruptedPc());
    const isUnexplained = this.#isData ? undefined : this.#isUnexplained(msr, userMode, address);
    this.reflect({
      priority: this.#isData ? Priority.DATA_STORAGE : Priority.INST_STORAGE,
      ...{ msr, userMode, items: {} },
      choice: ClassChoice.byMode(this.#options.classes, userMode),
      fault: { address, isVirtual: false, ...(isUnexplained && { isUnexplained }) },
    });
  }

  /** Whether user mode repeats a fetch that the guest's own TLB permits (exit-handler.ts, `guestPermitsFetch`). */
  #isUnexplained(msr: I32, userMode: I32, pc: I32): I32 {
    const { b } = this;
    this.declineNearUnexplained();
    const isUnexplained = b.variable(constant(0));
    b.if(this.isRepeatedByUser(userMode, pc), () => {
      const shadow = new ShadowCode(this, this.#options.limits);
      const space = b.let(b.ne(b.and(msr, constant(Msr.IS)), constant(0)));
      const { found } = shadow.search(pc, b.let(this.cell(HostCell.pid)), space);
      b.if(b.gtS(found, constant(-1)), () => {
        isUnexplained.set(b.ne(b.and(shadow.entry(found).word2, constant(TlbField.UX)), constant(0)));
      });
    });
    return isUnexplained.value;
  }
}
