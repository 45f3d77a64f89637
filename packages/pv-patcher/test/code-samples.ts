import { assemble } from '@exitlab/core';
import type { CodeRegion } from '../src/code-image.js';
import type { PatchOptions } from '../src/patch-plan.js';
import type { SharedPageLayout } from '../src/shared-page-layout.js';

/** Linux's offsets (kvm_para.h), low words; then fields of our own. */
export const LAYOUT: SharedPageLayout = {
  ea: 0xfffff000,
  version: 3,
  offsets: {
    ...{ sprg0: 0x24, sprg1: 0x2c, sprg2: 0x34, sprg3: 0x3c, sprg4: 0xd4, sprg5: 0xdc, sprg6: 0xe4, sprg7: 0xec },
    ...{ srr0: 0x44, srr1: 0x4c, dear: 0x54, msr: 0x5c, esr: 0xc8, pir: 0xcc },
    ...{ pid: 0xf0, mmucr: 0xf4, trampolineScratch: 0xf8, pendingEnables: 0xfc },
    ...{ joinedWord0: 0x100, joinedWord1: 0x104, joinedWord2: 0x108, secondScratch: 0x10c },
    ...{ decrementerEnd: 0x110, decrementerStart: 0x114, decrementerMask: 0x118, deferredClear: 0x11c, joinedRegisters: 0x200 },
  },
};

/** Trampolines end here. */
export const AREA_END_PA = 0x180_0000;
export const OPTIONS: PatchOptions = { layout: LAYOUT, findArea: (sizeBytes) => AREA_END_PA - sizeBytes };

/** Assembly lines as an executable region. */
export function region(lines: readonly string[], ea = 0xc0000000, name = '.text'): CodeRegion {
  const bytes = new Uint8Array(lines.length * 4);
  const view = new DataView(bytes.buffer);
  lines.forEach((line, index) => {
    view.setUint32(index * 4, assemble(line, ea + index * 4));
  });
  return { name, ea, pa: ea & 0x0fff_ffff, bytes };
}
