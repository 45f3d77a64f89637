import { assemble } from '@exitlab/core';
import type { CodeRegion } from '../src/code-image.js';
import type { SharedPageLayout } from '../src/shared-page-layout.js';

/** Linux's offsets (kvm_para.h), low words. */
export const LAYOUT: SharedPageLayout = {
  ea: 0xfffff000,
  version: 1,
  offsets: { sprg0: 0x24, sprg1: 0x2c, sprg2: 0x34, sprg3: 0x3c, srr0: 0x44, srr1: 0x4c, dear: 0x54, msr: 0x5c },
};

/** Assembly lines as an executable region. */
export function region(lines: readonly string[], ea = 0xc0000000, name = '.text'): CodeRegion {
  const bytes = new Uint8Array(lines.length * 4);
  const view = new DataView(bytes.buffer);
  lines.forEach((line, index) => {
    view.setUint32(index * 4, assemble(line, ea + index * 4));
  });
  return { name, ea, bytes };
}
