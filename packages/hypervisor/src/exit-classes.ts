import type { CostProfile } from './cost-profiles/cost-profile.js';
import { addDuration, clearDurations, DURATION_FIELDS, DurationField } from './durations.js';
import type { ExitType } from './exit-types.js';
import type { Work } from './work.js';

/** Items of work that exits of one class take more or less of. */
const WORK_ITEMS = {
  slotsBelow: (work: Work, times: number) => (work.slotsBelow += times),
  slotsAbove: (work: Work, times: number) => (work.slotsAbove += times),
  slotsOtherTid: (work: Work, times: number) => (work.slotsOtherTid += times),
  slotsInvalid: (work: Work, times: number) => (work.slotsInvalid += times),
  slotsOtherSpace: (work: Work, times: number) => (work.slotsOtherSpace += times),
  searchHits: (work: Work, times: number) => (work.searchHits += times),
  mapsReplacing: (work: Work, times: number) => (work.mapsReplacing += times),
  readOnlyReleases: (work: Work, times: number) => (work.readOnlyReleases += times),
  releaseScans: (work: Work, times: number) => (work.releaseScans += times),
  releases: (work: Work, times: number) => (work.releases += times),
  staleReferences: (work: Work, times: number) => (work.staleReferences += times),
  /** A mapping that `tlbwe` makes at once. */
  eagerMaps: (work: Work, times: number) => {
    work.maps += times;
    work.eagerMaps += times;
  },
  /** Pending interrupts that the exit leaves so; which they are is no matter to a price. */
  deferrals: (work: Work, times: number) => (work.deferred |= (1 << times) - 1),
} as const;
export type WorkItemName = keyof typeof WORK_ITEMS;
/** Slots of the guest's TLB that searches looked at, by how each was told from a hit. */
export const SEARCH_ITEMS = [
  'slotsBelow',
  'slotsAbove',
  'slotsOtherTid',
  'slotsInvalid',
  'slotsOtherSpace',
] as const satisfies readonly WorkItemName[];
const ITEM_NAMES = Object.keys(WORK_ITEMS) as readonly WorkItemName[];

/** Doubles of a class: its durations, then how much there was of each item in all. */
export const EXIT_CLASS_DOUBLES = DURATION_FIELDS + ITEM_NAMES.length;
export const itemField = (name: WorkItemName): number => DURATION_FIELDS + ITEM_NAMES.indexOf(name);

const SEARCH_FIELDS = SEARCH_ITEMS.map(itemField);

type Parts = ReadonlyMap<string, number>;

/**
 * Exits of one type whose work differs by how much there was of some items alone, so that a sum over them needs no more than the
 * items' sums. Generated code books them; what it needs to know is the price of each item.
 */
export class ExitClass {
  readonly type: ExitType;
  readonly base: Work;
  readonly items: readonly WorkItemName[];
  /** Place among the classes. */
  readonly index: number;
  /** What such an exit costs without any of the items, in core cycles, and what each of them adds. */
  readonly cycles: number;
  readonly itemCycles: Readonly<Record<WorkItemName, number>>;
  readonly parts: Parts;
  readonly itemParts: ReadonlyMap<WorkItemName, Parts>;
  readonly doubles: Float64Array;
  /** Whether the cost profile prices these exits item by item, so that all of this holds. */
  readonly isPricedByItems: boolean;

  constructor(costProfile: CostProfile, type: ExitType, base: Work, items: readonly WorkItemName[], index: number, doubles: Float64Array) {
    this.type = type;
    this.base = base;
    this.items = items;
    this.index = index;
    this.doubles = doubles;
    clearDurations(doubles);
    const price = (amounts: (name: WorkItemName) => number): { cycles: number; parts: Map<string, number> } => {
      const work = base.copy();
      for (const name of items) WORK_ITEMS[name](work, amounts(name));
      const parts = new Map<string, number>();
      const cycles = costProfile.price(type, work, (part, instructions) => {
        parts.set(part, (parts.get(part) ?? 0) + instructions);
      });
      return { cycles, parts };
    };
    const { cycles, parts } = price(() => 0);
    this.cycles = cycles;
    this.parts = parts;
    // Some items are looked at only where others are there, so each is taken away from one of all.
    const all = price(() => 1);
    const itemCycles = Object.fromEntries(ITEM_NAMES.map((name) => [name, 0])) as Record<WorkItemName, number>;
    const itemParts = new Map<WorkItemName, Parts>();
    for (const name of items) {
      const without = price((each) => (each === name ? 0 : 1));
      itemCycles[name] = all.cycles - without.cycles;
      const difference = new Map<string, number>();
      for (const [part, instructions] of all.parts) {
        const rest = without.parts.get(part);
        if (rest !== instructions) difference.set(part, instructions - (rest ?? 0));
      }
      itemParts.set(name, difference);
    }
    this.itemCycles = itemCycles;
    this.itemParts = itemParts;
    const amounts = (name: WorkItemName) => 3 + items.indexOf(name);
    const expected = items.reduce((sum, name) => sum + amounts(name) * itemCycles[name], cycles);
    const sumOfOnes = items.reduce((sum, name) => sum + itemCycles[name], cycles);
    this.isPricedByItems = price(amounts).cycles === expected && all.cycles === sumOfOnes;
  }

  /**
   * Books an exit of a class whose items are those of searches, and nothing else.
   * @param work what the exit did; but for its searches the base
   * @returns what it costs, in core cycles
   */
  bookSearched(work: Work, isTimed: boolean): number {
    const { doubles, itemCycles } = this;
    let { cycles } = this;
    for (const [index, name] of SEARCH_ITEMS.entries()) {
      cycles += work[name] * itemCycles[name];
      doubles[SEARCH_FIELDS[index] as number] += work[name];
    }
    if (isTimed) addDuration(doubles, cycles);
    else doubles[DurationField.count]!++;
    return cycles;
  }

  amountOf(name: WorkItemName): number {
    return this.doubles[itemField(name)] as number;
  }
}
