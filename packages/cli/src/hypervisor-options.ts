import { DEFAULT_COST_PROFILE, type HypervisorWish } from '@exitlab/bench';
import type { OptionTable, ParsedCommandLine } from './command-line.js';
import type { Machines } from './machines.js';
import { parseChoice, parsePolicies } from './option-values.js';

/** The options of every command that runs a guest under a hypervisor. */
export const HYPERVISOR_OPTIONS: OptionTable = {
  unsupported: { value: 'HOW', help: "what Linux's KVM leaves out: fill (default) or as-kvm" },
  'cost-profile': { value: 'NAME', help: `which KVM: its costs and its policy (default ${DEFAULT_COST_PROFILE})` },
  policy: { value: 'NAME=VALUE', help: 'another policy of the hypervisor; may be repeated', repeatable: true },
};

/**
 * What these options say.
 * @throws UsageError
 */
export function hypervisorWish(line: ParsedCommandLine, { costProfiles }: Machines): HypervisorWish {
  const profile = line.text('cost-profile');
  return {
    unsupported: parseChoice('way to treat what is unsupported', line.text('unsupported') ?? 'fill', ['fill', 'as-kvm'] as const),
    policy: parsePolicies(line.texts('policy')),
    ...(profile === undefined ? {} : { costProfile: parseChoice('cost profile', profile, costProfiles) }),
  };
}
