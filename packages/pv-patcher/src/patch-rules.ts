import type { PatchRule } from './patch-rule.js';
import type { PageField } from './shared-page-layout.js';

const KERNEL = 'code of the guest kernel';

function load(pattern: string, field: PageField, keeps: string): PatchRule {
  return { pattern, condition: KERNEL, rewrite: { kind: 'load', field }, keeps, costInstructions: 1 };
}

function store(pattern: string, field: PageField, keeps: string): PatchRule {
  return { pattern, condition: KERNEL, rewrite: { kind: 'store', field }, keeps, costInstructions: 1 };
}

const HELD = 'the page holds the register itself: interrupts, emulated moves and rfi use the same word';

/** In place, one instruction for one: what Linux's own live patching replaces, on the same page (arch/powerpc/kernel/kvm.c). */
export const PATCH_RULES: readonly PatchRule[] = [
  load('mfspr SPRG0', 'sprg0', HELD),
  load('mfspr SPRG1', 'sprg1', HELD),
  load('mfspr SPRG2', 'sprg2', HELD),
  load('mfspr SPRG3', 'sprg3', HELD),
  load('mfspr SRR0', 'srr0', HELD),
  load('mfspr SRR1', 'srr1', HELD),
  load('mfspr DEAR', 'dear', HELD),
  load('mfmsr', 'msr', 'the hypervisor writes the word at each change of the guest MSR'),
  store('mtspr SPRG0', 'sprg0', HELD),
  store('mtspr SPRG1', 'sprg1', HELD),
  store('mtspr SPRG2', 'sprg2', HELD),
  store('mtspr SPRG3', 'sprg3', HELD),
  store('mtspr SRR0', 'srr0', HELD),
  store('mtspr SRR1', 'srr1', HELD),
  store('mtspr DEAR', 'dear', HELD),
];
