import type { Cost, CostParts } from './cost-parts.js';
import { ComposedCosts } from './cost-profile.js';
import { LINUX_3_4_PARTS } from './linux-3.4.js';

/** A figure counted from the source of the kernel in question, which was never measured. */
const counted = (instructions: number, source: string): Cost => ({ instructions, source });
const assumed = (instructions: number, source: string): Cost => ({ instructions, source: `assumption: ${source}` });
const NONE = counted(0, 'not done by this kernel');

/** Slots that the loops of 2.6.26 to 2.6.28 go over: 0 to tlb_44x_hwater - 1. */
const LOOP_SLOTS = 62;

/**
 * Kernels before 3.1 were not measured. Their parts are those of 3.4, but for what the history of the source says was different, counted
 * there; so a difference between two of these profiles is the difference that the changes named here make, and nothing else.
 */
function before31(name: string, changes: Partial<CostParts>): ComposedCosts {
  return new ComposedCosts({ ...LINUX_3_4_PARTS, name, version: '1', ...changes });
}

/** Until 2.6.28 a guest's entries live in memory, and the host's come back by way of its own misses after an exit to user space. */
const BEFORE_2_6_29: Partial<CostParts> = {
  shadowSave: assumed(256, '44x.c, kvmppc_core_vcpu_put: _tlbia over 64 entries, four instructions each'),
  shadowLoad: counted(LOOP_SLOTS * 2, '44x.c, kvmppc_core_vcpu_load: every slot marked as changed'),
  shadowReloadEach: counted(15, 'booke_interrupts.S, 2.6.28: a changed slot written at entry'),
};

/** 2.6.27: every exit saves the host's TLB entries, and every entry writes all of the guest's. */
export const LINUX_2_6_27_COSTS = before31('2.6.27', {
  shadowSave: NONE,
  shadowLoad: NONE,
  shadowReloadEach: NONE,
  shadowInMemory: {
    everyEntry: counted(LOOP_SLOTS * 19, 'booke_interrupts.S, 2.6.27: 19 instructions a slot, tlbre and tlbwe of three words'),
    changedSlot: NONE,
  },
});

/** 2.6.27 with commit 20754c2495a: the host's entries are no longer saved, the guest's are all written. */
export const LINUX_2_6_27_NO_SAVE_COSTS = before31('2.6.27+20754c2', {
  ...BEFORE_2_6_29,
  shadowReloadEach: NONE,
  shadowInMemory: {
    everyEntry: counted(LOOP_SLOTS * 11, 'booke_interrupts.S: the 19 instructions less three tlbre, four stores and one mfspr MMUCR'),
    changedSlot: NONE,
  },
});

const CHANGED_SLOTS_ONLY: Partial<CostParts> = {
  ...BEFORE_2_6_29,
  shadowInMemory: {
    everyEntry: counted(370, 'booke_interrupts.S, 2.6.28: five instructions a clean slot, and a loop of 16 that clears the marks'),
    changedSlot: counted(10, 'booke_interrupts.S, 2.6.28: 15 instructions a changed slot, five of them in the figure above'),
  },
};

/** 2.6.27 with commits 20754c2495a and 83aae4a8098: only changed entries are written. */
export const LINUX_2_6_27_CHANGED_ONLY_COSTS = before31('2.6.27+83aae4a', CHANGED_SLOTS_ONLY);

/** 2.6.28. What it has beyond 83aae4a8098 is a policy: two hardware PIDs in place of a flush at each privilege switch. */
export const LINUX_2_6_28_COSTS = before31('2.6.28', CHANGED_SLOTS_ONLY);

/** 2.6.29 writes mappings straight into the hardware; from here on to 3.1 nothing is known to differ. */
export const LINUX_2_6_29_COSTS = before31('2.6.29', {});
