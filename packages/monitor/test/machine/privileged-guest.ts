import { type EngineName, StopReason, type TlbWords } from '@exitlab/core';
import { type Hypervisor, LINUX_3_4, type Policy, SharedField } from '@exitlab/hypervisor';
import { type PatchTime, patchKernel } from '../../src/machine/kernel-patching.js';
import { Machine } from '../../src/machine/machine.js';
import { strategyByName } from '../../src/machine/strategy.js';
import { sampleElf } from '../images/sample-images.js';
import { assembled, RESET } from './assembled-code.js';
import { MAP_PAGE, selfPatched } from './self-patching.js';

/** Where the guest's code lies. */
export const LOAD = 0x10000;
/** Where its data lie, which r28 points at. */
export const DATA = 0x20000;
export const DATA_BYTES = 0x100;
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
/** Offset of the body in the code. */
export const BODY_OFFSET = EXTERNAL_OFFSET + 0x40;

const filled = (lines: readonly string[], bytes: number): string[] => [
  ...lines,
  ...Array.from({ length: bytes / 4 - lines.length }, () => 'nop'),
];

/**
 * A guest as an ELF image: vectors first, then the body, then a reset. r28 points at data, r27 and r26 are MSRs with and without EE, r25 at
 * memory that is not mapped. With `isPatched` the guest asks for the shared page first, and has patched those of its instructions, counted
 * over all of it, for which that holds.
 */
export function guest(body: readonly string[], isPatched?: (index: number) => boolean): Uint8Array {
  const prelude = [
    ...(isPatched === undefined ? [] : MAP_PAGE),
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
  const plain = [...filled(prelude, HANDLER_OFFSET), ...handlers, ...body, ...RESET];
  const { lines, sequences } =
    isPatched === undefined ? { lines: plain, sequences: [] } : selfPatched(plain, LOAD, LOAD + 4 * plain.length, isPatched);
  const code = assembled([...lines, ...sequences], LOAD);
  return sampleElf(
    LOAD,
    [{ vaddr: LOAD, paddr: LOAD, bytes: code }],
    [{ name: 'start', value: LOAD, size: code.length, info: 2, shndx: 1 }],
    [{ name: '.text', segment: 0 }],
  );
}

export interface PrivilegedRun {
  readonly strategy: 'native' | 'trap' | 'pv' | 'patched';
  readonly patchTime?: PatchTime;
  readonly policy?: Partial<Policy>;
  readonly engine?: EngineName;
  /** Guest instructions from one interrupt from outside to the next; none by default. Not for `native`. */
  readonly interruptEvery?: readonly number[];
  /** Guest instructions after which one interrupt comes from outside. Not for `native`. */
  readonly interruptAt?: number;
}

/** Supervisor registers that are compared, with the numbers under which the hardware has them. */
const COMPARED = {
  ...{ sprg1: 273, sprg2: 274, sprg4: 276, sprg5: 277, sprg6: 278, sprg7: 279 },
  ...{ srr0: 26, srr1: 27, dear: 61, esr: 62, pid: 48, mmucr: 946 },
} as const;
type ComparedRegister = keyof typeof COMPARED;

/** The body may take so many instructions beside interrupts from outside. */
const MOST_INSTRUCTIONS = 20_000;

/** Runs a guest to its reset. The state is all that it can see, but time: registers, its supervisor state, its memory. */
export function finalState(kernel: Uint8Array, run: PrivilegedRun) {
  const { strategy, patchTime, policy, engine, interruptEvery = [], interruptAt } = run;
  const machine = new Machine({
    strategy: strategyByName(strategy)!,
    memoryBytes: 2 ** 25,
    kernel: patchTime === 'static' ? patchKernel(kernel).bytes : kernel,
    policy: { ...LINUX_3_4, ...policy },
    ...(patchTime && { patchTime }),
    ...(engine && { engine }),
  });
  const { processor, hypervisor } = machine;
  if (interruptAt !== undefined) {
    hypervisor?.run(interruptAt);
    hypervisor?.pulseExternal();
  }
  const end = hypervisor === undefined ? nativeEnd(machine) : hypervisedEnd(hypervisor, interruptEvery);
  const { cr, lr, ctr, xer } = processor;
  const registers = Object.entries(COMPARED).map(([name, sprn]) => [
    name,
    hypervisor === undefined ? processor.readSpr(sprn) : hypervisor.vcpu.shared.get(SharedField[name as ComparedRegister]),
  ]);
  const exits = hypervisor?.statistics().exits ?? [];
  return {
    state: {
      end,
      gprs: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      ...{ cr, lr, ctr, xer, msr: hypervisor?.vcpu.msr ?? processor.msr },
      supervisor: Object.fromEntries(registers),
      data: [...processor.memory.readBytes(DATA, DATA_BYTES + 4)],
      tlb: Array.from({ length: 64 }, (_, index) => keptBits(hypervisor?.vcpu.guestTlb.entry(index) ?? processor.readTlb(index))),
    },
    statistics: hypervisor?.statistics(),
    cycles: processor.clock.cycles,
    exits: exits.reduce((sum, { count }) => sum + count, 0),
    exitsOf: (type: string) => exits.find((exit) => exit.type === type)?.count ?? 0,
    instructions: machine.guestInstructions,
    /** Interrupts from outside that the guest has counted. */
    external: processor.gpr(22),
  };
}

export type FinalState = ReturnType<typeof finalState>['state'];

/** An entry without the reserved bits of its second word, which KVM keeps and the hardware does not. */
const keptBits = ({ word1, ...rest }: TlbWords): TlbWords => ({ ...rest, word1: word1 & 0xfffffc0f });

/** How a run under the hypervisor ended: `reset`, or what went wrong in words. */
function hypervisedEnd(hypervisor: Hypervisor, interruptEvery: readonly number[]): string {
  let end = hypervisor.run(interruptEvery[0] ?? MOST_INSTRUCTIONS);
  for (let i = 1; end.kind === 'limit' && i < INTERRUPTS && interruptEvery.length > 0; i++) {
    hypervisor.pulseExternal();
    end = hypervisor.run(interruptEvery[i % interruptEvery.length]!);
  }
  if (end.kind === 'limit') end = hypervisor.run(MOST_INSTRUCTIONS);
  return end.kind === 'failure' ? end.failure.message : end.kind;
}

function nativeEnd({ processor }: Machine): string {
  const reason = processor.run(MOST_INSTRUCTIONS);
  return Object.entries(StopReason).find(([, value]) => value === reason)![0];
}
