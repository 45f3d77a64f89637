import { SharedField } from '@exitlab/hypervisor';
import test from 'ava';
import fc from 'fast-check';
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

test('an entry of the TLB and the return behind it are one exit, that of the return', (t) => {
  const entry = ['li r21,9', 'lis r3,0x5000', 'ori r3,r3,0x210', 'tlbwe r3,r21,0', 'tlbwe r3,r21,1', 'tlbwe r3,r21,2', 'mfspr r3,276'];
  const target = LOAD + BODY_OFFSET + 4 * (4 + entry.length + 1);
  const back = [`lis r4,${target >> 16}`, `ori r4,r4,${target & 0xffff}`, 'mtspr 26,r4', 'mtspr 27,r26'];
  const kernel = guest([...back, ...entry, 'rfi']);
  const trap = finalState(kernel, { strategy: 'trap' });
  for (const patchTime of PATCH_TIMES) {
    const patched = finalState(kernel, { strategy: 'patched', patchTime });
    t.deepEqual(patched.state, trap.state, patchTime);
    t.deepEqual([patched.exitsOf('EMUL_TLBWE'), patched.exitsOf('EMUL_RFI')], [patchTime === 'trap' ? 1 : 0, 1], patchTime);
    t.is(patched.state.tlb[9]!.word0, 0x50000210);
  }
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

const AREA = 0x017ff000;
const PAGE = 0xfffff000;
const load32 = (register: string, value: number) => [
  `lis ${register},${(value << 0) >> 16}`,
  `ori ${register},${register},${value & 0xffff}`,
];

/** Code that writes entry 20 of the TLB: 4 KB at `ea`, to `pa`; `between` stands behind each word but the last. */
const mapPage = (
  ea: number,
  pa: number,
  { order = [0, 1, 2] as readonly number[], permissions = 7, between = [] as readonly string[] } = {},
) => [
  'li r3,20',
  ...load32('r4', ea | 0x210),
  ...load32('r5', pa),
  `li r6,${permissions}`,
  ...order.flatMap((word, index) => [`tlbwe r${4 + word},r3,${word}`, ...(index < 2 ? between : [])]),
];
/** Marks that the guest has gone on. */
const MARK = 'li r19,1';

for (const { what, ea, hidden } of [
  { what: 'the shared page', ea: PAGE, hidden: 'the shared page' },
  { what: 'the trampolines', ea: AREA, hidden: 'its trampolines' },
]) {
  test(`a guest that maps memory of its own over ${what} ends at once with the reason`, (t) => {
    const body = ['li r19,0', 'wrteei 0', ...mapPage(ea, DATA), MARK];
    const { end, gprs } = finalState(guest(body), { strategy: 'patched' }).state;
    t.is(
      end,
      `The guest maps memory of its own at 0x${ea.toString(16).padStart(8, '0')}, where ${hidden} would hide it; run it under trap.`,
    );
    t.is(gprs[19], 0, 'no instruction has run with the mapping');
    t.is(finalState(guest(body), { strategy: 'trap' }).state.end, 'reset');
  });
}

test('whatever a guest maps, in any order of words: it ends before it can use what would be hidden, and else goes on as unpatched', (t) => {
  let ended = 0;
  const page = fc.record({
    ea: fc.constantFrom(PAGE, AREA, 0x50000000),
    pa: fc.constantFrom(DATA, AREA),
    permissions: fc.constantFrom(7, 4, 0o70),
  });
  const order = fc.constantFrom([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]);
  const fillers = { nothing: [], computing: ['addi r7,r7,1', 'rlwinm r8,r7,3,0,31'], using: ['lwz r7,0(r28)'], entry: ['li r3,20'] };
  const filler = fc.constantFrom(...(Object.keys(fillers) as (keyof typeof fillers)[]));
  const hides = ({ ea, pa }: { ea: number; pa: number }) => ea === PAGE || (ea === AREA && pa !== AREA);
  fc.assert(
    fc.property(page, page, order, order, filler, fc.constantFrom(...PATCH_TIMES), (first, second, order1, order2, between, patchTime) => {
      // What the entry is after each word that other code can come behind.
      const isWaited = between === 'nothing' || between === 'computing';
      const states = [{ ea: 0, pa: 0, permissions: 0 }];
      for (const [next, words] of [
        [first, order1],
        [second, order2],
      ] as const) {
        for (const [index, word] of words.entries()) {
          const field = (['ea', 'pa', 'permissions'] as const)[word]!;
          const state = { ...states.at(-1)!, [field]: next[field] };
          if (index > 0 && isWaited) states.pop();
          states.push(state);
        }
      }
      const body = [first, second].flatMap((each, index) => [
        ...mapPage(each.ea, each.pa, { order: [order1, order2][index]!, permissions: each.permissions, between: fillers[between] }),
        `li r${19 + index},1`,
      ]);
      const kernel = guest(['li r19,0', 'li r20,0', 'wrteei 0', ...body]);
      const patched = finalState(kernel, { strategy: 'patched', patchTime }).state;
      if (!states.some(hides)) {
        t.deepEqual(patched, finalState(kernel, { strategy: 'trap' }).state);
        return;
      }
      ended++;
      t.regex(patched.end, /^The guest maps memory of its own at/);
      t.deepEqual([patched.gprs[19], patched.gprs[20]], [hides(first) ? 0 : patched.gprs[19], 0], 'before it goes on');
    }),
    { numRuns: 50, seed: 443 },
  );
  t.true(ended > 5 && ended < 45, `${ended} of 50 ended`);
});

test('while an entry that is not yet whole would be hidden, interrupts wait for its last word', (t) => {
  // Word 0 alone maps the trampolines to what the entry mapped before; word 1 makes it right.
  const start = ['wrteei 0', ...mapPage(0x50000000, DATA), ...load32('r4', AREA | 0x210), ...load32('r5', AREA), 'wrteei 1'];
  const words = ['tlbwe r4,r3,0', 'addi r7,r7,1', 'addi r7,r7,1', 'tlbwe r5,r3,1'];
  const kernel = guest([...start, ...words, 'wrteei 0']);
  const firstEa = LOAD + BODY_OFFSET + 4 * start.length;
  const end = finalState(kernel, { strategy: 'patched' }).instructions;
  const interrupted = new Set<number>();
  for (let at = end - 40; at < end; at++) {
    const { state, external } = finalState(kernel, { strategy: 'patched', interruptAt: at });
    t.is(state.end, 'reset');
    const { srr0 } = state.supervisor;
    if (external > 0) interrupted.add(srr0! - firstEa);
  }
  t.true(interrupted.has(0) && interrupted.has(16), [...interrupted].join());
  t.deepEqual(
    [4, 8, 12].filter((offset) => interrupted.has(offset)),
    [],
  );
});

test('a guest that maps its trampolines as they are goes on', (t) => {
  const body = ['wrteei 0', ...mapPage(AREA, AREA), 'wrteei 1', 'wrteei 0', 'mfspr r7,287', 'lis r8,0x17f', 'lwz r9,0(r8)'];
  t.is(finalState(guest(body), { strategy: 'patched' }).state.end, 'reset');
});
