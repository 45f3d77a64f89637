import { sprByNumber } from '@exitlab/core';
import { EXIT_TYPES, ExitType } from '../exit-types.js';
import { Ivor } from '../registers.js';
import { countInterrupts, Work } from '../work.js';
import type { Cost, CostParts } from './cost-parts.js';

/** What the hypervisor's own work costs. The unit is host instructions, which the clock counts at one core cycle each. */
export interface CostProfile {
  readonly name: string;
  readonly version: string;
  /**
   * Instructions from leaving the guest to being back in it, for an exit of `type` that took the work in `work`. What the price is made
   * of goes to `book`, part by part. Of deferred interrupts their number counts, and not which they are.
   */
  price(type: ExitType, work: Work, book?: BookPart): number;
  /** Instructions that a host interrupt adds which comes while the host is already at work for the guest. */
  readonly interruptInHost: number;
  /** Instructions from the exit of `mtspr DEC` until the host's timer starts to run. */
  readonly timerStartDelay: number;
}

/** The part of a price that the host spends in user space, by its name in breakdowns. */
export const USER_SPACE = 'user space';

/** One line of a breakdown: a part, how often it was needed, and what that came to. */
export interface CostItem {
  readonly part: string;
  readonly count: number;
  readonly instructions: number;
}

/** Takes what one part of a price came to; some may be below 0, where a part saves what another has counted. */
export type BookPart = (part: string, instructions: number) => void;

/** Takes the items of one exit. */
type Sink = (part: string, count: number, cost: Cost) => void;

function instructionKey(work: Work): string {
  if (work.sprn >= 0) return `${work.instruction} ${sprByNumber(work.sprn)?.name ?? work.sprn}`;
  if (work.heavyExits > 0 && work.vector === Ivor.PROGRAM) return `${work.instruction} for user space`;
  return work.instruction === 'tlbwe' ? `tlbwe ${work.tlbWord}` : work.instruction;
}

/** Composes costs from parts. A breakdown lists what a price adds up. */
export class ComposedCosts implements CostProfile {
  readonly parts: CostParts;
  readonly interruptInHost: number;
  readonly timerStartDelay: number;

  constructor(parts: CostParts) {
    this.parts = parts;
    this.interruptInHost = parts.hostTimerInterrupt.instructions;
    this.timerStartDelay = parts.timerStartDelay.instructions;
  }

  get name(): string {
    return this.parts.name;
  }

  get version(): string {
    return this.parts.version;
  }

  price(type: ExitType, work: Work, book?: BookPart): number {
    let total = 0;
    this.#compose(type, work, (part, count, cost) => {
      if (count === 0) return;
      const instructions = count * cost.instructions;
      total += instructions;
      book?.(part, instructions);
    });
    return total;
  }

  breakdown(type: ExitType, work: Work): CostItem[] {
    const items: CostItem[] = [];
    this.#compose(type, work, (part, count, cost) => {
      if (count !== 0) items.push({ part, count, instructions: count * cost.instructions });
    });
    return items;
  }

  #compose(type: ExitType, work: Work, add: Sink): void {
    const { parts } = this;
    add('stub', 1, parts.stub);
    add('save and restore', 1, this.#saveRestore(work.vector));
    add('dispatch', 1, parts.dispatch);
    if (work.instruction === '') add('handler', 1, this.#handler(EXIT_TYPES[type]?.name as string, work));
    else add('instruction', 1, this.#instruction(work));
    // What a hypervisor would do for both instructions, each by itself, once it has come here.
    if (work.returnsWithEntry) add('instruction', 1, parts.instructions['tlbwe 0'] ?? parts.otherInstruction);
    if (work.searches > 0) this.#composeSearch(work, add);
    add('guest TLB hash', work.hashedSearches, parts.search.hashed);
    add('guest TLB hash update', work.hashUpdates, parts.search.hashUpdate);
    if (work.maps > 0 || work.releaseScans > 0) this.#composeShadow(work, add);
    add('delivery', countInterrupts(work.delivered), parts.delivery);
    add('deferred interrupts', countInterrupts(work.deferred), parts.deferral);
    add('timer start', work.timerStarts, parts.timerStart);
    add('timer cancel', work.timerCancels, parts.timerCancel);
    add('timer reprogramming', work.timerReprograms, parts.timerReprogram);
    if (type === ExitType.DEC || type === ExitType.X_FIT || type === ExitType.X_WATCHDOG) add('host timer', 1, parts.hostTimerInterrupt);
    if (work.heavyExits > 0) this.#composeHeavy(work, add);
    add('wait', work.waits, parts.wait);
    if (parts.shadowInMemory !== undefined) this.#composeCopy(parts.shadowInMemory, work, add);
  }

  /** Kernels before 2.6.29 kept the shadow TLB in memory and copied it into the hardware at each entry into the guest. */
  #composeCopy(copy: NonNullable<CostParts['shadowInMemory']>, work: Work, add: Sink): void {
    add('shadow TLB copied on entry', 1, copy.everyEntry);
    add('shadow TLB copied on entry', work.maps + work.releases, copy.changedSlot);
  }

  #instruction(work: Work): Cost {
    const { instructions, otherInstruction, otherDeviceAccess } = this.parts;
    return instructions[instructionKey(work)] ?? (work.vector === Ivor.DTLB_MISS ? otherDeviceAccess : otherInstruction);
  }

  #handler(typeName: string, work: Work): Cost {
    const { handlers } = this.parts;
    return (work.fromUserMode ? handlers[`${typeName} from user mode`] : undefined) ?? handlers[typeName] ?? NOTHING;
  }

  #saveRestore(vector: number): Cost {
    const { plain, dataMiss, emulation } = this.parts.saveRestore;
    if (vector === Ivor.PROGRAM) return emulation;
    return vector === Ivor.DTLB_MISS ? dataMiss : plain;
  }

  #composeSearch(work: Work, add: Sink): void {
    const { search } = this.parts;
    add('guest TLB search', work.searches, search.start);
    add('guest TLB slots below', work.slotsBelow, search.slotBelow);
    add('guest TLB slots above', work.slotsAbove, search.slotAbove);
    add('guest TLB slots of another TID', work.slotsOtherTid, search.slotOtherTid);
    add('guest TLB slots invalid', work.slotsInvalid, search.slotInvalid);
    add('guest TLB slots of the other space', work.slotsOtherSpace, search.slotOtherSpace);
    add('guest TLB hit', work.searchHits, search.hit);
  }

  #composeShadow(work: Work, add: Sink): void {
    const { shadow, coldPage, coldRegion, coldBatch } = this.parts;
    add('shadow map', work.maps, shadow.map);
    add('shadow map, user mode', work.userModeMaps, shadow.userModeMap);
    add('shadow map, eager', work.eagerMaps, shadow.eagerCheck);
    add('shadow replaced', work.mapsReplacing, shadow.replaced);
    add('shadow victim looks', work.victimLooks, shadow.victimLook);
    add('shadow walk', work.releaseScans, work.pidChanged ? shadow.pidWalk : shadow.entryWalk);
    add('shadow release', work.releases, work.pidChanged ? shadow.pidRelease : shadow.entryRelease);
    add('shadow release, read-only', work.readOnlyReleases, shadow.readOnly);
    add('shadow stale references', work.staleReferences, shadow.staleReference);
    add('cold page', work.coldPages, coldPage);
    add('cold region', work.coldRegions, coldRegion);
    add('cold batch', work.coldBatches, coldBatch);
  }

  #composeHeavy(work: Work, add: Sink): void {
    const { parts } = this;
    add('exit to user space', work.heavyExits, parts.heavyKernel);
    add(USER_SPACE, work.heavyExits, work.vector === Ivor.PROGRAM ? parts.userDcr : parts.userMmio);
    add(USER_SPACE, work.injections, parts.userInjection);
    add('shadow TLB saved', work.heavyExits, parts.shadowSave);
    add('shadow TLB loaded', work.heavyExits, parts.shadowLoad);
    add('shadow TLB mappings moved', work.shadowReloads, parts.shadowReloadEach);
    add('interrupt injection', work.injections, parts.injection);
  }
}

/** The parts of a price for dropping the shadow mappings of what an entry of the guest's TLB held before. */
const DROP_PARTS: ReadonlySet<string> = new Set(['shadow walk', 'shadow release', 'shadow release, read-only', 'shadow stale references']);

/** What of an exit's price was for dropping shadow mappings. */
export function mappingDropCycles(costs: CostProfile, type: ExitType, work: Work): number {
  let cycles = 0;
  costs.price(type, work, (part, instructions) => {
    if (DROP_PARTS.has(part)) cycles += instructions;
  });
  return cycles;
}

/** What it saves that a return from interrupt writes an entry of the guest's TLB, which an exit of its own did before. */
export function mergedReturnCycles(costs: CostProfile): number {
  const price = (type: ExitType, fields: Partial<Work>): number => {
    const work = new Work();
    work.reset(Ivor.PROGRAM, false);
    return costs.price(type, Object.assign(work, { restoresAllGprs: true, ...fields }));
  };
  const rfi = { instruction: 'rfi' };
  const merged = price(ExitType.EMUL_RFI, { ...rfi, returnsWithEntry: true });
  return price(ExitType.EMUL_RFI, rfi) + price(ExitType.EMUL_TLBWE, { instruction: 'tlbwe' }) - merged;
}

const NOTHING: Cost = { instructions: 0, source: 'no work of its own' };
