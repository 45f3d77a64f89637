import { LINUX_3_4, SharedField } from '@exitlab/hypervisor';
import test from 'ava';
import fc from 'fast-check';
import type { PatchTime } from '../../src/machine/kernel-patching.js';
import { Machine } from '../../src/machine/machine.js';
import { strategyByName } from '../../src/machine/strategy.js';
import { sampleElf } from '../images/sample-images.js';
import { assembled, RESET } from './assembled-code.js';

const LOAD = 0x10000;
const DATA = 0x20000;
const DATA_BYTES = 0x100;
/** An address that no TLB entry of the guest has, high half. */
const UNMAPPED = 0x4000;
/** The most interrupts from outside in one run. */
const INTERRUPTS = 100;

/**
 * Skips the instruction that was interrupted if that caused the interrupt, and keeps for comparison whether SRR0 ever lay outside the
 * guest's own code. Works as Linux's handlers do: scratch registers in SPRGs, interrupts on and off inside.
 */
const HANDLER = [
  'mtspr 272,r30',
  'mtspr 275,r29',
  'mfspr r30,61',
  `stw r30,${DATA_BYTES}(r28)`,
  'mfspr r29,26',
  'mfspr r30,27',
  'wrteei 0',
  'rlwinm r31,r29,12,20,31',
  'or r23,r23,r31',
  'addi r29,r29,4',
  'mtspr 26,r29',
  'mtspr 27,r30',
  'mfspr r29,275',
  'mfspr r30,272',
  'rfi',
];
/** For interrupts from outside: changes nothing but r22 and what it restores. */
const EXTERNAL_HANDLER = [
  'mtspr 272,r30',
  'mtspr 275,r29',
  'mfspr r29,26',
  'rlwinm r30,r29,12,20,31',
  'or r23,r23,r30',
  'mfmsr r29',
  'wrtee r29',
  'mtmsr r29',
  'mfspr r29,275',
  'mfspr r30,272',
  'addi r22,r22,1',
  'rfi',
];

const HANDLER_OFFSET = 0x50;
const EXTERNAL_OFFSET = HANDLER_OFFSET + 0x40;
const BODY_OFFSET = EXTERNAL_OFFSET + 0x40;

const filled = (lines: readonly string[], bytes: number): string[] => [
  ...lines,
  ...Array.from({ length: bytes / 4 - lines.length }, () => 'nop'),
];

/** A guest as an ELF image: vectors first, then the body, then a reset. r28 points at data, r27 and r26 are MSRs with and without EE. */
function guest(body: readonly string[]): Uint8Array {
  const prelude = [
    `lis r28,${DATA >> 16}`,
    'lis r27,0',
    'ori r27,r27,0x9000',
    'li r26,0x1000',
    `lis r25,${UNMAPPED}`,
    `lis r24,${LOAD >> 16}`,
    'mtspr 63,r24',
    `li r24,${HANDLER_OFFSET}`,
    'mtspr 406,r24',
    'mtspr 413,r24',
    `li r24,${EXTERNAL_OFFSET}`,
    'mtspr 404,r24',
    `b ${LOAD + BODY_OFFSET}`,
  ];
  const handlers = [...filled(HANDLER, 0x40), ...filled(EXTERNAL_HANDLER, 0x40)];
  const code = assembled([...filled(prelude, HANDLER_OFFSET), ...handlers, ...body, ...RESET], LOAD);
  return sampleElf(
    LOAD,
    [{ vaddr: LOAD, paddr: LOAD, bytes: code }],
    [{ name: 'start', value: LOAD, size: code.length, info: 2, shndx: 1 }],
    [{ name: '.text', segment: 0 }],
  );
}

interface Run {
  readonly strategy: 'trap' | 'patched';
  readonly patchTime?: PatchTime;
  /** Guest instructions from one interrupt from outside to the next; none by default. */
  readonly interruptEvery?: readonly number[];
}

/** All that a guest can see, but time: registers, its supervisor state, its memory. */
function finalState(kernel: Uint8Array, { strategy, patchTime, interruptEvery = [] }: Run) {
  const machine = new Machine({
    strategy: strategyByName(strategy)!,
    memoryBytes: 2 ** 25,
    kernel,
    policy: LINUX_3_4,
    ...(patchTime && { patchTime }),
  });
  const hypervisor = machine.hypervisor!;
  let end = hypervisor.run(interruptEvery[0] ?? 20_000);
  for (let i = 1; end.kind === 'limit' && i < INTERRUPTS && interruptEvery.length > 0; i++) {
    hypervisor.pulseExternal();
    end = hypervisor.run(interruptEvery[i % interruptEvery.length]!);
  }
  if (end.kind === 'limit') end = hypervisor.run(20_000);
  const { processor } = machine;
  const { vcpu } = hypervisor;
  const { cr, lr, ctr, xer } = processor;
  const { sprg1, sprg2, sprg4, sprg5, sprg6, sprg7, srr0, srr1, dear, esr, msr, pid, mmucr } = SharedField;
  const fields = { sprg1, sprg2, sprg4, sprg5, sprg6, sprg7, srr0, srr1, dear, esr, msr, pid, mmucr };
  return {
    state: {
      end,
      gprs: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      ...{ cr, lr, ctr, xer },
      shared: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, vcpu.shared.get(field)])),
      data: [...processor.memory.readBytes(DATA, DATA_BYTES + 4)],
      tlb: Array.from({ length: 64 }, (_, index) => ({ ...vcpu.guestTlb.entry(index) })),
    },
    exits: hypervisor.statistics().exits.reduce((sum, { count }) => sum + count, 0),
    external: processor.gpr(22),
  };
}

const register = fc.integer({ min: 2, max: 20 }).map((n) => `r${n}`);
const offset = fc.integer({ min: 0, max: DATA_BYTES / 4 - 1 }).map((n) => n * 4);

/** Straight-line privileged code; `sprs` are those that it moves. */
const code = (sprs: readonly number[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mfspr ${r},${spr}`) },
    { weight: 4, arbitrary: fc.tuple(register, fc.constantFrom(...sprs)).map(([r, spr]) => `mtspr ${spr},${r}`) },
    { weight: 2, arbitrary: register.map((r) => `mfmsr ${r}`) },
    { weight: 2, arbitrary: fc.constantFrom('wrteei 0', 'wrteei 1', 'mtmsr r27', 'mtmsr r26', 'tlbsync') },
    register.map((r) => `wrtee ${r}`),
    fc.tuple(register, fc.constantFrom(260, 261, 262, 263, 48, 286, 946)).map(([r, spr]) => `mfspr ${r},${spr}`),
    fc.tuple(register, register, register).map(([a, b, c]) => `add ${a},${b},${c}`),
    fc.tuple(register, register).map(([a, b]) => `cmpw ${a},${b}`),
    fc.tuple(register, fc.integer({ min: -8192, max: 8191 })).map(([r, value]) => `addi ${r},${r},${value * 4}`),
    fc.tuple(register, fc.integer({ min: -32768, max: 32767 })).map(([r, value]) => `addis ${r},${r},${value}`),
    fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r28)`),
    fc.tuple(register, offset).map(([r, d]) => `lwz ${r},${d}(r28)`),
  );
/** An entry of the TLB beside those that map the guest, invalid, in three words. */
const entryWrite = fc
  .tuple(fc.integer({ min: 8, max: 60 }), register, register)
  .map(([entry, a, b]) => [`li r21,${entry}`, `clrrwi ${a},${a},10`, `tlbwe ${a},r21,0`, `tlbwe ${b},r21,1`, `li r2,63`, 'tlbwe r2,r21,2']);
/** Interrupts of the guest's own: a data TLB miss, traps. */
const fault = fc.oneof(
  fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r25)`),
  fc.constantFrom('tw 31,r0,r0', 'twi 31,r3,0'),
);
/** Multiples of four in all registers, so that SRR0 keeps what is written to it. */
const ALIGNED = Array.from({ length: 20 }, (_, n) => `li r${n + 2},${(n + 1) * 64}`);

test('patched code leaves the same registers, supervisor state, TLB and memory as unpatched code', (t) => {
  const line = fc.oneof(
    { weight: 8, arbitrary: code([272, 273, 274, 275, 26, 27, 61, 62, 276, 277, 278, 279]).map((text) => [text]) },
    fault.map((text) => [text]),
    entryWrite,
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 60 }), fc.constantFrom<PatchTime>('load', 'trap'), (body, patchTime) => {
      const kernel = guest([...ALIGNED, ...body.flat()]);
      const before = finalState(kernel, { strategy: 'trap' });
      const after = finalState(kernel, { strategy: 'patched', patchTime });
      t.deepEqual(after.state, before.state);
      t.is(before.state.end.kind, 'reset');
    }),
    { numRuns: 12, seed: 440 },
  );
});

test('interrupts from outside at any instruction, in trampolines too, leave the same state and never show a trampoline', (t) => {
  let delivered = 0;
  const line = fc.oneof({ weight: 8, arbitrary: code([273, 274, 276, 277, 278, 279]).map((text) => [text]) }, entryWrite);
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 20, maxLength: 60 }),
      // The handler takes some fifty instructions; what is left over falls on the code.
      fc.array(fc.integer({ min: 45, max: 80 }), { minLength: 1, maxLength: 9 }),
      fc.constantFrom<PatchTime>('load', 'trap'),
      (body, interruptEvery, patchTime) => {
        const kernel = guest([...ALIGNED, ...body.flatMap((lines) => ['wrteei 1', ...lines]), 'wrteei 0']);
        const before = finalState(kernel, { strategy: 'trap' });
        const after = finalState(kernel, { strategy: 'patched', patchTime, interruptEvery });
        delivered += after.external;
        // What the handler counts and what an interrupt leaves behind are the interrupts themselves.
        const comparable = ({ gprs, shared: { srr0: _0, srr1: _1, ...shared }, ...rest }: typeof before.state) => ({
          ...rest,
          shared,
          gprs: gprs.toSpliced(22, 1),
        });
        t.deepEqual(comparable(after.state), comparable(before.state));
        t.is(after.state.gprs[23], 0, 'SRR0 always lies in the guest');
      },
    ),
    { numRuns: 12, seed: 441 },
  );
  t.true(delivered > 20, `${delivered} interrupts were delivered`);
});

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
