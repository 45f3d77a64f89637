import type { CostProfile } from './cost-profiles/cost-profile.js';
import {
  LINUX_2_6_27_CHANGED_ONLY_COSTS,
  LINUX_2_6_27_COSTS,
  LINUX_2_6_27_NO_SAVE_COSTS,
  LINUX_2_6_28_COSTS,
  LINUX_2_6_29_COSTS,
} from './cost-profiles/linux-2.6.js';
import { LINUX_3_1_COSTS } from './cost-profiles/linux-3.1.js';
import { LINUX_3_4_COSTS } from './cost-profiles/linux-3.4.js';
import { LINUX_3_4_64K_COSTS } from './cost-profiles/linux-3.4-64k.js';
import { LINUX_3_4_EXIT_TIMING_COSTS } from './cost-profiles/linux-3.4-exit-timing.js';
import { LINUX_3_4_OS_COSTS } from './cost-profiles/linux-3.4-Os.js';
import { LINUX_3_6_COSTS } from './cost-profiles/linux-3.6.js';
import type { Policy } from './policy.js';

/** A KVM that was: what its exits cost, and where its policy differs from that of Linux 3.4. */
export interface KvmGeneration {
  readonly costs: CostProfile;
  readonly policy: Partial<Policy>;
  readonly meaning: string;
}

const FLUSH: Partial<Policy> = { hardwarePids: 'flush' };

/** Every generation by name, the oldest first; the name is that of its cost profile. */
export const KVM_GENERATIONS: readonly KvmGeneration[] = [
  { costs: LINUX_2_6_27_COSTS, policy: FLUSH, meaning: 'Linux 2.6.27: all of the TLB saved and written at every exit' },
  { costs: LINUX_2_6_27_NO_SAVE_COSTS, policy: FLUSH, meaning: 'on the way to 2.6.28: the host’s TLB no longer saved' },
  { costs: LINUX_2_6_27_CHANGED_ONLY_COSTS, policy: FLUSH, meaning: 'on the way to 2.6.28: only changed entries written' },
  { costs: LINUX_2_6_28_COSTS, policy: {}, meaning: 'Linux 2.6.28: two hardware PIDs, no flush at a privilege switch' },
  { costs: LINUX_2_6_29_COSTS, policy: {}, meaning: 'Linux 2.6.29: mappings written straight into the hardware' },
  { costs: LINUX_3_1_COSTS, policy: {}, meaning: 'Linux 3.1, measured' },
  { costs: LINUX_3_4_COSTS, policy: {}, meaning: 'Linux 3.4, measured (default)' },
  { costs: LINUX_3_4_OS_COSTS, policy: {}, meaning: 'Linux 3.4 built for size, measured' },
  { costs: LINUX_3_4_64K_COSTS, policy: { hostPageBytes: 64 * 1024 }, meaning: 'Linux 3.4 with host pages of 64 KB, measured' },
  { costs: LINUX_3_4_EXIT_TIMING_COSTS, policy: {}, meaning: 'Linux 3.4 with exit timing built in, measured' },
  { costs: LINUX_3_6_COSTS, policy: {}, meaning: 'Linux 3.6, measured' },
];

export function kvmGeneration(name: string): KvmGeneration | undefined {
  return KVM_GENERATIONS.find(({ costs }) => costs.name === name);
}
