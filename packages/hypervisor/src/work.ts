/** How many there are in a mask of interrupts. */
export function countInterrupts(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/**
 * What the hypervisor did during one exit, in countable items. The handler fills it in, a cost profile prices it; neither knows the
 * other. Names follow the functions of arch/powerpc/kvm that do the work.
 */
export class Work {
  /** IVOR number of the interrupt that led here; decides what the entry code saves. */
  vector = 0;
  /** Whether the guest was in user mode. */
  fromUserMode = false;
  /** The instruction emulated, as a key of the instruction table, or the empty string. */
  instruction = '';
  /** Word number of a `tlbwe`. */
  tlbWord = 0;
  /** Whether a return writes an entry of the guest's TLB on the way. */
  returnsWithEntry = false;
  /** SPR named by that instruction, or -1. */
  sprn = -1;
  /** Whether all GPRs had to be restored (RESUME_FLAG_NV). */
  restoresAllGprs = false;
  /** Searches of the guest TLB, and how each slot looked at was told from a hit. */
  searches = 0;
  slotsBelow = 0;
  slotsAbove = 0;
  slotsOtherTid = 0;
  slotsInvalid = 0;
  slotsOtherSpace = 0;
  searchHits = 0;
  /** Searches by hash, and entries moved in the hash. */
  hashedSearches = 0;
  hashUpdates = 0;
  /** Slots looked at, beyond the hand's next, to choose one to replace. */
  victimLooks = 0;
  /** Shadow mappings made, and how many of them replaced one. */
  maps = 0;
  mapsReplacing = 0;
  /** Of the mappings made: those by `tlbwe` at once, and those made while the guest was in user mode. */
  eagerMaps = 0;
  userModeMaps = 0;
  /** Mappings dropped, by walks or to make room, that the guest could not have written through: their page needs no dirty mark. */
  readOnlyReleases = 0;
  /** References found by a walk for a guest entry whose mapping had gone already. */
  staleReferences = 0;
  /** Interrupts that user space injected on the way. */
  injections = 0;
  /** Mappings made for the first time since their page was touched (the host's own page fault). */
  coldPages = 0;
  /** Of those, the first in a region of host memory that one page of the host's page table covers. */
  coldRegions = 0;
  /** And those that filled the host's list of new pages, which it then hands on at once. */
  coldBatches = 0;
  /** Walks over all shadow references, and mappings dropped by them. */
  releaseScans = 0;
  releases = 0;
  pidChanged = false;
  /** Guest interrupts delivered, as a bit mask of priorities, and pending ones that could not be. */
  delivered = 0;
  deferred = 0;
  /** Guest decrementer: a host timer started, one cancelled, and one that became the host's next. */
  timerStarts = 0;
  timerCancels = 0;
  timerReprograms = 0;
  /** Exits to user space, and the shadow entries written back at the return. */
  heavyExits = 0;
  shadowReloads = 0;
  waits = 0;

  reset(vector: number, fromUserMode: boolean): void {
    this.vector = vector;
    this.fromUserMode = fromUserMode;
    this.instruction = '';
    this.tlbWord = 0;
    this.returnsWithEntry = false;
    this.sprn = -1;
    this.restoresAllGprs = false;
    this.searches = 0;
    this.slotsBelow = 0;
    this.slotsAbove = 0;
    this.slotsOtherTid = 0;
    this.slotsInvalid = 0;
    this.slotsOtherSpace = 0;
    this.searchHits = 0;
    this.hashedSearches = 0;
    this.hashUpdates = 0;
    this.victimLooks = 0;
    this.maps = 0;
    this.mapsReplacing = 0;
    this.eagerMaps = 0;
    this.userModeMaps = 0;
    this.readOnlyReleases = 0;
    this.staleReferences = 0;
    this.injections = 0;
    this.coldPages = 0;
    this.coldRegions = 0;
    this.coldBatches = 0;
    this.releaseScans = 0;
    this.releases = 0;
    this.pidChanged = false;
    this.delivered = 0;
    this.deferred = 0;
    this.timerStarts = 0;
    this.timerCancels = 0;
    this.timerReprograms = 0;
    this.heavyExits = 0;
    this.shadowReloads = 0;
    this.waits = 0;
  }

  /** Whether another exit's work was the same in every item, so that it costs the same. */
  equals(other: Work): boolean {
    return (
      this.slotsAbove === other.slotsAbove &&
      this.slotsBelow === other.slotsBelow &&
      this.slotsOtherTid === other.slotsOtherTid &&
      this.slotsInvalid === other.slotsInvalid &&
      this.slotsOtherSpace === other.slotsOtherSpace &&
      this.equalsBesidesSlots(other)
    );
  }

  /** Whether another exit's work was the same but for how far its searches of the guest TLB went. */
  equalsBesidesSlots(other: Work): boolean {
    return (
      this.instruction === other.instruction &&
      this.sprn === other.sprn &&
      this.releases === other.releases &&
      this.delivered === other.delivered &&
      this.vector === other.vector &&
      this.fromUserMode === other.fromUserMode &&
      this.tlbWord === other.tlbWord &&
      this.returnsWithEntry === other.returnsWithEntry &&
      this.restoresAllGprs === other.restoresAllGprs &&
      this.searches === other.searches &&
      this.searchHits === other.searchHits &&
      this.hashedSearches === other.hashedSearches &&
      this.hashUpdates === other.hashUpdates &&
      this.victimLooks === other.victimLooks &&
      this.maps === other.maps &&
      this.mapsReplacing === other.mapsReplacing &&
      this.eagerMaps === other.eagerMaps &&
      this.userModeMaps === other.userModeMaps &&
      this.readOnlyReleases === other.readOnlyReleases &&
      this.staleReferences === other.staleReferences &&
      this.injections === other.injections &&
      this.coldPages === other.coldPages &&
      this.coldRegions === other.coldRegions &&
      this.coldBatches === other.coldBatches &&
      this.releaseScans === other.releaseScans &&
      this.pidChanged === other.pidChanged &&
      this.deferred === other.deferred &&
      this.timerStarts === other.timerStarts &&
      this.timerCancels === other.timerCancels &&
      this.timerReprograms === other.timerReprograms &&
      this.heavyExits === other.heavyExits &&
      this.shadowReloads === other.shadowReloads &&
      this.waits === other.waits
    );
  }

  /** A number that is the same for equal works, and differs where works often do. */
  hash(): number {
    let hash = this.hashBesidesSlots();
    hash = Math.imul(hash, 31) + this.slotsAbove;
    hash = Math.imul(hash, 31) + this.slotsBelow;
    hash = Math.imul(hash, 31) + this.slotsOtherTid;
    return Math.imul(hash, 0x9e3779b1);
  }

  /** The same for works that are equal but for how far their searches went. */
  hashBesidesSlots(): number {
    let hash = this.sprn + 1;
    hash = Math.imul(hash, 31) + this.vector + (this.fromUserMode ? 16 : 0);
    hash = Math.imul(hash, 31) + this.releases + this.mapsReplacing;
    hash = Math.imul(hash, 31) + this.tlbWord + this.readOnlyReleases;
    hash = Math.imul(hash, 31) + this.delivered;
    return Math.imul(hash, 0x9e3779b1);
  }

  copy(): Work {
    return Object.assign(new Work(), this);
  }
}
