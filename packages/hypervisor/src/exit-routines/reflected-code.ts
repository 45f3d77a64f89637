import { constant, type I32 } from '@exitlab/core';
import { HostCell } from '../host-area.js';
import { INTERRUPT_TABLE } from '../interrupts.js';
import { SharedField } from '../shared-page.js';
import { ClassChoice, type ClassesByMode, type ItemAmounts } from './class-choice.js';
import { ExitCode, type ExitRoutineOptions, type ObservedFault } from './exit-code.js';

/** The guest's mode at an exit: its MSR, and 1 in user mode, else 0; both are pinned. */
export interface GuestMode {
  readonly msr: I32;
  readonly userMode: I32;
}

/** An exit whose interrupt the guest gets. */
export interface ReflectedExit {
  readonly priority: number;
  readonly mode: GuestMode;
  readonly classes: ClassesByMode;
  readonly items?: ItemAmounts;
  readonly fault?: ObservedFault & { readonly isVirtual: false };
}

/** Exits that the guest gets as interrupts of its own, from user and from kernel mode. */
export abstract class ReflectedCode<Options extends ExitRoutineOptions> extends ExitCode<Options> {
  /** As {@link begin}, and leaves to the hypervisor a guest that may be about to reach the limit of the endless-fault detector. */
  protected beginInMode(): GuestMode {
    const msr = this.begin();
    this.declineNearEndlessFault();
    return { msr, userMode: this.userMode(msr) };
  }

  /** Lets the time of an exit pass whose interrupt the guest gets, books it, and goes on at the guest's handler. */
  protected reflect({ priority, mode, classes, items = {}, fault }: ReflectedExit): void {
    const { b } = this;
    const { msr, userMode } = mode;
    const choice = ClassChoice.byMode(classes, userMode);
    const cycles = choice.cycles(this, items);
    const exit = this.take(0);
    const esr = b.let(b.syndromeRegister());
    b.passTime(cycles, 0);
    b.clearReservation();
    this.bookClass(choice, exit, cycles, items);
    this.observe(exit, { userMode, ...(fault && { fault }) });
    this.#deliver(priority, exit.pc, msr, fault && { esr, dear: fault.address });
  }

  /** Gives the guest an interrupt that nothing can hold back (interrupts.ts, `deliver`), and goes on there. */
  #deliver(priority: number, pc: I32, msr: I32, syndrome?: { readonly esr: I32; readonly dear: I32 }): void {
    const { b } = this;
    const row = INTERRUPT_TABLE.find((each) => each.priority === priority);
    if (row === undefined || row.enable !== 0 || row.level || row.saves !== 'srr') throw new Error('no interrupt for an exit routine');
    this.setShared(SharedField.srr0, pc);
    this.setShared(SharedField.srr1, msr);
    if (row.setsEsr && syndrome) this.setShared(SharedField.esr, syndrome.esr);
    if (row.setsDear && syndrome) this.setShared(SharedField.dear, syndrome.dear);
    this.resumeInMode(b.or(this.cell(HostCell.ivpr), this.cell(HostCell.ivor + 4 * row.ivor)), b.and(msr, constant(row.keeps)));
  }
}
