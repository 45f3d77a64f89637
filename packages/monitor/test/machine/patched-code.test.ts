import { LINUX_3_4, SharedField } from '@exitlab/hypervisor';
import { patchedBytes, planPatches } from '@exitlab/pv-patcher';
import test from 'ava';
import fc from 'fast-check';
import { SHARED_PAGE_LAYOUT } from '../../src/machine/kernel-patching.js';
import { Machine } from '../../src/machine/machine.js';
import type { StrategyRow } from '../../src/machine/strategy.js';
import { assembled, RESET } from './assembled-code.js';

const LOAD = 0x10000;
const DATA = 0x20000;
const DATA_BYTES = 0x100;
/** An address that no TLB entry of the guest has. */
const UNMAPPED = 0x4000;

const TRAP: StrategyRow = { name: 'trap', meaning: '', hypervisor: true, magicPage: 'none', patched: false };
const WITH_PAGE: StrategyRow = { ...TRAP, name: 'patched by the test', magicPage: 'silent' };

/** Skips the instruction that was interrupted, saving and restoring by SPRGs as Linux's handlers do, and keeps DEAR for comparison. */
const HANDLER = [
  'mtspr 272,r30',
  'mtspr 275,r29',
  'mfspr r30,61',
  `stw r30,${DATA_BYTES}(r28)`,
  'mfspr r29,26',
  'addi r29,r29,4',
  'mtspr 26,r29',
  'mfspr r29,27',
  'mtspr 27,r29',
  'mfspr r29,275',
  'mfspr r30,272',
  'rfi',
];

const HANDLER_OFFSET = 0x40;
const BODY_OFFSET = HANDLER_OFFSET + HANDLER.length * 4;

/** A guest: vectors first, then the body, then a reset. r28 points at data, r27 and r26 are MSRs with and without EE, r25 faults. */
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
    'mtspr 408,r24',
    `b ${LOAD + BODY_OFFSET}`,
  ];
  const padding = Array.from({ length: HANDLER_OFFSET / 4 - prelude.length }, () => 'nop');
  return assembled([...prelude, ...padding, ...HANDLER, ...body, ...RESET], LOAD);
}

/** All that a guest can see, but time: registers, its supervisor state, its memory. */
async function finalState(kernel: Uint8Array, strategy: StrategyRow) {
  const machine = new Machine({ strategy, memoryBytes: 2 ** 25, kernel, rawAddress: LOAD, policy: LINUX_3_4 });
  const end = await machine.run({
    limits: { maxInstructions: 20_000 },
    interruption: new AbortController().signal,
    hostNowMs: () => 0,
  });
  const { processor, hypervisor } = machine;
  const { vcpu } = hypervisor!;
  const { cr, lr, ctr, xer } = processor;
  return {
    state: {
      end,
      gprs: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      ...{ cr, lr, ctr, xer, msr: vcpu.msr, pid: vcpu.pid },
      shared: Object.fromEntries(Object.entries(SharedField).map(([name, field]) => [name, vcpu.shared.get(field)])),
      data: [...processor.memory.readBytes(DATA, DATA_BYTES + 4)],
      instructions: machine.guestInstructions,
    },
    exits: hypervisor!.statistics().exits.reduce((sum, { count }) => sum + count, 0),
  };
}

const register = fc.integer({ min: 2, max: 20 }).map((n) => `r${n}`);
const offset = fc.integer({ min: 0, max: DATA_BYTES / 4 - 1 }).map((n) => n * 4);
const moved = fc.constantFrom(272, 273, 274, 275, 26, 27, 61, 62, 276, 277, 278, 279);
const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(register, moved).map(([r, spr]) => `mfspr ${r},${spr}`) },
  { weight: 4, arbitrary: fc.tuple(register, moved).map(([r, spr]) => `mtspr ${spr},${r}`) },
  { weight: 2, arbitrary: register.map((r) => `mfmsr ${r}`) },
  fc.constantFrom('wrteei 0', 'wrteei 1', 'mtmsr r27', 'mtmsr r26'),
  register.map((r) => `wrtee ${r}`),
  fc.tuple(register, register, register).map(([a, b, c]) => `add ${a},${b},${c}`),
  fc.tuple(register, fc.integer({ min: -32768, max: 32767 })).map(([r, value]) => `addis ${r},${r},${value}`),
  fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r28)`),
  fc.tuple(register, offset).map(([r, d]) => `lwz ${r},${d}(r28)`),
  // Interrupts of the guest's own: a data TLB miss, a trap, a word that is no instruction.
  fc.tuple(register, offset).map(([r, d]) => `stw ${r},${d}(r25)`),
  fc.constantFrom('tw 31,r0,r0', 'twi 31,r3,0'),
);

test('patched code leaves the same registers, supervisor state and memory as unpatched code, in as many instructions', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 60 }), async (body) => {
      const bytes = guest(body);
      const region = { name: '.text', ea: LOAD, bytes };
      const patched = patchedBytes(planPatches({ regions: [region], symbols: [] }, SHARED_PAGE_LAYOUT), region);
      const before = await finalState(bytes, TRAP);
      const after = await finalState(patched, WITH_PAGE);
      t.deepEqual(after.state, before.state);
      t.is(before.state.end.reason, 'reset');
    }),
    { numRuns: 60, interruptAfterTimeLimit: 20_000, seed: 440 },
  );
});

test('each patched instruction is an exit less', async (t) => {
  const bytes = guest(['mfmsr r3', 'mtspr 272,r3', 'mfspr r4,272', 'mtspr 61,r4', 'mfspr r5,61']);
  const region = { name: '.text', ea: LOAD, bytes };
  const patched = patchedBytes(planPatches({ regions: [region], symbols: [] }, SHARED_PAGE_LAYOUT), region);
  const before = await finalState(bytes, TRAP);
  const after = await finalState(patched, WITH_PAGE);
  t.is(after.exits, before.exits - 5);
});

test('the guest cannot reach the page through its own mappings of memory', async (t) => {
  const { state } = await finalState(guest(['lis r3,0x200', `lwz r4,${SharedField.msr}(r3)`]), WITH_PAGE);
  t.is(state.gprs[4], 0, 'the byte after the RAM belongs to no device, which reads as 0');
});
