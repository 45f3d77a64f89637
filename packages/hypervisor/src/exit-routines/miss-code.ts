import { constant, type I32 } from '@exitlab/core';
import { Priority } from '../interrupts.js';
import { ClassChoice, type ClassesByMode, type ItemAmounts } from './class-choice.js';
import { FaultCode, type FaultRoutineOptions } from './fault-code.js';
import type { GuestMode } from './reflected-code.js';

/** The classes of misses of one kind. */
export interface MissClasses {
  readonly real: ClassesByMode;
  readonly virtual: ClassesByMode;
}

export interface MissRoutineOptions extends FaultRoutineOptions {
  readonly classes: MissClasses;
}

/** TLB misses (exit-handler.ts, `handleDataMiss` and `handleInstructionMiss`): the guest's own, and those that a mapping answers. */
export class MissCode extends FaultCode<MissRoutineOptions> {
  write(): void {
    const { b } = this;
    const mode = this.beginInMode();
    const ea = this.faultAddress();
    const { found, items } = this.search(ea, mode.msr);
    b.if(
      b.gtS(constant(0), found),
      () => this.#reflect(mode, ea, items),
      () => this.#map(mode.userMode, ea, found, items),
    );
  }

  #reflect(mode: GuestMode, ea: I32, items: ItemAmounts): void {
    const { hasPatchedCode, classes } = this.options;
    if (hasPatchedCode) this.b.declineIf(this.b.eq(mode.userMode, constant(0)));
    const priority = this.isData ? Priority.DTLB_MISS : Priority.ITLB_MISS;
    this.reflect({ priority, mode, classes: classes.real, items, fault: { address: ea, isVirtual: false } });
  }

  #map(userMode: I32, ea: I32, found: I32, searched: ItemAmounts): void {
    const { b, shadow } = this;
    const entry = shadow.entry(found);
    const plan = shadow.plan(entry, shadow.pageMask(entry), ea);
    const items = { ...searched, mapsReplacing: plan.isReplacing, readOnlyReleases: plan.isReplacingReadOnly, deferrals: this.deferrals };
    const choice = ClassChoice.byMode(this.options.classes.virtual, userMode);
    const cycles = choice.cycles(this, items);
    const exit = this.take(0);
    b.passTime(cycles, 0);
    b.clearReservation();
    shadow.map(plan, userMode);
    this.bookClass(choice, exit, cycles, items);
    this.observe(exit, { userMode, fault: { address: ea, isVirtual: true } });
    this.resume(exit.pc);
  }
}
