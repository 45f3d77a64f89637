export type { CodeImage, CodeRegion, CodeSymbol } from './code-image.js';
export { type KernelInstruction, kernelInstruction } from './kernel-instruction.js';
export {
  areaBytes,
  type PageAccess,
  type PatchOptions,
  type PatchPlan,
  type PatchSite,
  patchedBytes,
  planPatches,
  type UninterruptedCode,
  type WordEdit,
} from './patch-plan.js';
export { type PatchReport, reportOf, type SiteCount, type SiteListing } from './patch-report.js';
export type { PatchRule, Rewrite, Trampoline } from './patch-rule.js';
export { PATCH_RULES } from './patch-rules.js';
export type { ExecutionProfile, ShadowPolicy } from './prediction/execution-profile.js';
export type { Patch, PatchableSite } from './prediction/patch-choice.js';
export {
  type PredictedTime,
  type RankedPatch,
  type SavingPrediction,
  SavingPredictor,
} from './prediction/saving-prediction.js';
export { REFUSALS, type Refusal } from './refusals.js';
export type { PageField, SharedPageLayout } from './shared-page-layout.js';
export { SymbolIndex } from './symbol-index.js';
export { BRANCH_REACH_BYTES, type PlacedTrampoline, type TrampolineArea } from './trampoline-area.js';
