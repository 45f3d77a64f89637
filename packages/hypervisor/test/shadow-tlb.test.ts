import test from 'ava';
import fc from 'fast-check';
import { writeGuestTlb } from '../src/emulation/guest-tlb-instructions.js';
import { LINUX_3_4 } from '../src/policy.js';
import { Msr } from '../src/registers.js';
import { ShadowTlb } from '../src/shadow-tlb.js';
import { PrivateSharedPage } from '../src/shared-page.js';
import { Vcpu } from '../src/vcpu.js';
import { Work } from '../src/work.js';
import { FakeProcessor } from './fake-processor.js';
import { NaiveKvm } from './naive-kvm.js';

const RAM_BYTES = 1 << 20;
const PAGE_BYTES = 4096;
const VALID = 0x200;
/** Size field and pages of the guest pages used: 4 KB, 16 KB, 64 KB. */
const SIZES = [
  { field: 0x10, pages: 1 },
  { field: 0x20, pages: 4 },
  { field: 0x30, pages: 16 },
] as const;

function virtualMachine() {
  const processor = new FakeProcessor(RAM_BYTES);
  const shadowTlb = new ShadowTlb(processor, LINUX_3_4);
  return { processor, vcpu: new Vcpu(processor, LINUX_3_4, RAM_BYTES, new PrivateSharedPage(), shadowTlb, new Work()) };
}

/** What an access to `page` makes of the entries in the hardware, and of the guest's TLB if none fits. */
function touch({ processor, vcpu }: ReturnType<typeof virtualMachine>, page: number): string {
  const ea = page * PAGE_BYTES;
  const pid = vcpu.shadowTlb.hardwarePid(vcpu);
  const entry = processor.tlb.find(({ word0, tid }) => (word0 & 0x300) === 0x300 && word0 >>> 12 === page && (tid === 0 || tid === pid));
  if (entry !== undefined) return (entry.word2 & 0x08) === 0 ? 'DSI' : 'none';
  const index = vcpu.guestTlb.search(ea, vcpu.pid, vcpu.dataSpace, vcpu.work);
  if (index < 0) return 'DTLBREAL';
  vcpu.shadowTlb.map(ea, vcpu.guestPhysical(index, ea), vcpu.guestTlb.entry(index), index, vcpu, vcpu.work);
  return 'DTLBVIRT';
}

/** Guest entries never overlap, as the architecture asks: each index has an address range of its own. */
const entryIndex = fc.integer({ min: 0, max: 63 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('word0' as const), index: entryIndex, size: fc.nat(2), tid: fc.nat(2), valid: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('word1' as const), index: entryIndex, frame: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('word2' as const), index: entryIndex, user: fc.boolean(), supervisor: fc.boolean() }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('touch' as const), index: entryIndex, page: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pid' as const), pid: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mode' as const), user: fc.boolean() }) },
);

test('any sequence of tlbwe, accesses, PID and mode changes misses where a naive reading of the rules says', (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
      const machine = virtualMachine();
      const { vcpu } = machine;
      const naive = new NaiveKvm(RAM_BYTES / PAGE_BYTES);
      for (const each of steps) {
        switch (each.kind) {
          case 'word0': {
            const size = SIZES[each.size] as (typeof SIZES)[number];
            vcpu.mmucr = each.tid;
            writeGuestTlb(vcpu, each.index, 0, ((each.index * 16 * PAGE_BYTES) | size.field | (each.valid ? VALID : 0)) >>> 0);
            naive.tlbwe(each.index, { valid: each.valid, firstPage: each.index * 16, pages: size.pages, tid: each.tid });
            break;
          }
          case 'word1':
            // 64 KB frames, the last few of them beyond RAM.
            writeGuestTlb(vcpu, each.index, 1, each.frame * 16 * PAGE_BYTES);
            naive.tlbwe(each.index, { physicalPage: each.frame * 16 });
            break;
          case 'word2':
            writeGuestTlb(vcpu, each.index, 2, (each.user ? 0x08 : 0) | (each.supervisor ? 0x01 : 0));
            naive.tlbwe(each.index, { userPermission: each.user, supervisorPermission: each.supervisor });
            break;
          case 'touch': {
            const entry = naive.guestTlb[each.index];
            // Device pages are never mapped; they are another test's business.
            if (entry?.valid === true && entry.physicalPage >= naive.ramPages) break;
            const page = each.index * 16 + each.page;
            t.is(touch(machine, page), naive.touch(page));
            break;
          }
          case 'pid':
            vcpu.setPid(each.pid);
            naive.setPid(each.pid);
            break;
          case 'mode':
            vcpu.setMsr(each.user ? Msr.PR : 0);
            naive.userMode = each.user;
            break;
        }
      }
    }),
    { numRuns: 300, seed: 440 },
  );
});

test('62 pages and the code page stay mapped, the 64th mapping displaces the first', (t) => {
  const machine = virtualMachine();
  writeGuestTlb(machine.vcpu, 0, 2, 0x3f);
  writeGuestTlb(machine.vcpu, 0, 0, VALID | 0x50);
  const pages = Array.from({ length: 62 }, (_, index) => index + 1);
  for (const page of pages) t.is(touch(machine, page), 'DTLBVIRT');
  for (const page of [0, ...pages]) t.is(touch(machine, page), 'none');
  t.is(touch(machine, 63), 'DTLBVIRT');
  t.is(touch(machine, 0), 'DTLBVIRT');
});
