export type { AccountingSnapshot, ExitSummary } from './accounting.js';
export type { Cost, CostParts } from './cost-profiles/cost-parts.js';
export {
  ComposedCosts,
  type CostItem,
  type CostProfile,
  mappingDropCycles,
  mergedReturnCycles,
  USER_SPACE,
} from './cost-profiles/cost-profile.js';
export { LINUX_3_4_COSTS } from './cost-profiles/linux-3.4.js';
export type { DurationSummary } from './durations.js';
export type { HypervisorStatistics } from './exit-book.js';
export type { Failure } from './exit-handler.js';
export type { ExitTrace, LoggedExits } from './exit-log.js';
export type { ExitRecorder, RecordLayout, RecordPlace } from './exit-recording.js';
export { EXIT_TYPES, type ExitTypeName, type ExitTypeRow } from './exit-types.js';
export { type ByteChannels, HYPERCALL_INSTRUCTIONS } from './hypercalls.js';
export { adoptNativeEntry, Hypervisor } from './hypervisor.js';
export type { BookedExit, GuestDevices, HypervisorOptions, RunOutcome as HypervisorRunOutcome } from './hypervisor-options.js';
export { INTERRUPT_TABLE, type InterruptRow, Priority } from './interrupts.js';
export { KVM_GENERATIONS, type KvmGeneration, kvmGeneration } from './kvm-generations.js';
export {
  MicroguestImageError,
  type MicroguestOptions,
  type MicroguestResult,
  parseMicroguestImage,
  runMicroguests,
} from './microguests.js';
export type { PatchEdit, PatchedGuest, PatchTrampoline } from './patched-code.js';
export { checkPolicy, LINUX_3_4, LINUX_3_4_AS_KVM, type Policy, PolicyError, REPLACEMENTS } from './policy.js';
export { POLICY_VALUES, withPolicyValues } from './policy-values.js';
export { MAGIC_PAGE_BYTES, MAGIC_PAGE_EA, SHARED_PAGE_VERSION, SharedField } from './shared-page.js';
