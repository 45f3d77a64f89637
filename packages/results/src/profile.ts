import * as v from 'valibot';
import { count } from './numbers.js';

/** Exits, and what they cost in modelled core cycles. */
const priced = { count, cycles: count } as const;

/** Exits of one type at one guest pc. */
export const SiteExitsSchema = v.strictObject({
  ...priced,
  /**
   * Of these, the ones that no rewriting of the instruction takes away: they let an interrupt through, or changed the MSR beyond EE.
   */
  kept: v.strictObject(priced),
  /** Of these, the ones within timer interrupts that were followed to their return. */
  inTimer: v.strictObject(priced),
  /** Of the cycles of `tlbwe`, those for dropping the shadow mappings of what the entry held before. */
  dropCycles: v.exactOptional(count),
});
export type SiteExits = v.InferOutput<typeof SiteExitsSchema>;

/** What one part of a run (boot, a workload, the time between workloads) was made of. */
export const ProfilePhaseSchema = v.strictObject({
  name: v.string(),
  /** All exits, and all modelled time: the guest's, the hypervisor's and idle. */
  ...priced,
  /** By guest pc (hexadecimal) and exit type; virtual TLB misses are not among them. */
  sites: v.record(v.pipe(v.string(), v.regex(/^0x[0-9a-f]{8}$/, 'not an address')), v.record(v.string(), SiteExitsSchema)),
  virtualMisses: v.strictObject(priced),
  /** Of these, the ones inside page windows, by whose page was missing. */
  windowMisses: v.strictObject({ kernel: v.strictObject(priced), user: v.strictObject(priced) }),
  /**
   * Timer interrupts: how many, how many of them were followed from delivery to return, the modelled time that those took, and how much of it
   * went into virtual misses. There are fewer of them when the run takes less time.
   */
  timerInterrupts: v.strictObject({ count, followed: count, cycles: count, missCycles: count }),
});
export type ProfilePhase = v.InferOutput<typeof ProfilePhaseSchema>;

/**
 * A stretch of successive exits, with the pages that the guest used between them, as the reference bits of the TLB tell. An event is
 * a place (index into `places`) and then words, by commas; events are separated by semicolons: `4,12,7,m9` is an exit at place 4,
 * before which pages 12 and 7 were used, and which mapped page 9 after a virtual miss. `e9` was mapped by the guest's own `tlbwe`, and
 * `-9` was dropped. Where the guest uses many pages between two exits it is looked at in between, too: the place of such an event is a
 * dot. A `t` before the place says that the event is within a timer interrupt.
 */
export const PageWindowSchema = v.strictObject({
  /** Index into the profile's phases. */
  phase: count,
  /** The pages that the shadow TLB holds at the start, in the order in which they will be replaced; -1 where a slot is empty. */
  slots: v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(-1))),
  events: v.pipe(v.string(), v.regex(/^(t?(\d+|\.)(,[me-]?\d+)*(;|$))*$/, 'not a list of events')),
});
export type PageWindow = v.InferOutput<typeof PageWindowSchema>;

/** Where a run's exits came from, for the patcher: recorded under `trap` from the guest as it is. */
export const ProfileSchema = v.strictObject({
  phases: v.array(ProfilePhaseSchema),
  /** Guest pcs that windows name. */
  places: v.array(count),
  /** Pages that windows name: effective address of the mapping, and whether it is the guest kernel's (TID 0). */
  pages: v.array(v.strictObject({ ea: count, kernel: v.boolean() })),
  windows: v.array(PageWindowSchema),
});
export type Profile = v.InferOutput<typeof ProfileSchema>;
