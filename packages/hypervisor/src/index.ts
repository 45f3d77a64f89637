export type { AccountingSnapshot, DurationSummary, ExitSummary } from './accounting.js';
export { EXIT_TYPES, type ExitTypeName, type ExitTypeRow } from './exit-types.js';
export { type GuestDevices, Hypervisor, type HypervisorOptions, type RunOutcome as HypervisorRunOutcome } from './hypervisor.js';
export { checkPolicy, LINUX_3_4, LINUX_3_4_AS_KVM, type Policy, PolicyError } from './policy.js';
