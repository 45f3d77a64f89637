import { type DcrBus, type DeviceBus, Processor440 } from '@exitlab/core';
import test from 'ava';
import { Hypervisor, LINUX_3_4, MAGIC_PAGE_BYTES, SharedField } from '../src/index.js';

const RAM_BYTES = 1 << 20;
const ENTRY = 0x1000;
const MSR_PR = 0x4000;

/** A guest of `words` at ENTRY, its RAM mapped with all permissions, under a policy with the shared page. */
function guestOf(words: readonly number[]): Hypervisor {
  const bus: DeviceBus = { read: () => 0, write: () => {} };
  const dcr: DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({
    ramSizeBytes: RAM_BYTES + MAGIC_PAGE_BYTES,
    devices: bus,
    dcrs: dcr,
    coreHz: 400_000_000,
    timebaseHz: 400_000_000,
  });
  words.forEach((word, index) => {
    processor.memory.write32(ENTRY + 4 * index, word);
  });
  const hypervisor = new Hypervisor(processor, { bus, dcr }, { ramBytes: RAM_BYTES, policy: { ...LINUX_3_4, magicPage: 'silent' } });
  hypervisor.setGuestTlbEntry(0, 0x250, 0, 0x3f);
  processor.setGpr(1, 0x8000);
  hypervisor.start(ENTRY);
  return hypervisor;
}

/** Displacement from r0 of a field of the page at -4096. */
const displacement = (field: number): number => (0xf000 + field) & 0xffff;
const lwz = (rt: number, field: number): number => ((32 << 26) | (rt << 21) | displacement(field)) >>> 0;
const stw = (rs: number, field: number): number => ((36 << 26) | (rs << 21) | displacement(field)) >>> 0;
const MTSPRG0_R4 = 0x7c9043a6;
const MFSPRG1_R6 = 0x7cd142a6;
const LOOP = 0x48000000;

test('a register and its field of the shared page are one: what a trap writes is loaded, what is stored a trap reads', (t) => {
  const hypervisor = guestOf([MTSPRG0_R4, lwz(5, SharedField.sprg0), stw(4, SharedField.sprg1), MFSPRG1_R6, LOOP]);
  hypervisor.processor.setGpr(4, 0x12345678);
  t.deepEqual(hypervisor.run(10), { kind: 'limit' });
  t.is(hypervisor.processor.gpr(5), 0x12345678);
  t.is(hypervisor.processor.gpr(6), 0x12345678);
  const exits = Object.fromEntries(hypervisor.statistics().exits.map(({ type, count }) => [type, count]));
  t.like(exits, { EMUL_MTSPR: 1, EMUL_MFSPR: 1, DTLBVIRT: 0, DTLBREAL: 0 }, 'the page itself costs no exit');
});

test('guest user code does not see the shared page', (t) => {
  const hypervisor = guestOf([lwz(5, SharedField.sprg0), LOOP]);
  hypervisor.start(ENTRY, MSR_PR);
  hypervisor.setGuestTlbEntry(0, 0x250, 0, 0x3f, 1);
  hypervisor.vcpu.setPid(1);
  hypervisor.run(1);
  const exits = Object.fromEntries(hypervisor.statistics().exits.map(({ type, count }) => [type, count]));
  t.true((exits.DTLBREAL ?? 0) >= 1);
});

test('no guest TLB entry reaches the memory of the shared page', (t) => {
  const hypervisor = guestOf([lwz(5, SharedField.sprg0), LOOP]);
  const { processor } = hypervisor;
  // A page that claims the physical address right above the guest's RAM is a device page to the hypervisor.
  hypervisor.setGuestTlbEntry(1, 0x02000210, RAM_BYTES, 0x3f);
  processor.memory.write32(ENTRY, 0x80a30000);
  processor.setGpr(3, 0x02000000 + SharedField.msr);
  processor.setGpr(5, 0xffffffff);
  hypervisor.run(3);
  t.is(processor.gpr(5), 0);
  t.is(hypervisor.statistics().exits.find(({ type }) => type === 'MMIO')?.count, 1);
});
