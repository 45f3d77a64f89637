import type { CostProfile } from './cost-profiles/cost-profile.js';
import { EXIT_CLASS_DOUBLES, ExitClass, SEARCH_ITEMS } from './exit-classes.js';
import type { ExitType } from './exit-types.js';
import type { Work } from './work.js';

/** Kinds of exits that are kept apart; a guest has some dozens. */
const CAPACITY = 512;

/**
 * Exits that searched the guest's TLB, in classes that are equal but for how far they searched. That is seldom the same twice: a device's
 * entry moves through the TLB as the guest refills it, and of the MMIO exits of a Linux boot two fifths search another number of slots than
 * all before. Each of these would be priced and remembered alone ({@link ExitLedger}).
 */
export class SearchedExits {
  readonly #costProfile: CostProfile;
  readonly #byHash = new Map<number, ExitClass[]>();
  #count = 0;

  constructor(costProfile: CostProfile) {
    this.#costProfile = costProfile;
  }

  get classes(): readonly ExitClass[] {
    return [...this.#byHash.values()].flat();
  }

  /** The class of exits like this one; nothing where it is not to be priced by its searches, or there are too many. */
  classOf(type: ExitType, work: Work): ExitClass | undefined {
    if (work.searches === 0) return undefined;
    const hash = work.hashBesidesSlots();
    const found =
      this.#byHash.get(hash)?.find((each) => each.type === type && each.base.equalsBesidesSlots(work)) ?? this.#add(type, work, hash);
    return found?.isPricedByItems ? found : undefined;
  }

  #add(type: ExitType, work: Work, hash: number): ExitClass | undefined {
    if (this.#count === CAPACITY) return undefined;
    this.#count++;
    const base = work.copy();
    for (const name of SEARCH_ITEMS) base[name] = 0;
    const made = new ExitClass(this.#costProfile, type, base, SEARCH_ITEMS, this.#count, new Float64Array(EXIT_CLASS_DOUBLES));
    const alike = this.#byHash.get(hash);
    if (alike) alike.push(made);
    else this.#byHash.set(hash, [made]);
    return made;
  }
}
