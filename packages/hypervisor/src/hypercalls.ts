import { MAGIC_PAGE_EA } from './shared-page.js';
import type { Vcpu } from './vcpu.js';

/**
 * KVM's hypercalls for paravirtual guests (Documentation/virtual/kvm/ppc-pv.txt): number in r11, result in r3, a bit map in r4. Up
 * to Linux 3.6 they are told from system calls by the value of r0.
 */
export const HYPERCALL_R0 = 0x4b564d21;

const VENDOR_KVM = 42 << 16;
const FEATURES = 3;
const MAP_MAGIC_PAGE = 4;
/** Linux 3.1 to 3.4 number their calls without the vendor, Linux 3.6 with it; both are understood. */
const isCall = (number: number, call: number): boolean => number === call || number === (VENDOR_KVM | call);

const SUCCESS = 0;
const UNIMPLEMENTED = 12;
const FEATURE_MAGIC_PAGE = 1 << 1;
/** The page has the fields from MAS0 to SPRG7. */
const MAGIC_PAGE_HAS_SPRGS = 1 << 1;

/** Carries out the hypercall in the guest's registers. */
export function performHypercall(vcpu: Vcpu): void {
  const processor = vcpu.processor;
  const number = processor.gpr(11);
  let result = UNIMPLEMENTED;
  let output = 0;
  if (isCall(number, FEATURES)) {
    result = SUCCESS;
    output = vcpu.policy.magicPage === 'offered' ? FEATURE_MAGIC_PAGE : 0;
  } else if (isCall(number, MAP_MAGIC_PAGE) && vcpu.policy.magicPage === 'offered') {
    // The page is in place from the start, at the only address that guests ask for.
    const wanted = processor.gpr(3) & ~0xfff;
    result = wanted >>> 0 === MAGIC_PAGE_EA ? SUCCESS : UNIMPLEMENTED;
    output = MAGIC_PAGE_HAS_SPRGS;
  }
  processor.setGpr(3, result);
  processor.setGpr(4, output);
}
