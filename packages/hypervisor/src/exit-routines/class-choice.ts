import { constant, type I32 } from '@exitlab/core';
import { EXIT_CLASS_DOUBLES, type ExitClass, type WorkItemName } from '../exit-classes.js';
import type { ExitType } from '../exit-types.js';
import { HostCell } from '../host-area.js';
import type { ExitCode } from './exit-code.js';

/** How much there was of what exits of a class differ in. */
export type ItemAmounts = Readonly<Partial<Record<WorkItemName, I32>>>;

/** Classes of exits that the guest's mode tells apart. */
export interface ClassesByMode {
  readonly kernel: ExitClass;
  readonly user: ExitClass;
}

/** A class of exits, or two that the guest's mode tells apart and whose items cost the same. */
export class ClassChoice {
  readonly #classes: readonly [kernel: ExitClass, user: ExitClass];
  readonly #userMode: I32;
  readonly type: ExitType;

  constructor(kernel: ExitClass, user: ExitClass = kernel, userMode: I32 = constant(0)) {
    this.#classes = [kernel, user];
    this.#userMode = userMode;
    this.type = kernel.type;
  }

  static byMode({ kernel, user }: ClassesByMode, userMode: I32): ClassChoice {
    return new ClassChoice(kernel, user, userMode);
  }

  address(code: ExitCode): I32 {
    return this.#select(code, ({ index }) => code.address(HostCell.exitClasses + 8 * EXIT_CLASS_DOUBLES * index));
  }

  /** The price with so much of the items, pinned. */
  cycles(code: ExitCode, items: ItemAmounts): I32 {
    const { b } = code;
    let cycles = this.#select(code, (each) => each.cycles);
    for (const [name, amount] of Object.entries(items) as [WorkItemName, I32][]) {
      cycles = b.add(cycles, b.mul(amount, constant(this.#classes[0].itemCycles[name])));
    }
    return b.let(cycles);
  }

  #select(code: ExitCode, of: (each: ExitClass) => number): I32 {
    const [kernel, user] = this.#classes.map(of) as [number, number];
    return kernel === user ? constant(kernel) : code.b.select(this.#userMode, constant(user), constant(kernel));
  }
}
