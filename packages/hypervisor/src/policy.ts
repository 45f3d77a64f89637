/**
 * Ways to choose the slot that a new mapping takes. `fifo`, `random` and `pin` are software alone; `lru`, `clock` and `nru` need
 * reference information that no 440 keeps.
 */
export const REPLACEMENTS = ['fifo', 'random', 'lru', 'clock', 'nru', 'pin'] as const;
export type ReplacementName = (typeof REPLACEMENTS)[number];

/**
 * What a hypervisor may decide one way or another, as a value. `linux-3.4` is what KVM did; every other combination is a what-if.
 */
export interface Policy {
  readonly name: string;
  /** Slots of the hardware TLB given to the guest, 1 to 63; KVM leaves slot 63 to the host kernel's pinned mapping. */
  readonly shadowSlots: number;
  /** Which slot a new shadow mapping takes. KVM: `fifo`, round robin (`tlb_44x_index`). */
  readonly replacement: ReplacementName;
  /** Seed of `random` replacement; no other randomness exists. */
  readonly replacementSeed: number;
  /** Whether a guest `tlbwe` maps its page at once (KVM) or the first access does. */
  readonly mapping: 'eager' | 'lazy';
  /**
   * `kvm`: the guest's mode at map time decides which permission bits count, for good. `privilege`: guest user and supervisor
   * mappings are kept apart by hardware PID and each has the permissions of its own mode. With `flush` and `each` below both come to the same.
   */
  readonly permissions: 'kvm' | 'privilege';
  /**
   * Size of a host page: a page size of the 440 from 4 KB on. A shadow entry covers the smaller of this and the guest's page, and less
   * where that would reach beyond the guest's RAM.
   */
  readonly hostPageBytes: number;
  /**
   * `two`: guest kernel and user have a hardware PID each, so that a change of the guest's PID drops the user's mappings (KVM from 2.6.28).
   * `flush`: mappings keep the guest's TID, and all of them go when the guest changes between kernel and user (before). `each`: every
   * guest PID has one for its kernel mode and one for its user mode, so that neither change drops anything; a what-if.
   */
  readonly hardwarePids: 'two' | 'flush' | 'each';
  /** How the guest TLB is searched; only the modelled cost differs. */
  readonly guestTlbSearch: 'linear' | 'hashed';
  /** `refused`: FP_UNAVAIL is always reflected (KVM). `lazy`: given at the first use while the guest's MSR[FP] is set. */
  readonly floatingPoint: 'refused' | 'lazy';
  /** `fill`: what KVM leaves out is emulated, under types of our own. `as-kvm`: it ends the run, as it did there. */
  readonly unsupported: 'fill' | 'as-kvm';
  /**
   * The shared page in the guest kernel's address space. `none`: as in every KVM for the 440. `silent`: it is there from the start, for
   * code patched from outside; hypercalls do not tell of it. `offered`: the guest asks for it by hypercall, as Linux does.
   */
  readonly magicPage: 'none' | 'silent' | 'offered';
  /**
   * `pinned`: the shared page's mapping keeps a slot for itself, as in KVM for the e500. `slot`: it takes one of the rotation when it is
   * accessed, and loses it again.
   */
  readonly magicPageMapping: 'pinned' | 'slot';
  /**
   * The same for the trampolines of a guest that was patched from outside. `pinned`: one large mapping in a slot of its own. `slot`: they
   * are mapped as all guest RAM is, a host page at a time.
   */
  readonly trampolineMapping: 'pinned' | 'slot';
}

/** What Linux 3.4 did, its holes filled where they keep a guest from running. */
export const LINUX_3_4: Policy = {
  name: 'linux-3.4',
  shadowSlots: 63,
  replacement: 'fifo',
  replacementSeed: 1,
  mapping: 'eager',
  permissions: 'kvm',
  hostPageBytes: 4096,
  hardwarePids: 'two',
  guestTlbSearch: 'linear',
  floatingPoint: 'lazy',
  unsupported: 'fill',
  magicPage: 'none',
  magicPageMapping: 'pinned',
  trampolineMapping: 'pinned',
};

/** Linux 3.4 with its holes: what it could not do ends the run. */
export const LINUX_3_4_AS_KVM: Policy = { ...LINUX_3_4, name: 'linux-3.4-as-kvm', floatingPoint: 'refused', unsupported: 'as-kvm' };

/** A policy value that makes no sense; the message says what to change. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** The most slots that mappings of the hypervisor's own keep. */
function pinnedMappings({ magicPage, magicPageMapping, trampolineMapping }: Policy): number {
  if (magicPage === 'none') return 0;
  return Number(magicPageMapping === 'pinned') + Number(magicPage === 'silent' && trampolineMapping === 'pinned');
}

/** Returns the policy, or throws a {@link PolicyError} in one sentence. */
export function checkPolicy(policy: Policy): Policy {
  if (!Number.isInteger(policy.shadowSlots) || policy.shadowSlots < 2 || policy.shadowSlots > 63) {
    throw new PolicyError(`The number of shadow slots must be from 2 to 63, not ${policy.shadowSlots}.`);
  }
  const pinned = pinnedMappings(policy);
  if (policy.shadowSlots - pinned < 2) {
    throw new PolicyError(
      `Of ${policy.shadowSlots} shadow slots ${pinned} are pinned, and an access needs two: use shadowSlots=${pinned + 2} or more.`,
    );
  }
  const exponent = Math.log2(policy.hostPageBytes / 1024) / 2;
  if (!Number.isInteger(exponent) || exponent < 1 || exponent > 9 || exponent === 6 || exponent === 8) {
    throw new PolicyError(`The host page size must be 4K, 16K, 64K, 256K, 1M, 16M or 256M, not ${policy.hostPageBytes} bytes.`);
  }
  if (policy.hardwarePids !== 'two' && policy.magicPage !== 'none') {
    throw new PolicyError('The shared page is kept from the guest user by the kernel’s own hardware PID: use hardwarePids=two with it.');
  }
  return policy;
}
