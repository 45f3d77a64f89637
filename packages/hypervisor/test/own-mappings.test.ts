import type { TlbWords } from '@exitlab/core';
import test from 'ava';
import fc from 'fast-check';
import { LINUX_3_4, type Policy, PolicyError } from '../src/policy.js';
import { withPolicyValues } from '../src/policy-values.js';
import { ShadowTlb } from '../src/shadow-tlb.js';
import { MAGIC_PAGE_EA } from '../src/shared-page.js';
import { effectiveBase, pageBytes, physicalAddress, TlbField } from '../src/tlb-words.js';
import { Work } from '../src/work.js';
import { FakeProcessor } from './fake-processor.js';

const MB = 2 ** 20;
const RAM_BYTES = 64 * MB;
const KERNEL_BASE = 0xc0000000;
const KERNEL = { userMode: false, pid: 1 };
/** Hardware PID of the guest kernel. */
const KERNEL_PID = 1;
/** The guest kernel's own entry: 256 MB at its base, all permissions. */
const LINEAR: TlbWords = { word0: KERNEL_BASE | 0x290, word1: 0, word2: 0x3f, tid: 0 };

const mapping = fc.constantFrom('pinned' as const, 'slot' as const);
const scenario = fc.record({
  areaBytes: fc.constantFrom(4096, 16384, 65536, 262144),
  policy: fc.record({
    magicPageMapping: mapping,
    trampolineMapping: mapping,
    hostPageBytes: fc.constantFrom(4096, 65536, MB, 16 * MB),
    shadowSlots: fc.integer({ min: 4, max: 63 }),
  }),
  // Around the end of the area, at 24 MB, and anywhere.
  pas: fc.array(fc.oneof(fc.integer({ min: 23 * MB, max: 25 * MB }), fc.integer({ min: 0, max: RAM_BYTES - 1 })), {
    minLength: 20,
    maxLength: 200,
  }),
});

/** The hardware's entries that the guest kernel can use. */
const visible = (processor: FakeProcessor): TlbWords[] =>
  processor.tlb.filter(({ word0, tid }) => (word0 & TlbField.V) !== 0 && (tid === 0 || tid === KERNEL_PID));
const covers = (entry: TlbWords, ea: number): boolean => ea >= effectiveBase(entry) && ea < effectiveBase(entry) + pageBytes(entry);

test('what the hypervisor maps of its own never overlaps what it maps for the guest, and no mapping lets the guest write its trampolines', (t) => {
  fc.assert(
    fc.property(scenario, ({ areaBytes, policy: values, pas }) => {
      const processor = new FakeProcessor();
      const policy: Policy = { ...LINUX_3_4, ...values, magicPage: 'silent' };
      const area = { pa: 24 * MB - areaBytes, ea: KERNEL_BASE + 24 * MB - areaBytes, sizeBytes: areaBytes };
      const shadowTlb = new ShadowTlb(processor, policy, { ramBytes: RAM_BYTES, trampolines: area });
      shadowTlb.mapMagicPage(RAM_BYTES);
      const work = new Work();
      for (const pa of pas) {
        const ea = KERNEL_BASE + pa;
        if (!visible(processor).some((entry) => covers(entry, ea))) shadowTlb.map(ea, pa, LINEAR, 0, KERNEL, work);
        const page = MAGIC_PAGE_EA + (pa % 4096);
        if (!visible(processor).some((entry) => covers(entry, page))) t.true(shadowTlb.mapMissedMagicPage(page, KERNEL, work));
        const entries = visible(processor);
        t.is(entries.filter((entry) => covers(entry, ea)).length, 1);
        t.is(entries.filter((entry) => covers(entry, page)).length, 1);
        t.is(physicalAddress(entries.find((entry) => covers(entry, page))!, page), RAM_BYTES + (pa % 4096));
        for (const entry of entries) {
          const [first, last] = [effectiveBase(entry), effectiveBase(entry) + pageBytes(entry)];
          const reachesArea = first < area.ea + areaBytes && area.ea < last;
          t.false(reachesArea && (entry.word2 & TlbField.UW) !== 0);
          t.is(entries.filter((other) => effectiveBase(other) < last && first < effectiveBase(other) + pageBytes(other)).length, 1);
        }
      }
    }),
    { numRuns: 60, seed: 15 },
  );
});

test('in a slot of the rotation the page is the guest kernel’s alone, too', (t) => {
  const processor = new FakeProcessor();
  const shadowTlb = new ShadowTlb(processor, { ...LINUX_3_4, magicPage: 'offered', magicPageMapping: 'slot' }, { ramBytes: RAM_BYTES });
  const work = new Work();
  t.false(shadowTlb.mapMissedMagicPage(MAGIC_PAGE_EA, KERNEL, work), 'the guest has not asked for it yet');
  shadowTlb.mapMagicPage(RAM_BYTES);
  t.false(shadowTlb.mapMissedMagicPage(MAGIC_PAGE_EA, { userMode: true, pid: 1 }, work));
  t.false(shadowTlb.mapMissedMagicPage(MAGIC_PAGE_EA - 1, KERNEL, work));
  t.true(shadowTlb.mapMissedMagicPage(MAGIC_PAGE_EA, KERNEL, work));
  t.true(processor.tlb.every(({ word0, tid }) => (word0 & TlbField.V) === 0 || tid === KERNEL_PID));
});

test('policies that pin all slots but one are refused with the number that is needed', (t) => {
  const base: Policy = { ...LINUX_3_4, magicPage: 'silent' };
  t.throws(() => withPolicyValues(base, { shadowSlots: '3' }), { instanceOf: PolicyError, message: /use shadowSlots=4 or more\.$/ });
  t.notThrows(() => withPolicyValues(base, { shadowSlots: '3', trampolineMapping: 'slot' }));
  t.notThrows(() => withPolicyValues({ ...base, magicPage: 'offered' }, { shadowSlots: '3' }));
});
