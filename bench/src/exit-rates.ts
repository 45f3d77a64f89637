import { assemble, type DcrBus, type DeviceBus, Processor440, type Processor440Options } from '@exitlab/core';
import { Hypervisor } from '@exitlab/hypervisor';
import { type HostCaseResult, measureHostCases } from './host-suite.js';

/** A guest that does nothing but exit, in a loop. */
export interface ExitLoop {
  readonly name: string;
  /** The types of its exits, in KVM's order. */
  readonly types: readonly string[];
  readonly description: string;
  /** One turn, from LOOP_EA on; the last instruction branches back to it. */
  readonly turn: readonly string[];
}

const RAM_BYTES = 1 << 20;
const LOOP_EA = 0x1000;
const DEVICE_EA = 0xef60_0000;
const IVPR_OFFSET = 0x2000;
const CODE_PAGES_END = 0x3000;
const TURNS_PER_CALL = 2000;
const WARM_UP_CALLS = 10;
const CORE_HZ = 400_000_000;
/** TLB words (PPC440x5 UM, TLB Entry Fields): valid, 4 KB and 1 MB pages, everything permitted; caching inhibited and guarded. */
const Tlb = { valid: 0x200, fourKilobytes: 0x10, oneMegabyte: 0x50, allPermissions: 0x3f, deviceAttributes: 0x507 } as const;
/** Pages touched in turn by the loop of virtual misses: more than the shadow TLB has slots, so that each one misses. */
const TOUCHED_PAGES = 128;

export const EXIT_LOOPS: readonly ExitLoop[] = [
  {
    name: 'mfspr',
    types: ['EMUL_MFSPR'],
    description: 'an SPR read that the hypervisor emulates',
    turn: [...Array.from({ length: 15 }, () => 'mfspr r4,SPRG0'), 'b -60'],
  },
  {
    name: 'sc+rfi',
    types: ['SYSCALL', 'EMUL_RFI'],
    description: 'a system call and the return from its handler',
    turn: ['sc', 'b -4'],
  },
  {
    name: 'DTLBVIRT',
    types: ['ITLBVIRT', 'DTLBVIRT'],
    description: 'a load from a page that the shadow TLB has displaced (and at times the page of the code)',
    turn: ['lwz r6,0(r5)', 'addi r5,r5,4096', 'and r5,r5,r7', 'or r5,r5,r8', 'b -16'],
  },
  { name: 'MMIO', types: ['MMIO'], description: 'a store to a device', turn: ['stw r6,0(r31)', 'b -4'] },
];

/** A loop on a machine of its own, warm; each call of `run` makes `exitsPerCall` exits in the mean. */
export interface ExitRateCase {
  readonly name: string;
  readonly exitsPerCall: number;
  readonly hypervisor: Hypervisor;
  run(): void;
}

/** Machines for {@link EXIT_LOOPS}, ready to run. */
export function exitRateCases(engine: NonNullable<Processor440Options['engine']>): ExitRateCase[] {
  return EXIT_LOOPS.map((loop) => exitLoopMachine(loop, engine));
}

/** A machine that runs a loop. */
export function exitLoopMachine(loop: ExitLoop, engine: NonNullable<Processor440Options['engine']>): ExitRateCase {
  const hypervisor = machineFor(loop, engine);
  const instructionsPerTurn = loop.turn.length + (loop.turn.includes('sc') ? 1 : 0);
  const run = () => {
    const outcome = hypervisor.run(instructionsPerTurn * TURNS_PER_CALL);
    if (outcome.kind !== 'limit') throw new Error(`The loop of ${loop.name} exits ended with ${outcome.kind}.`);
  };
  run();
  const before = exitCount(hypervisor);
  for (let call = 0; call < WARM_UP_CALLS; call++) run();
  return { name: loop.name, exitsPerCall: (exitCount(hypervisor) - before) / WARM_UP_CALLS, hypervisor, run };
}

function exitCount(hypervisor: Hypervisor): number {
  return hypervisor.statistics().exits.reduce((sum, { count }) => sum + count, 0);
}

function machineFor(loop: ExitLoop, engine: NonNullable<Processor440Options['engine']>): Hypervisor {
  const bus: DeviceBus = { read: () => 0, write: () => {} };
  const dcr: DcrBus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: RAM_BYTES, devices: bus, dcrs: dcr, coreHz: CORE_HZ, timebaseHz: CORE_HZ, engine });
  const load = (pa: number, lines: readonly string[]) =>
    lines.forEach((line, index) => {
      processor.memory.write32(pa + 4 * index, assemble(line));
    });
  load(LOOP_EA, loop.turn);
  load(IVPR_OFFSET, ['rfi']);
  const hypervisor = new Hypervisor(processor, { bus, dcr });
  hypervisor.vcpu.ivpr = IVPR_OFFSET & 0xffff_0000;
  hypervisor.vcpu.ivor.fill(IVPR_OFFSET & 0xffff);
  hypervisor.setGuestTlbEntry(0, Tlb.valid | Tlb.oneMegabyte, 0, Tlb.allPermissions);
  hypervisor.setGuestTlbEntry(1, (DEVICE_EA | Tlb.valid | Tlb.fourKilobytes) >>> 0, DEVICE_EA, Tlb.deviceAttributes);
  // Pages to touch lie above the code: the pointer's bits above the page number are masked away and the base put back.
  processor.setGpr(1, CODE_PAGES_END);
  processor.setGpr(5, RAM_BYTES / 2);
  processor.setGpr(7, (TOUCHED_PAGES - 1) << 12);
  processor.setGpr(8, RAM_BYTES / 2);
  processor.setGpr(31, DEVICE_EA);
  hypervisor.start(LOOP_EA);
  return hypervisor;
}

/** How many exits of a kind are handled in a second of host time. */
export interface ExitRate {
  readonly name: string;
  readonly exitsPerSecond: number;
  /** Bounds of the 95 % confidence interval of the median. */
  readonly lowPerSecond: number;
  readonly highPerSecond: number;
  readonly secondsPerCall: readonly number[];
}

/** Measures the exit path with a host time of at most `maxSeconds` a case. */
export async function measureExitRates(engine: NonNullable<Processor440Options['engine']>, maxSeconds: number): Promise<ExitRate[]> {
  const cases = exitRateCases(engine);
  const results: HostCaseResult[] = await measureHostCases(cases, maxSeconds);
  return results.map(({ name, summary, secondsPerCall }, index) => {
    const exits = (cases[index] as ExitRateCase).exitsPerCall;
    return {
      name,
      exitsPerSecond: exits / summary.medianSeconds,
      lowPerSecond: exits / summary.highSeconds,
      highPerSecond: exits / summary.lowSeconds,
      secondsPerCall,
    };
  });
}
