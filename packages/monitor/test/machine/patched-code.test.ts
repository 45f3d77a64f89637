import { SharedField } from '@exitlab/hypervisor';
import test from 'ava';
import { PATCH_TIMES } from '../../src/machine/kernel-patching.js';
import { assembled } from './assembled-code.js';
import { BODY_OFFSET, DATA, finalState, guest, LOAD } from './privileged-guest.js';

test('each patched instruction in place is an exit less', (t) => {
  const kernel = guest([
    'mfmsr r3',
    'mtspr 272,r3',
    'mfspr r4,272',
    'mtspr 61,r4',
    'mfspr r5,61',
    'mfspr r6,48',
    'mtspr 946,r6',
    'tlbsync',
  ]);
  t.is(finalState(kernel, { strategy: 'patched' }).exits, finalState(kernel, { strategy: 'trap' }).exits - 8);
});

test('an interrupt-off and -on pair makes no exit, and an entry of the TLB one', (t) => {
  const exits = (body: readonly string[]) => finalState(guest(body), { strategy: 'patched' }).exits;
  const base = exits(['nop', 'wrteei 0', 'wrtee r3', 'mtmsr r26', 'nop']);
  t.is(
    exits(['nop', ...Array.from({ length: 5 }, () => ['wrteei 0', 'wrteei 1', 'wrteei 0', 'wrtee r3']).flat(), 'mtmsr r26', 'nop']),
    base,
  );
  const entry = ['li r21,9', 'tlbwe r3,r21,0', 'tlbwe r3,r21,1', 'tlbwe r3,r21,2'];
  t.is(exits([...entry, 'nop']), exits(['nop']) + 1);
});

test('patched at its first trap, a site in a loop traps once', (t) => {
  const loop = (body: readonly string[]) => ['li r3,50', 'mtctr r3', ...body, `bdnz ${LOAD + BODY_OFFSET + 8}`];
  const kernel = guest(loop(['mfmsr r4', 'mtspr 272,r4']));
  const [trap, load, atTrap] = [
    finalState(kernel, { strategy: 'trap' }),
    finalState(kernel, { strategy: 'patched' }),
    finalState(kernel, { strategy: 'patched', patchTime: 'trap' }),
  ];
  t.is(load.exits, trap.exits - 100);
  t.is(atTrap.exits, load.exits + 2);
});

test('the guest cannot reach the page through its own mappings of memory', (t) => {
  const { state } = finalState(guest(['lis r3,0x200', `lwz r4,${SharedField.msr}(r3)`]), { strategy: 'patched' });
  t.is(state.gprs[4], 0, 'the byte after the RAM belongs to no device, which reads as 0');
});

const LATE_CODE = ['mtspr 273,r5', 'mfspr r6,273', 'mfmsr r7', 'wrtee r7', 'blr'];

/** Writes instructions to `address` and calls them. Their words go through r3, the address is in r4. */
function writeAndCall(address: number, lines: readonly string[]): string[] {
  const words = new DataView(assembled(lines, address).buffer);
  return [
    `lis r4,${address >>> 16}`,
    `ori r4,r4,${address & 0xffff}`,
    ...lines.flatMap((_, index) => {
      const word = words.getUint32(index * 4);
      return [`lis r3,${(word << 0) >> 16}`, `ori r3,r3,${word & 0xffff}`, `stw r3,${index * 4}(r4)`];
    }),
    'dcbst r0,r4',
    'sync',
    'icbi r0,r4',
    'isync',
    'mtlr r4',
    'blrl',
  ];
}

test('code that is loaded later, as modules are, traps and does the same', (t) => {
  const kernel = guest(['li r5,99', ...writeAndCall(DATA + 0x80, LATE_CODE)]);
  const trap = finalState(kernel, { strategy: 'trap' });
  for (const patchTime of PATCH_TIMES) {
    const patched = finalState(kernel, { strategy: 'patched', patchTime });
    t.deepEqual(patched.state, trap.state, patchTime);
    t.deepEqual([patched.exitsOf('EMUL_MTSPR') > 0, patched.exitsOf('EMUL_MFMSR'), patched.exitsOf('EMUL_WRTEE')], [true, 1, 1]);
  }
});

test('a guest that writes over a patched site executes what it has written, before and after the site was patched', (t) => {
  // The site is executed, written over from r8, and executed again.
  const site = LOAD + BODY_OFFSET + 4 * 5;
  const replace = (line: string) => {
    const word = new DataView(assembled([line], site).buffer).getUint32(0);
    return ['li r5,7', 'li r6,0', `lis r8,${(word << 0) >> 16}`, `ori r8,r8,${word & 0xffff}`, 'lis r4,1', 'mfspr r9,273'];
  };
  for (const line of ['li r9,5', 'mtspr 274,r5', 'mfspr r9,274']) {
    const overwrite = [`addi r4,r4,${site - LOAD}`, 'stw r8,0(r4)', 'dcbst r0,r4', 'sync', 'icbi r0,r4', 'isync', 'lis r4,1'];
    const again = ['cmpwi r6,0', 'addi r6,r6,1', `beq ${site}`];
    for (const executedFirst of [true, false]) {
      const start = replace(line);
      const body = executedFirst
        ? [...start, ...overwrite, ...again]
        : // Jumps over the site to the code that overwrites it.
          [...start.slice(0, 4), `b ${site + 4}`, 'mfspr r9,273', 'lis r4,1', ...overwrite, ...again];
      const kernel = guest(body);
      const trap = finalState(kernel, { strategy: 'trap' });
      t.is(trap.state.end, 'reset');
      for (const patchTime of PATCH_TIMES) {
        t.deepEqual(finalState(kernel, { strategy: 'patched', patchTime }).state, trap.state, `${line} ${patchTime} ${executedFirst}`);
      }
    }
  }
});

test('a guest that stores to its trampolines is told so, and where', (t) => {
  const kernel = guest(['wrteei 0', 'lis r3,0x17f', 'ori r3,r3,0xf000', 'lwz r4,0(r3)', 'stw r5,0(r3)']);
  for (const trampolineMapping of ['pinned', 'slot'] as const) {
    const { end } = finalState(kernel, { strategy: 'patched', policy: { trampolineMapping } }).state;
    t.regex(end, /^The guest stores at 0x[0-9a-f]{8} to 0x017ff000, where its trampolines are; run it under trap\.$/, trampolineMapping);
  }
  t.is(finalState(kernel, { strategy: 'trap' }).state.end, 'reset');
});

/** Writes entry 20 of the TLB: 4 KB at `ea`, to `pa`, for the kernel. */
const mapPage = (ea: number, pa: number) => [
  'li r3,20',
  `lis r4,${(ea << 0) >> 16}`,
  `ori r4,r4,${(ea & 0xf000) | 0x210}`,
  `lis r5,${pa >>> 16}`,
  `ori r5,r5,${pa & 0xf000}`,
  'li r6,7',
  'tlbwe r4,r3,0',
  'tlbwe r5,r3,1',
  'tlbwe r6,r3,2',
];

for (const { what, ea, hidden } of [
  { what: 'the shared page', ea: 0xfffff000, hidden: 'the shared page' },
  { what: 'the trampolines', ea: 0x017ff000, hidden: 'its trampolines' },
]) {
  test(`a guest that maps memory of its own over ${what} ends with the reason`, (t) => {
    const body = ['wrteei 0', ...mapPage(ea, DATA), 'mfspr r7,287'];
    const { end } = finalState(guest(body), { strategy: 'patched' }).state;
    t.is(
      end,
      `The guest maps memory of its own at 0x${ea.toString(16).padStart(8, '0')}, where ${hidden} would hide it; run it under trap.`,
    );
    t.is(finalState(guest(body), { strategy: 'trap' }).state.end, 'reset');
  });
}

test('a guest that maps its trampolines as they are goes on', (t) => {
  const body = ['wrteei 0', ...mapPage(0x017ff000, 0x017ff000), 'wrteei 1', 'wrteei 0', 'mfspr r7,287', 'lis r8,0x17f', 'lwz r9,0(r8)'];
  t.is(finalState(guest(body), { strategy: 'patched' }).state.end, 'reset');
});
