import test from 'ava';
import { type Exit, handleExit } from '../src/exit-handler.js';
import { EXIT_TYPES } from '../src/exit-types.js';
import { deliverInterrupts, Priority, queueInterrupt } from '../src/interrupts.js';
import { LINUX_3_4, LINUX_3_4_AS_KVM, type Policy } from '../src/policy.js';
import { Esr, Ivor, Msr } from '../src/registers.js';
import { ShadowTlb } from '../src/shadow-tlb.js';
import { PrivateSharedPage, SharedField } from '../src/shared-page.js';
import { Timers } from '../src/timers.js';
import { Vcpu } from '../src/vcpu.js';
import { Work } from '../src/work.js';
import { FakeProcessor } from './fake-processor.js';

const CODE = 0x4000;
const DEVICE = 0xef600000;

/** A guest in kernel mode about to execute `word` at CODE, with RAM mapped by entry 0 and a device page by entry 1. */
function guest(word: number, policy: Policy = LINUX_3_4) {
  const processor = new FakeProcessor();
  const shadowTlb = new ShadowTlb(processor, policy);
  const vcpu = new Vcpu(processor, policy, processor.memory.sizeBytes, new PrivateSharedPage(), shadowTlb, new Work());
  vcpu.guestTlb.write(0, 2, 0x3f);
  vcpu.guestTlb.write(0, 0, 0x250);
  vcpu.guestTlb.write(1, 1, DEVICE);
  vcpu.guestTlb.write(1, 2, 0x07);
  vcpu.guestTlb.write(1, 0, (DEVICE | 0x210) >>> 0);
  processor.memory.write32(CODE, word);
  vcpu.pc = CODE;
  processor.setGpr(1, 0x8000);
  const context = { vcpu, timers: new Timers(processor), timerStartDelayTicks: 0 };
  const take = (vector: number, rest: Partial<Exit> = {}) => {
    const { type, outcome } = handleExit(context, { vector, pc: vcpu.pc, dear: 0, esr: 0, ...rest });
    return { type: EXIT_TYPES[type]?.name, outcome: outcome.kind, failure: outcome.kind === 'fail' ? outcome.failure.reason : undefined };
  };
  return { processor, vcpu, take };
}

const encode = (primary: number, rt: number, middle: number, extended: number): number =>
  ((primary << 26) | (rt << 21) | (middle << 11) | (extended << 1)) >>> 0;
const spr = (sprn: number): number => ((sprn & 31) << 5) | (sprn >>> 5);

/** One row an emulated instruction: the word, the type it counts under, and the outcome. */
const EMULATED = [
  ['mfmsr r4', encode(31, 4, 0, 83), 'EMUL_MFMSR', 'resume-guest-nv'],
  ['mtmsr r4', encode(31, 4, 0, 146), 'EMUL_MTMSR', 'resume-guest-nv'],
  ['wrteei 1', (encode(31, 0, 0, 163) | 0x8000) >>> 0, 'EMUL_WRTEE', 'resume-guest-nv'],
  ['mfspr r4,SPRG0', encode(31, 4, spr(272), 339), 'EMUL_MFSPR', 'resume-guest-nv'],
  ['mtspr SRR0,r4', encode(31, 4, spr(26), 467), 'EMUL_MTSPR', 'resume-guest-nv'],
  ['rfi', encode(19, 0, 0, 50), 'EMUL_RFI', 'resume-guest-nv'],
  ['tlbwe r4,r5,0', encode(31, 4, 5 << 5, 978), 'EMUL_TLBWE', 'resume-guest-nv'],
  ['tlbsx r4,0,r5', encode(31, 4, 5, 914), 'EMUL_TLBSX', 'resume-guest-nv'],
  ['iccci', encode(31, 0, 0, 966), 'EMULINST', 'resume-guest-nv'],
  ['dcbi', encode(31, 0, 0, 470), 'EMULINST', 'resume-guest-nv'],
  ['tlbsync', encode(31, 0, 0, 566), 'EMULINST', 'resume-guest-nv'],
  ['mfdcr r4,CPR0_CFGADDR', encode(31, 4, spr(0x00c), 323), 'EMULINST', 'resume-guest-nv'],
  ['mfdcr r4,UIC', encode(31, 4, spr(0x0c0), 323), 'DCR', 'emulate-dcr'],
  ['mtspr MCSR,r4', encode(31, 4, spr(572), 467), 'X_EMUL_SPR', 'resume-guest-nv'],
  ['rfci', encode(19, 0, 0, 51), 'X_EMUL_RFCI', 'resume-guest-nv'],
  ['tlbre r4,r5,0', encode(31, 4, 5 << 5, 946), 'X_EMUL_TLBRE', 'resume-guest-nv'],
  ['an illegal word', 0, 'X_PROGRAM', 'resume-guest'],
] as const;

for (const [name, word, type, outcome] of EMULATED) {
  test(`${name} in the guest kernel counts as ${type} and ends in ${outcome}`, (t) => {
    const { take } = guest(word);
    t.like(take(Ivor.PROGRAM, { esr: Esr.PPR }), { type, outcome });
  });
  test(`${name} in guest user mode is reflected, whatever it is`, (t) => {
    const { take, vcpu } = guest(word);
    vcpu.setMsr(Msr.PR);
    t.like(take(Ivor.PROGRAM, { esr: Esr.PPR }), { type: 'USR_PR_INST', outcome: 'resume-guest' });
    t.is(vcpu.pending, 1 << Priority.PROGRAM);
    t.is(vcpu.queuedEsr, Esr.PPR);
  });
}

for (const [name, word, type] of EMULATED.filter(([, , each]) => each.startsWith('X_'))) {
  test(`${name} (${type}) ends the run where the policy leaves KVM's holes open`, (t) => {
    const { take } = guest(word, LINUX_3_4_AS_KVM);
    t.like(take(Ivor.PROGRAM, { esr: Esr.PPR }), { outcome: 'fail', failure: 'unemulated-instruction' });
  });
}

test('a data miss that the guest TLB explains is mapped, one that it does not is reflected, one on a device is emulated', (t) => {
  const lwz = 0x80830000;
  const { take, vcpu } = guest(lwz);
  t.like(take(Ivor.DTLB_MISS, { dear: 0x5000 }), { type: 'DTLBVIRT', outcome: 'resume-guest' });
  t.like(take(Ivor.DTLB_MISS, { dear: 0x70000000 }), { type: 'DTLBREAL', outcome: 'resume-guest' });
  t.is(vcpu.queuedDear, 0x70000000);
  t.like(take(Ivor.DTLB_MISS, { dear: DEVICE }), { type: 'MMIO', outcome: 'emulate-mmio' });
});

test('guest user code without permission does not reach a device', (t) => {
  const { take, vcpu } = guest(0x80830000);
  vcpu.setMsr(Msr.PR);
  t.like(take(Ivor.DTLB_MISS, { dear: DEVICE }), { type: 'DSI', outcome: 'resume-guest' });
});

test('a device access by lmw is ours to emulate, and the end under KVM', (t) => {
  const lmw = 0xb8830000;
  t.like(guest(lmw).take(Ivor.DTLB_MISS, { dear: DEVICE }), { type: 'X_MMIO', outcome: 'emulate-mmio' });
  t.like(guest(lmw, LINUX_3_4_AS_KVM).take(Ivor.DTLB_MISS, { dear: DEVICE }), { outcome: 'fail', failure: 'unemulated-instruction' });
});

test('floating point is given to a guest that enabled it, and reflected to one that did not', (t) => {
  const { take, vcpu } = guest(0);
  t.like(take(Ivor.FP_UNAVAIL), { type: 'FP_UNAVAIL' });
  vcpu.setMsr(Msr.FP);
  t.like(take(Ivor.FP_UNAVAIL), { type: 'X_FP_GRANT' });
  t.not(vcpu.hardwareMsr & Msr.FP, 0);
  const refused = guest(0, LINUX_3_4_AS_KVM);
  refused.vcpu.setMsr(Msr.FP);
  t.like(refused.take(Ivor.FP_UNAVAIL), { type: 'FP_UNAVAIL' });
});

test('of several pending interrupts the lowest number that the guest allows is delivered, one a pass', (t) => {
  const { vcpu } = guest(0);
  queueInterrupt(vcpu, Priority.DECREMENTER);
  queueInterrupt(vcpu, Priority.SYSCALL);
  queueInterrupt(vcpu, Priority.EXTERNAL);
  vcpu.setMsr(Msr.EE | Msr.PR);
  deliverInterrupts(vcpu, vcpu.work);
  t.is(vcpu.pending, (1 << Priority.DECREMENTER) | (1 << Priority.EXTERNAL));
  t.is(vcpu.shared.get(SharedField.srr0), CODE);
  t.is(vcpu.msr, 0);
  deliverInterrupts(vcpu, vcpu.work);
  t.is(vcpu.pending, (1 << Priority.DECREMENTER) | (1 << Priority.EXTERNAL), 'MSR[EE] is off now');
});

test('no external interrupt comes while the guest kernel marks a critical section by its stack pointer', (t) => {
  const { vcpu, processor } = guest(0);
  vcpu.setMsr(Msr.EE);
  vcpu.shared.set(SharedField.critical, processor.gpr(1));
  queueInterrupt(vcpu, Priority.EXTERNAL);
  deliverInterrupts(vcpu, vcpu.work);
  t.is(vcpu.work.delivered, 0);
  vcpu.shared.set(SharedField.critical, 0);
  deliverInterrupts(vcpu, vcpu.work);
  t.is(vcpu.work.delivered, 1 << Priority.EXTERNAL);
});
