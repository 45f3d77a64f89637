import type { Accounting, PinnedEntry } from './accounting.js';
import { type FixedWork, fixedWorkOf, variableEmulationOf } from './emulation/fixed-work.js';
import type { EmulationTable } from './emulation/inline-emulation.js';
import { InstructionCache } from './emulation/instruction-cache.js';
import { Priority } from './interrupts.js';
import type { Policy } from './policy.js';
import { Ivor } from './registers.js';
import { Work } from './work.js';

/** An instruction whose exits are all alike: what it does, and where they are counted. */
export interface FixedExit {
  readonly work: FixedWork;
  readonly entry: PinnedEntry;
}

/** Instructions whose exits are all alike, as they are met; the exit routines learn of each, and of some whose work varies. */
export class FixedExits {
  readonly #policy: Policy;
  readonly #accounting: Accounting;
  readonly #emulations: EmulationTable;
  readonly #isPatched: boolean;
  readonly #known = new InstructionCache<FixedExit>((word) => this.#make(word));

  constructor(policy: Policy, accounting: Accounting, emulations: EmulationTable, isPatched: boolean) {
    this.#policy = policy;
    this.#accounting = accounting;
    this.#emulations = emulations;
    this.#isPatched = isPatched;
  }

  /** The short way for an instruction word, if there is one. */
  find(word: number): FixedExit | undefined {
    return this.#known.get(word);
  }

  #make(word: number): FixedExit | undefined {
    const fixed = fixedWorkOf(word, this.#policy, this.#isPatched);
    if (fixed === undefined) {
      const variable = variableEmulationOf(word, this.#isPatched);
      if (variable !== undefined) this.#emulations.enter(word, variable);
      return undefined;
    }
    const work = new Work();
    work.reset(Ivor.PROGRAM, false);
    work.instruction = fixed.mnemonic;
    work.sprn = fixed.sprn;
    work.restoresAllGprs = true;
    const entry = this.#accounting.pin(fixed.exitType, work);
    if (fixed.inline !== undefined) {
      work.deferred = 1 << Priority.DECREMENTER;
      this.#emulations.enter(word, fixed.inline, { exitType: entry.type, entries: [entry, this.#accounting.pin(entry.type, work)] });
    }
    return { work: fixed, entry };
  }
}
