export type { CodeImage, CodeRegion, CodeSymbol } from './code-image.js';
export { type PageAccess, type PatchPlan, type PatchSite, patchedBytes, planPatches } from './patch-plan.js';
export { type PatchReport, reportOf, type SiteCount, type SiteListing } from './patch-report.js';
export type { PatchRule, Rewrite } from './patch-rule.js';
export { PATCH_RULES } from './patch-rules.js';
export { REFUSALS, type Refusal } from './refusals.js';
export { type SensitiveInstruction, sensitiveInstruction } from './sensitive-instruction.js';
export type { PageField, SharedPageLayout } from './shared-page-layout.js';
