import { constant, type HostRoutineBuilder } from '@exitlab/core';
import { Priority } from '../interrupts.js';
import { Esr } from '../registers.js';
import { ClassChoice, type ClassesByMode, ExitCode, type ExitRoutineOptions } from './exit-code.js';

export interface StorageRoutineOptions extends ExitRoutineOptions {
  readonly classes: ClassesByMode;
  /** Code patched from outside knows of places in the guest kernel that an interrupt must not show, and of pages that nobody may store to. */
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
    // Whether the guest itself permits a fetch that is repeated is the hypervisor's to find out.
    if (!this.#isData) this.declineRepeatedFault(userMode, address);
    this.reflect({
      priority: this.#isData ? Priority.DATA_STORAGE : Priority.INST_STORAGE,
      ...{ msr, userMode, items: {} },
      choice: ClassChoice.byMode(this.#options.classes, userMode),
      fault: { address, isVirtual: false },
    });
  }
}
