import { type CostProfile, kvmGeneration, LINUX_3_4, LINUX_3_4_AS_KVM, type Policy, withPolicyValues } from '@exitlab/hypervisor';

/** What a user says of the hypervisor, as text. */
export interface HypervisorWish {
  readonly unsupported: 'fill' | 'as-kvm';
  /** Name of a generation of KVM; Linux 3.4's by default. */
  readonly costProfile?: string;
  /** Policies by name. */
  readonly policy: Readonly<Record<string, string>>;
}

/** The generation that a run has where none is named. */
export const DEFAULT_COST_PROFILE = 'linux-3.4';

/**
 * The hypervisor that is meant: the generation's costs and policy, then the single policies over it.
 * @throws PolicyError
 */
export function hypervisorChoice(wish: HypervisorWish): { readonly policy: Policy; readonly costProfile: CostProfile } {
  const generation = kvmGeneration(wish.costProfile ?? DEFAULT_COST_PROFILE);
  if (generation === undefined) throw new Error(`the command line let an unknown cost profile through: ${wish.costProfile}`);
  const base = wish.unsupported === 'as-kvm' ? LINUX_3_4_AS_KVM : LINUX_3_4;
  const { name } = generation.costs;
  const asGeneration = name === DEFAULT_COST_PROFILE ? base : { ...base, ...generation.policy, name };
  return { policy: withPolicyValues(asGeneration, wish.policy), costProfile: generation.costs };
}
