import { MAGIC_PAGE_EA } from './shared-page.js';
import type { Vcpu } from './vcpu.js';

/**
 * Hypercalls of paravirtual guests (ePAPR 1.1, chapter 6; Documentation/virt/kvm/ppc-pv.rst): number in r11, arguments from r3 on,
 * status in r3, results from r4 on. r0 and r12 are volatile.
 */

/** Linux's KVM tells a hypercall from a system call by this value of r0, which the announced instructions load. */
export const HYPERCALL_R0 = 0x4b564d21;
/** What the guest is told to execute for a hypercall: `lis r0`, `ori r0`, `sc`, `nop` (KVM_PPC_GET_PVINFO). */
export const HYPERCALL_INSTRUCTIONS: readonly number[] = [0x3c004b56, 0x60004d21, 0x44000002, 0x60000000];
/** `sc 1`: ePAPR's own hypercall instruction, whose level field a 440 does not look at but its hypervisor can. */
export const HYPERCALL_WORD = 0x44000022;

const Vendor = { epapr: 1 << 16, kvm: 42 << 16 } as const;

/** Status of a hypercall (ePAPR 1.1, table 7-1). */
const Status = { success: 0, noDevice: 7, invalid: 8, unimplemented: 12 } as const;

const FEATURE_MAGIC_PAGE = 1 << 1;
/** Of the page's fields: segment registers (there is no use for them here), and those from MAS0 to SPRG7. */
const MAGIC_PAGE_FIELDS = (1 << 0) | (1 << 1);
/** Flag in the page's address: the guest never executes from it. Linux before 3.7 does not give it. */
const NEVER_EXECUTES = 1 << 0;
const PAGE_MASK = ~0xfff;

const BYTES_PER_CALL = 16;

/** A console of characters by hypercall: ePAPR's byte channels, numbered by handle. */
export interface ByteChannels {
  /** Takes bytes for the channel and returns how many; undefined where there is no such channel. */
  send(handle: number, bytes: Uint8Array): number | undefined;
  /** Up to `limit` bytes that the channel has received; undefined where there is no such channel. */
  receive(handle: number, limit: number): Uint8Array | undefined;
  /** Bytes that wait to be received, and room for bytes to send; undefined where there is no such channel. */
  poll(handle: number): { readonly received: number; readonly room: number } | undefined;
}

/** What a hypercall asks for beside its results in registers. */
export type HypercallEffect = 'none' | 'idle';

type Hypercall = (vcpu: Vcpu, channels: ByteChannels | undefined) => { status: number; effect?: HypercallEffect };

const CALLS: ReadonlyMap<number, Hypercall> = new Map<number, Hypercall>([
  [Vendor.epapr | 1, sendBytes],
  [Vendor.epapr | 2, receiveBytes],
  [Vendor.epapr | 3, pollChannel],
  [Vendor.epapr | 16, () => ({ status: Status.success, effect: 'idle' })],
  // Linux 3.1 to 3.4 number their calls without the vendor, Linux from 3.6 on with it; both are understood.
  [3, features],
  [Vendor.kvm | 3, features],
  [4, mapMagicPage],
  [Vendor.kvm | 4, mapMagicPage],
]);

/** Carries out the hypercall in the guest's registers. */
export function performHypercall(vcpu: Vcpu, channels: ByteChannels | undefined): HypercallEffect {
  const { processor } = vcpu;
  const call = CALLS.get(processor.gpr(11));
  if (call === undefined) processor.setGpr(4, 0);
  const { status, effect } = call?.(vcpu, channels) ?? { status: Status.unimplemented };
  processor.setGpr(3, status);
  return effect ?? 'none';
}

function features(vcpu: Vcpu): { status: number } {
  vcpu.processor.setGpr(4, vcpu.policy.magicPage === 'offered' ? FEATURE_MAGIC_PAGE : 0);
  return { status: Status.success };
}

/** Arguments: the page's address without translation and with it, and flags in the low bits of the latter. The 440 always translates. */
function mapMagicPage(vcpu: Vcpu): { status: number } {
  const { processor, shared, policy } = vcpu;
  const wanted = processor.gpr(4);
  processor.setGpr(4, 0);
  if (policy.magicPage !== 'offered' || shared.pa === undefined) return { status: Status.unimplemented };
  // The only address that guests ask for, and the only one at which the page is known to lie beside all else.
  if ((wanted & PAGE_MASK) >>> 0 !== MAGIC_PAGE_EA) return { status: Status.invalid };
  vcpu.shadowTlb.mapMagicPage(shared.pa, (wanted & NEVER_EXECUTES) === 0);
  processor.setGpr(4, MAGIC_PAGE_FIELDS);
  return { status: Status.success };
}

/** In: handle, count, and 16 bytes in r5 to r8. Out: how many were taken. */
function sendBytes(vcpu: Vcpu, channels: ByteChannels | undefined): { status: number } {
  const { processor } = vcpu;
  const count = processor.gpr(4);
  if (count > BYTES_PER_CALL) return { status: Status.invalid };
  const bytes = Uint8Array.from({ length: count }, (_, i) => processor.gpr(5 + (i >> 2)) >>> (24 - 8 * (i & 3)));
  const taken = channels?.send(processor.gpr(3), bytes);
  processor.setGpr(4, taken ?? 0);
  return { status: taken === undefined ? Status.noDevice : Status.success };
}

/** In: handle and the most that is wanted. Out: how many, and the bytes in r5 to r8. */
function receiveBytes(vcpu: Vcpu, channels: ByteChannels | undefined): { status: number } {
  const { processor } = vcpu;
  const bytes = channels?.receive(processor.gpr(3), Math.min(processor.gpr(4), BYTES_PER_CALL));
  processor.setGpr(4, bytes?.length ?? 0);
  if (bytes === undefined) return { status: Status.noDevice };
  for (let word = 0; word < BYTES_PER_CALL / 4; word++) {
    const value = [0, 1, 2, 3].reduce((sum, i) => (sum << 8) | (bytes[4 * word + i] ?? 0), 0);
    processor.setGpr(5 + word, value >>> 0);
  }
  return { status: Status.success };
}

/** In: handle. Out: bytes to receive, room to send. */
function pollChannel(vcpu: Vcpu, channels: ByteChannels | undefined): { status: number } {
  const { processor } = vcpu;
  const state = channels?.poll(processor.gpr(3));
  processor.setGpr(4, state?.received ?? 0);
  processor.setGpr(5, state?.room ?? 0);
  return { status: state === undefined ? Status.noDevice : Status.success };
}
