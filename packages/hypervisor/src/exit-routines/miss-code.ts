import { constant, type HostRoutineBuilder, type I32 } from '@exitlab/core';
import { HostCell } from '../host-area.js';
import { Priority } from '../interrupts.js';
import { Msr } from '../registers.js';
import type { MappingLimits } from '../shadow-tlb.js';
import { ClassChoice, type ClassesByMode, ExitCode, type ExitRoutineOptions } from './exit-code.js';
import { ShadowCode } from './shadow-code.js';

/** The classes of misses of one kind. */
export interface MissClasses {
  readonly real: ClassesByMode;
  readonly virtual: ClassesByMode;
}

export interface MissRoutineOptions extends ExitRoutineOptions {
  readonly limits: MappingLimits;
  readonly classes: MissClasses;
  /** Code patched from outside knows of places in the guest kernel that an interrupt must not show. */
  readonly hasPatchedCode: boolean;
}

/** TLB misses (exit-handler.ts, `handleDataMiss` and `handleInstructionMiss`): the guest's own, and those that a mapping answers. */
export class MissCode extends ExitCode {
  readonly #isData: boolean;
  readonly #shadow: ShadowCode;
  readonly #options: MissRoutineOptions;

  constructor(b: HostRoutineBuilder, kind: 'data' | 'instruction', options: MissRoutineOptions) {
    super(b, options);
    this.#isData = kind === 'data';
    this.#options = options;
    this.#shadow = new ShadowCode(this, options.limits);
  }

  write(): void {
    const { b } = this;
    const msr = this.begin();
    this.declineNearEndlessFault();
    const userMode = this.userMode(msr);
    const ea = b.let(this.#isData ? b.faultAddress() : b.interruptedPc());
    const space = b.let(b.ne(b.and(msr, constant(this.#isData ? Msr.DS : Msr.IS)), constant(0)));
    const { found, items } = this.#shadow.search(ea, b.let(this.cell(HostCell.pid)), space);
    b.if(
      b.gtS(constant(0), found),
      () => this.#reflect(msr, userMode, ea, items),
      () => this.#map(userMode, ea, found, items),
    );
  }

  #reflect(msr: I32, userMode: I32, ea: I32, items: Parameters<ClassChoice['cycles']>[1]): void {
    const { b } = this;
    if (this.#options.hasPatchedCode) b.declineIf(b.eq(userMode, constant(0)));
    this.reflect({
      priority: this.#isData ? Priority.DTLB_MISS : Priority.ITLB_MISS,
      ...{ msr, userMode, items },
      choice: ClassChoice.byMode(this.#options.classes.real, userMode),
      fault: { address: ea, isVirtual: false },
    });
  }

  #map(userMode: I32, ea: I32, found: I32, searched: Parameters<ClassChoice['cycles']>[1]): void {
    const { b } = this;
    const entry = this.#shadow.entry(found);
    const plan = this.#shadow.plan(entry, this.#shadow.pageMask(entry), ea);
    const items = { ...searched, mapsReplacing: plan.isReplacing, readOnlyReleases: plan.isReplacingReadOnly, deferrals: this.deferrals };
    const choice = ClassChoice.byMode(this.#options.classes.virtual, userMode);
    const cycles = choice.cycles(this, items);
    const exit = this.take(0);
    b.passTime(cycles, 0);
    b.clearReservation();
    this.#shadow.map(plan, userMode);
    this.bookClass(choice, exit, cycles, items);
    this.observe(exit, { userMode, fault: { address: ea, isVirtual: true } });
    this.resume(exit.pc);
  }
}
