import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type EngineName, Processor440, StopReason } from '@exitlab/core';
import test from 'ava';
import fc from 'fast-check';
import { HostArea, HostCell } from '../src/host-area.js';
import { EXIT_TYPES, Hypervisor, type HypervisorOptions, LINUX_3_4, type LoggedExits } from '../src/index.js';
import { guestOf } from './guest-loop.js';
import { assembleAt } from './random-guest.js';
import { RecordKeeper } from './record-keeper.js';

/**
 * A guest whose kernel does a bit of everything that exit routines handle: it fills its TLB from a table, changes processes, takes timer
 * interrupts, and moves special registers about. `rounds` says how a user program calls it.
 */
interface Round {
  readonly kind: (typeof KINDS)[number];
  readonly operand: number;
}

const RAM_BYTES = 1 << 20;
const PAGES = 96;
const USER_CODE = 0x20000;
/** A process changes to another by changing the low bits. */
const PIDS = [4, 5, 6, 7] as const;
const USER_DATA = 0x400000;
/** Pages from 64 on are read-only. */
const READ_ONLY_BIT = 0x40000;
/** Where in a page the kernel jumps to; the user to its begin. */
const KERNEL_JUMP = 256;
const TABLE = 0x4000;
const SLOT_COUNTER = 0x5000;
const TICKS = 0x5004;
const SAVED = 0x5010;
const EXTERNALS = 0x5008;
const EXTERNAL_SAVED = 0x500c;
const CRITICALS = 0x50c0;
/** Where the kernel has the device. */
const DEVICE = 0x10000;
const DEVICE_PA = 0xe0000000;
const STORAGE_FAULTS = 0x5030;
/** How many searches there were and how many of them found an entry; then what others gave. */
const SEARCHES = 0x5080;
const Vector = {
  ...{ SYSTEM_CALL: 0x1000, DECREMENTER: 0x1800, DATA_MISS: 0x2000, PROGRAM: 0x2800, EXTERNAL: 0x2c00 },
  ...{ DATA_STORAGE: 0x3000, INSTRUCTION_STORAGE: 0x3400, INSTRUCTION_MISS: 0x3800, CRITICAL: 0x3c00 },
} as const;
const Ivor = {
  ...{ CRITICAL: 0, DATA_STORAGE: 2, INSTRUCTION_STORAGE: 3, EXTERNAL: 4, PROGRAM: 6, SYSTEM_CALL: 8, DECREMENTER: 10 },
  ...{ DATA_MISS: 13, INSTRUCTION_MISS: 14 },
} as const;
/** Where the decrementer's handler goes on once its interrupt is no longer pending. */
const TIMER_SERVED = 0x1c00;
const VALID_4K = 0x210;
const VALID_64K = 0x230;
const MSR_USER = 0xc000;
const KINDS = [
  ...(['load', 'store', 'switch', 'invalidate', 'timer', 'registers', 'nested', 'spin'] as const),
  /** Stores to a page that is read-only, and calls to one that is not to be executed: by the user, and by the kernel for it. */
  ...(['userStore', 'userJump', 'kernelStore', 'kernelJump'] as const),
  /** Searches of the guest's TLB; stores to a device that interrupts, with interrupts on and off; critical interrupts on and off. */
  ...(['search', 'device', 'critical'] as const),
] as const;

/** As Linux's: registers saved in SPRGs, the entry found in a table, three words written, the slots taken in turn. */
const missHandler = (address: 'DEAR' | 'SRR0') => `
  mtspr SPRG0,r3
  mtspr SPRG1,r4
  mtspr SPRG4,r5
  mtspr SPRG5,r6
  mfcr r6
  mfspr r3,${address}
  mfspr r4,PID
  mtspr MMUCR,r4
  rlwinm r5,r3,22,23,29
  lwz r5,${TABLE}(r5)
  lwz r4,${SLOT_COUNTER}(0)
  addi r4,r4,1
  stw r4,${SLOT_COUNTER}(0)
  rlwinm r4,r4,0,27,31
  addi r4,r4,8
  rlwinm r3,r3,0,0,19
  ori r3,r3,${VALID_4K}
  tlbwe r3,r4,0
  tlbwe r5,r4,1
  li r5,0x1b
  andis. r3,r3,${READ_ONLY_BIT >>> 16}
  beq @write
  li r5,0x09
@write:
  tlbwe r5,r4,2
  mtcr r6
  mfspr r5,SPRG0
  mr r3,r5
  mfspr r4,SPRG1
  mfspr r5,SPRG4R
  mfspr r6,SPRG5R
  rfi`;

/** Does a bit of everything while its interrupt is still pending and held back, a miss and a return among it. */
const DECREMENTER = `
  stw r3,${SAVED}(0)
  stw r4,${SAVED + 4}(0)
  stw r5,${SAVED + 8}(0)
  stw r6,${SAVED + 12}(0)
  mfcr r3
  stw r3,${SAVED + 16}(0)
  mfspr r3,SRR0
  stw r3,${SAVED + 20}(0)
  mfspr r3,SRR1
  stw r3,${SAVED + 24}(0)
  lwz r3,${TICKS}(0)
  addi r3,r3,1
  stw r3,${TICKS}(0)
  mfmsr r4
  wrteei 0
  wrtee r4
  mtmsr r4
  mtspr SRR1,r4
  li r5,@back
  mtspr SRR0,r5
  rfi
@back:
  mtspr SPRG6,r4
  mfspr r4,PID
  mtspr PID,r4
  xori r4,r4,1
  mtspr PID,r4
  rlwinm r5,r3,12,14,19
  addis r5,r5,${USER_DATA >>> 16}
  lwz r6,16(r5)
  stw r3,16(r5)
  xori r4,r4,1
  mtspr PID,r4
  rlwinm r4,r3,0,27,31
  addi r4,r4,8
  tlbwe r5,r4,1
  li r6,0
  tlbwe r6,r4,0
  tlbsx r4,0,r5
  tlbsx. r4,r5,r6
  lis r3,0x0800
  mtspr TSR,r3
  b ${TIMER_SERVED}`;

const AFTER_DECREMENTER = `
  lwz r3,${SAVED + 20}(0)
  mtspr SRR0,r3
  lwz r3,${SAVED + 24}(0)
  mtspr SRR1,r3
  lwz r3,${SAVED + 16}(0)
  mtcr r3
  lwz r3,${SAVED}(0)
  lwz r4,${SAVED + 4}(0)
  lwz r5,${SAVED + 8}(0)
  lwz r6,${SAVED + 12}(0)
  rfi`;

const EXTERNAL = `
  stw r3,${EXTERNAL_SAVED}(0)
  lwz r3,${EXTERNALS}(0)
  addi r3,r3,1
  stw r3,${EXTERNALS}(0)
  lwz r3,${EXTERNAL_SAVED}(0)
  rfi`;

/** Goes on at the same place again and elsewhere in turn: behind a store, or where a jump came from. */
const storageHandler = (next: string) => `
  stw r3,${STORAGE_FAULTS + 4}(0)
  stw r4,${STORAGE_FAULTS + 8}(0)
  stw r5,${STORAGE_FAULTS + 12}(0)
  mfspr r3,ESR
  stw r3,${STORAGE_FAULTS + 16}(0)
  mfspr r3,DEAR
  stw r3,${STORAGE_FAULTS + 20}(0)
  lwz r3,${STORAGE_FAULTS}(0)
  addi r3,r3,1
  stw r3,${STORAGE_FAULTS}(0)
  rlwinm r3,r3,0,31,31
  mfspr r4,SRR0
  ${next}
  subf r5,r4,r5
  mullw r5,r5,r3
  add r4,r4,r5
  mtspr SRR0,r4
  lwz r3,${STORAGE_FAULTS + 4}(0)
  lwz r4,${STORAGE_FAULTS + 8}(0)
  lwz r5,${STORAGE_FAULTS + 12}(0)
  rfi`;

/** Skips what the kernel may not do either. */
const PROGRAM = `
  mtspr SPRG7,r3
  mfspr r3,SRR0
  addi r3,r3,4
  mtspr SRR0,r3
  mfspr r3,SPRG3
  rfi`;

const CRITICAL = `
  stw r3,${CRITICALS + 4}(0)
  lwz r3,${CRITICALS}(0)
  addi r3,r3,1
  stw r3,${CRITICALS}(0)
  lwz r3,${CRITICALS + 4}(0)
  rfci`;

/** With r1 = 0 KVM takes the guest for one in a critical section, and holds interrupts back that MSR[EE] does not. */
const SYSTEM_CALL = `
  mfspr r6,SRR0
  mfspr r7,SRR1
  mtspr SPRG3,r3
  cmpwi r0,0
  bne @invalidate
  mfspr r3,PID
  xor r3,r3,r8
  mtspr PID,r3
  mtspr PID,r3
  b @out
@invalidate:
  cmpwi r0,1
  bne @timer
  rlwinm r4,r8,0,27,31
  addi r4,r4,8
  li r3,0
  tlbwe r3,r4,0
  tlbwe r8,r4,1
  b @out
@timer:
  cmpwi r0,2
  bne @registers
  addi r8,r8,64
  rlwinm r8,r8,6,0,25
  mtspr DEC,r8
  mtspr DECAR,r8
  rlwinm r3,r8,12,9,9
  oris r3,r3,0x0400
  mtspr TCR,r3
  b @out
@registers:
  cmpwi r0,3
  bne @nested
  wrteei 1
  mfmsr r3
  mtspr SPRG2,r3
  mfspr r4,SPRG2
  wrteei 0
  wrtee r8
  mfspr r3,MMUCR
  mtspr MMUCR,r8
  mtspr MMUCR,r3
  mtmsr r4
  tlbsx r3,0,r8
  wrteei 0
  dccci 0,0
  b @out
@nested:
  cmpwi r0,4
  bne @store
  addi r5,r5,1
  cmpwi r5,3
  bge @back
  mr r9,r6
  mr r10,r7
  li r0,3
  sc
  mr r6,r9
  mr r7,r10
  b @out
@back:
  li r5,0
  b @out
@store:
  cmpwi r0,5
  bne @jump
  rlwinm r3,r8,12,14,19
  addis r3,r3,${(USER_DATA | READ_ONLY_BIT) >>> 16}
  stw r8,20(r3)
  b @out
@jump:
  cmpwi r0,6
  bne @search
  rlwinm r3,r8,12,14,19
  addis r3,r3,${USER_DATA >>> 16}
  ori r3,r3,${KERNEL_JUMP}
  mtctr r3
  bctrl
  b @out
@search:
  cmpwi r0,7
  bne @device
  rlwinm r3,r8,12,13,19
  addis r3,r3,${USER_DATA >>> 16}
  mfspr r4,PID
  mtspr MMUCR,r4
  lis r0,64
  tlbsx. r4,0,r3
  mfcr r9
  rlwinm r9,r9,3,31,31
  lwz r10,${SEARCHES + 4}(0)
  add r10,r10,r9
  stw r10,${SEARCHES + 4}(0)
  lwz r10,${SEARCHES}(0)
  addi r10,r10,1
  stw r10,${SEARCHES}(0)
  stw r4,${SEARCHES + 8}(0)
  lis r9,-32768
  mtxer r9
  mtspr MMUCR,r8
  tlbsx. r4,r3,r8
  mfcr r9
  stw r9,${SEARCHES + 12}(0)
  stw r4,${SEARCHES + 16}(0)
  lis r9,1
  mtspr MMUCR,r9
  tlbsx. r4,0,r8
  mfcr r9
  stw r9,${SEARCHES + 20}(0)
  stw r4,${SEARCHES + 24}(0)
  li r9,0
  mtxer r9
  mtspr MMUCR,r9
  tlbsx r3,r3,r8
  stw r3,${SEARCHES + 28}(0)
  tlbsx. r3,0,r8
  b @out
@device:
  cmpwi r0,8
  bne @critical
  lis r3,${DEVICE >>> 16}
  wrteei 1
  stw r8,0(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4
  mr r9,r1
  li r1,0
  stw r8,0(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4
  mr r1,r9
  mtspr SPRG2,r4
  mfspr r4,SPRG2
  wrteei 0
  stw r8,4(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4
  b @out
@critical:
  cmpwi r0,9
  bne @end
  mfmsr r4
  oris r3,r4,2
  mtmsr r3
  mfspr r3,SPRG2
  mtspr SPRG2,r3
  mtmsr r4
  mfspr r3,SPRG2
  b @out
@end:
  lis r3,0x3000
  mtspr DBCR0,r3
@out:
  mtspr SRR0,r6
  mtspr SRR1,r7
  rfi`;

const CALLS = {
  switch: 0,
  invalidate: 1,
  timer: 2,
  registers: 3,
  nested: 4,
  kernelStore: 5,
  kernelJump: 6,
  search: 7,
  device: 8,
  critical: 9,
} as const;
const CALL_END = 10;
const TURNS = 6;
const PULSE_SLICES = 29;
const SRR0 = 26;

function userProgram(rounds: readonly Round[]): string {
  const lines = [`lis r20,${USER_DATA >>> 16}`, `li r21,${TURNS}`, '@again:'];
  for (const [index, { kind, operand }] of rounds.entries()) {
    switch (kind) {
      case 'load':
      case 'store':
        lines.push(
          `addis r22,r20,${(operand % (kind === 'load' ? PAGES : 64)) >>> 4}`,
          kind === 'load' ? 'lwz r23,8(r22)' : 'stw r21,8(r22)',
        );
        for (let page = 0; page < 16; page++) lines.push(`addi r22,r22,4096`, `lwz r24,${4 * page}(r22)`);
        break;
      case 'userStore':
        lines.push(`addis r22,r20,${(64 + (operand % 32)) >>> 4}`, 'stw r21,8(r22)');
        break;
      case 'userJump':
        lines.push(`addis r22,r20,${(operand % PAGES) >>> 4}`, 'mtctr r22', 'bctrl');
        break;
      case 'spin':
        lines.push(`li r25,${1 + (operand % 50)}`, `@spin${index}:`, 'addi r25,r25,-1', 'cmpwi r25,0', `bne @spin${index}`);
        break;
      default:
        lines.push(`li r8,${kind === 'switch' ? operand % 4 : operand}`, 'li r5,0', `li r0,${CALLS[kind]}`, 'sc');
    }
  }
  lines.push('addic. r21,r21,-1', 'bne @again', `li r0,${CALL_END}`, 'sc');
  return lines.join('\n');
}

/** Counts the exits that leave generated code from now on, by pc, and notes the numbers of interrupts that exits inside can defer. */
function watchEntries(processor: Processor440) {
  const outside = new Map<number, number>();
  const deferrals = new Set<number>();
  const area = new HostArea(processor.hostMemory);
  const run = processor.run.bind(processor);
  processor.run = (instructions) => {
    if (area.get(HostCell.blocked) === 0) deferrals.add(area.get(HostCell.deferrals));
    const reason = run(instructions);
    const pc = processor.readSpr(SRR0) as number;
    if (reason === StopReason.interrupt) outside.set(pc, (outside.get(pc) ?? 0) + 1);
    return reason;
  };
  return { outside, deferrals };
}

/** All that a run shows. */
function run(rounds: readonly Round[], sliceInstructions: number, engine: EngineName, options: HypervisorOptions) {
  const bus = { read: () => 0, write: () => hypervisor.pulseExternal() };
  const processor = new Processor440({
    ...{ ramSizeBytes: RAM_BYTES, devices: bus, dcrs: bus, coreHz: 4e8, timebaseHz: 1e8, engine },
    translationThresholds: { warm: 2, hot: 64 },
  });
  const { memory } = processor;
  for (const [address, code] of [
    [Vector.SYSTEM_CALL, SYSTEM_CALL],
    [Vector.DECREMENTER, DECREMENTER],
    [TIMER_SERVED, AFTER_DECREMENTER],
    [Vector.EXTERNAL, EXTERNAL],
    [Vector.CRITICAL, CRITICAL],
    [Vector.DATA_MISS, missHandler('DEAR')],
    [Vector.INSTRUCTION_MISS, missHandler('SRR0')],
    [Vector.DATA_STORAGE, storageHandler('addi r5,r4,4')],
    [Vector.INSTRUCTION_STORAGE, storageHandler('mflr r5')],
    [Vector.PROGRAM, PROGRAM],
    [USER_CODE, userProgram(rounds)],
  ] as const) {
    memory.writeBytes(address, assembleAt(address, code));
  }
  for (let page = 0; page < 128; page++) memory.write32(TABLE + 4 * page, 0x40000 + ((page * 7) % 64) * 4096);
  const traced: number[][] = [];
  const trace = ({ count, ...columns }: LoggedExits) => {
    for (let row = 0; row < count; row++) traced.push(Object.values(columns).map((column) => column[row] as number));
  };
  const recorder = new RecordKeeper(processor.clock.coreHz);
  const readers = { trace, recorder };
  const hypervisor: Hypervisor = new Hypervisor(processor, { bus, dcr: bus }, { ...options, ...(options.countSites && readers) });
  hypervisor.setGuestTlbEntry(0, VALID_64K, 0, 0x07);
  hypervisor.setGuestTlbEntry(1, DEVICE | VALID_4K, DEVICE_PA, 0x03);
  for (const pid of PIDS) hypervisor.setGuestTlbEntry(pid, USER_CODE | VALID_64K, USER_CODE, 0x3f, pid);
  const { vcpu } = hypervisor;
  vcpu.ivpr = 0;
  vcpu.setPid(PIDS[0]);
  for (const name of Object.keys(Vector) as (keyof typeof Vector)[]) vcpu.ivor[Ivor[name]] = Vector[name];
  processor.setGpr(1, 0x9000);
  hypervisor.start(USER_CODE, MSR_USER);
  const { outside, deferrals } = watchEntries(processor);
  const outcomes: string[] = [];
  for (let slices = 0; slices < 4000; slices++) {
    // An edge, and a level for some slices: with short ones both come where the guest holds them back, and beside its timer.
    const turn = slices % PULSE_SLICES;
    if (turn === 0) hypervisor.pulseExternal();
    if (turn === 10 || turn === 12) hypervisor.setExternal(turn === 10);
    if (turn === 14 || turn === 26) hypervisor.setCritical(turn === 14);
    const outcome = hypervisor.run(sliceInstructions);
    outcomes.push(outcome.kind === 'failure' ? outcome.failure.message : outcome.kind);
    if (outcome.kind !== 'limit') break;
  }
  return {
    outcomes,
    handled: processor.hostInstructions,
    traced,
    outside,
    deferrals,
    shown: {
      outcome: outcomes.at(-1),
      slices: outcomes.length,
      guestInstructions: hypervisor.guestInstructions,
      cycles: processor.clock.cycles,
      statistics: hypervisor.statistics(),
      traced,
      recorded: options.countSites && recorder.records(),
      registers: Array.from({ length: 32 }, (_, n) => processor.gpr(n)),
      tlb: Array.from({ length: 64 }, (_, index) => processor.readTlb(index)),
      guestTlb: Array.from({ length: 64 }, (_, index) => ({ ...vcpu.guestTlb.entry(index) })),
      vcpu: [vcpu.pc, vcpu.pid, vcpu.msr, vcpu.mmucr, vcpu.pending],
      processor: processor.statistics(),
      ticks: memory.read32(TICKS),
      searches: [0, 4, 8, 12, 16, 20, 24, 28].map((offset) => memory.read32(SEARCHES + offset)),
      storageFaults: memory.read32(STORAGE_FAULTS),
      externals: memory.read32(EXTERNALS),
      criticals: memory.read32(CRITICALS),
      memory: createHash('sha1').update(memory.readBytes(0, RAM_BYTES)).digest('hex'),
    },
  };
}

const rounds = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), operand: fc.nat(3000) }), { minLength: 2, maxLength: 8 });
const slice = fc.constantFrom(1, 17, 1000, 1_000_000);
const POLICIES: readonly { readonly name: string; readonly options: HypervisorOptions }[] = [
  { name: "KVM's policy", options: {} },
  { name: 'counts by pc, a log and records', options: { countSites: true } },
  { name: 'ticks of the host', options: { hostTickHz: 25_000 } },
  { name: 'few slots, mapped lazily', options: { policy: { ...LINUX_3_4, shadowSlots: 7, mapping: 'lazy' } } },
  { name: 'a shared page', options: { policy: { ...LINUX_3_4, magicPage: 'silent' } } },
  { name: 'another policy than its own', options: { policy: { ...LINUX_3_4, hardwarePids: 'flush', replacement: 'random' } } },
  { name: 'memory that is not yet backed', options: { untouchedRamFrom: 0x60000 } },
  { name: 'faults that soon count as endless', options: { endlessFaultLimit: 5 } },
  { name: 'no exit timing', options: { exitTiming: false } },
];

for (const { name, options } of POLICIES) {
  test(`exits come to the same where the guest runs and in the hypervisor, in either engine: ${name}`, (t) => {
    let handled = 0;
    fc.assert(
      fc.property(rounds, slice, (program, sliceInstructions) => {
        const inside = run(program, sliceInstructions, 'wasm', options);
        const outside = run(program, sliceInstructions, 'wasm', { ...options, exitRoutines: false });
        const interpreted = run(program, sliceInstructions, 'interpreter', options);
        handled += inside.handled;
        assert.strictEqual(outside.handled + interpreted.handled, 0);
        assert.deepStrictEqual(inside.shown, outside.shown);
        assert.deepStrictEqual(interpreted.shown, outside.shown);
      }),
      { numRuns: 6, seed: 5 },
    );
    t.true(handled > 100, 'the routines have been at work');
  });
}

test('the exits that a random guest makes are of the kinds that routines handle', (t) => {
  const program = KINDS.flatMap((kind) => [17, 2048].map((operand): Round => ({ kind, operand })));
  const { shown } = run(program, 1_000_000, 'wasm', {});
  const made = new Set(shown.statistics.exits.filter(({ count }) => count > 0).map(({ type }) => type));
  for (const type of ['DTLBREAL', 'DTLBVIRT', 'ITLBVIRT', 'SYSCALL', 'EMUL_TLBWE', 'EMUL_MTSPR', 'EMUL_MFSPR', 'EMUL_WRTEE', 'EMUL_RFI']) {
    t.true(made.has(type), type);
  }
  t.true(EXIT_TYPES.length > made.size);
  t.true(shown.ticks > 0, 'timer interrupts have been taken');
  t.is(shown.outcome, 'reset');
});

/** The least number of exits by type that routines have handled at some pcs. */
function handledAt(isWithin: (pc: number) => boolean, { traced, outside }: ReturnType<typeof run>): ReadonlyMap<string, number> {
  const made = new Map<string, { pc: number; type: string; count: number }>();
  for (const [type, pc] of traced as [number, number][]) {
    if (!isWithin(pc)) continue;
    const name = EXIT_TYPES[type]!.name;
    const known = made.get(`${pc} ${name}`) ?? { pc, type: name, count: 0 };
    made.set(`${pc} ${name}`, { ...known, count: known.count + 1 });
  }
  const inside = new Map<string, number>();
  for (const { pc, type, count } of made.values()) {
    inside.set(type, (inside.get(type) ?? 0) + Math.max(0, count - (outside.get(pc) ?? 0)));
  }
  return inside;
}

test('routines handle exits while MSR[EE] holds an interrupt back', (t) => {
  const loads = Array.from({ length: 16 }, (_, index): Round => ({ kind: 'load', operand: 16 * index }));
  const program: readonly Round[] = [{ kind: 'timer', operand: 16 }, ...loads];
  const result = run(program, 1_000_000, 'wasm', { countSites: true });
  t.true(result.shown.ticks > 50, 'timer interrupts have been taken');
  const handled = handledAt((pc) => pc >= Vector.DECREMENTER && pc < TIMER_SERVED, result);
  for (const type of [
    'DTLBREAL',
    'DTLBVIRT',
    'EMUL_TLBWE',
    'EMUL_TLBSX',
    'EMUL_MTSPR',
    'EMUL_MFSPR',
    'EMUL_MFMSR',
    'EMUL_MTMSR',
    'EMUL_WRTEE',
    'EMUL_RFI',
  ]) {
    t.true((handled.get(type) ?? 0) > 20, type);
  }
});

test('interrupts that come beside a pending one, or in spite of MSR[EE], come to the same', (t) => {
  const kinds = ['device', 'critical', 'load', 'registers'] as const;
  const program = [16, 500, 2900].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand })));
  const deferrals = new Set<number>();
  for (const slice of [17, 40]) {
    const inside = run([{ kind: 'timer', operand: 16 }, ...program], slice, 'wasm', {});
    const outside = run([{ kind: 'timer', operand: 16 }, ...program], slice, 'wasm', { exitRoutines: false });
    assert.deepStrictEqual(inside.shown, outside.shown);
    t.true(inside.shown.criticals > 0 && inside.shown.externals > 20, `${inside.shown.criticals}, ${inside.shown.externals}`);
    for (const each of inside.deferrals) deferrals.add(each);
  }
  for (const count of [0, 1, 2]) t.true(deferrals.has(count), `${count} interrupts held back`);
});

test('routines handle what the guest kernel gets for want of a permission, from user and kernel mode', (t) => {
  const kinds = ['userStore', 'kernelStore', 'userJump', 'kernelJump', 'load'] as const;
  const result = run(
    [0, 16, 32].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand }))),
    1_000_000,
    'wasm',
    { countSites: true },
  );
  t.is(result.shown.outcome, 'reset');
  const handled = (isWithin: (pc: number) => boolean, type: string) => handledAt(isWithin, result).get(type) ?? 0;
  t.true(handled((pc) => pc >= USER_CODE && pc < USER_DATA, 'DSI') > 10, 'stores of the user');
  t.true(handled((pc) => pc < USER_CODE, 'DSI') > 10, 'stores of the kernel');
  t.true(handled((pc) => pc >= USER_DATA && pc % 4096 === 0, 'ISI') > 10, 'fetches of the user');
  t.true(handled((pc) => pc >= USER_DATA && pc % 4096 === KERNEL_JUMP, 'ISI') > 10, 'fetches of the kernel');
});

test('routines search the guest TLB for the guest kernel, whether they find an entry or not', (t) => {
  const kinds = ['load', 'search', 'switch', 'search', 'invalidate', 'search'] as const;
  const program = [0, 3, 19, 40, 200].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand })));
  const result = run(program, 1_000_000, 'wasm', { countSites: true });
  t.is(result.shown.outcome, 'reset');
  const [searches, hits] = result.shown.searches as [number, number];
  t.true(hits > 20 && searches - hits > 20, `${hits} of ${searches} find one`);
  t.true((handledAt(() => true, result).get('EMUL_TLBSX') ?? 0) > 4 * searches);
});

test('a fetch that the guest permits and the hypervisor does not is found endless after the same exits', (t) => {
  const outcomes = [true, false].map((exitRoutines) => {
    const handler = 0x1014;
    const userPage = 0x200000;
    const toUser = ['mtspr PID,r6', 'lwz r4,0(r7)', 'mtspr SRR0,r7', 'mtspr SRR1,r8', 'rfi'];
    const hypervisor = guestOf([...toUser, 'mfspr r5,SPRG0', 'rfi'], { exitRoutines });
    const { processor, vcpu } = hypervisor;
    // The kernel's load maps the page, for the kernel: execution is the user's alone.
    hypervisor.setGuestTlbEntry(1, userPage | VALID_4K, 0x4000, 0x39, 1);
    vcpu.ivpr = 0;
    vcpu.ivor[Ivor.INSTRUCTION_STORAGE] = handler;
    for (const [register, value] of [
      [6, 1],
      [7, userPage],
      [8, MSR_USER],
    ] as const)
      processor.setGpr(register, value);
    const outcome = hypervisor.run(100_000);
    return { outcome, cycles: processor.clock.cycles, statistics: hypervisor.statistics() };
  });
  assert.deepStrictEqual(outcomes[0], outcomes[1]);
  const { outcome } = outcomes[0]!;
  t.regex(outcome.kind === 'failure' ? outcome.failure.message : outcome.kind, /mapped in guest-kernel mode/);
});
