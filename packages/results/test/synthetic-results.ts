/** Results made up for tests, in the shape of real ones. Deterministic: the same call gives the same result. */
import {
  addExit,
  BENCH_SCHEMA,
  type BenchResult,
  type ExitStatistics,
  type MeasuredRun,
  type Measurement,
  measuredRun,
  noExits,
  RUN_SCHEMA,
  type RunHost,
  type RunResult,
} from '../src/index.js';

/** How often a made-up workload makes each exit under `trap`, and what share of them `patched` keeps. */
const EXITS: Record<string, { count: number; cycles: number; kept: number }> = {
  MMIO: { count: 40, cycles: 2300, kept: 1 },
  ITLBVIRT: { count: 210, cycles: 1100, kept: 1.02 },
  DTLBREAL: { count: 300, cycles: 700, kept: 1 },
  DTLBVIRT: { count: 900, cycles: 1150, kept: 1.01 },
  SYSCALL: { count: 500, cycles: 277, kept: 1 },
  EMUL_WAIT: { count: 3, cycles: 90_000, kept: 1 },
  EMUL_WRTEE: { count: 700, cycles: 280, kept: 1 },
  EMUL_MTSPR: { count: 2100, cycles: 300, kept: 0.4 },
  EMUL_MFSPR: { count: 2600, cycles: 310, kept: 0.2 },
  EMUL_MFMSR: { count: 350, cycles: 290, kept: 0 },
  EMUL_TLBWE: { count: 900, cycles: 1400, kept: 1 },
  EMUL_RFI: { count: 810, cycles: 300, kept: 1 },
  DEC: { count: 25, cycles: 1520, kept: 1 },
};

function statistics(count: number, cycles: number, ours?: string): ExitStatistics {
  let result = noExits(ours);
  // A spread of ±10 % around the typical cost, without chance.
  for (let i = 0; i < count; i++) result = addExit(result, Math.round(cycles * (0.9 + ((i * 37) % 21) / 100)));
  const entry = Math.min(result.sumCycles, 200 * count);
  return { ...result, parts: { stub: entry, handler: result.sumCycles - entry } };
}

/** A made-up measurement; `weight` scales the number of exits, `kept` whether patching has removed some. */
export function syntheticMeasurement(strategy: string, weight: number): Measurement {
  const guestCycles = 4_000_000;
  if (strategy === 'native') {
    return {
      exits: {},
      counts: { guestInstructions: guestCycles, interrupts: 41 },
      modelledTime: { cycles: guestCycles + 1000, guestCycles, hypervisorCycles: 0, idleCycles: 1000 },
    };
  }
  const exits = Object.fromEntries(
    Object.entries(EXITS).flatMap(([type, row]) => {
      const count = Math.round(row.count * weight * (strategy === 'patched' ? row.kept : 1));
      return count === 0 ? [] : [[type, statistics(count, row.cycles)]];
    }),
  );
  exits.EMUL_MCSR = statistics(1, 250, 'Linux 3.4 refuses mtspr MCSR to user space, and Linux 6.12 writes it at boot');
  const entries = Object.values(exits).reduce((sum, exit) => sum + exit.count, 0);
  const exitCycles = Object.values(exits).reduce((sum, exit) => sum + exit.sumCycles, 0);
  const idleCycles = exits.EMUL_WAIT?.sumCycles ?? 0;
  const mean = guestCycles / entries;
  return {
    exits,
    timeInGuest: {
      count: entries,
      minCycles: 3,
      maxCycles: Math.ceil(mean * 8),
      sumCycles: guestCycles,
      sumSquaredCycles: entries * mean * mean * 2,
    },
    counts: { guestInstructions: guestCycles, shadowTlbMaps: Math.round(1300 * weight) },
    modelledTime: { cycles: guestCycles + exitCycles, guestCycles, hypervisorCycles: exitCycles - idleCycles, idleCycles },
  };
}

export const SYNTHETIC_HOST: RunHost = {
  date: '2020-01-01T00:00:00.000Z',
  machine: { os: 'linux', architecture: 'x64', cpuModel: 'Test CPU', cpuCount: 2, memoryBytes: 2 ** 32, nodeVersion: 'v20.19.0' },
  wallSeconds: 0.25,
};

export interface SyntheticOptions {
  readonly guest?: string;
  readonly strategy?: string;
  readonly weight?: number;
  readonly family?: string;
  readonly variant?: string;
  readonly phases?: readonly string[];
  readonly wallSeconds?: number;
}

/** A whole made-up run. */
export function syntheticRun(options: SyntheticOptions = {}): RunResult {
  const { guest = 'syscall', strategy = 'trap', weight = 1, phases = [], family, variant, wallSeconds = 0.25 } = options;
  const measurement = syntheticMeasurement(strategy, weight);
  return {
    schema: RUN_SCHEMA,
    toolVersion: '0.1.0',
    guest: {
      name: guest,
      file: `${guest}.elf`,
      sha256: 'ab'.repeat(32),
      memoryBytes: 16 * 2 ** 20,
      ...(family === undefined ? {} : { family }),
      ...(variant === undefined ? {} : { variant }),
    },
    strategy,
    board: 'bamboo',
    cpu: '440EP',
    policy: { shadowTlbSlots: 63, replacement: 'fifo' },
    costProfile: { name: 'flat', version: '1' },
    engine: 'interpreter',
    end: { reason: 'reset', detail: 'The guest reset the machine.' },
    ...measurement,
    coreHz: 400_000_000,
    byInstruction:
      strategy === 'native'
        ? {}
        : { mnemonic: { mfspr: 2600, mtspr: 2100, tlbwe: 900 }, spr: { SRR0: 1200, SPRG3: 1100, PID: 700, MMUCR: 300 } },
    phases: phases.map((name, i) => ({ name, ...syntheticMeasurement(strategy, (weight * (i + 1)) / (phases.length + 1)) })),
    warnings: [],
    host: { ...SYNTHETIC_HOST, wallSeconds },
  };
}

/** A whole made-up bench over bare-metal guests and two builds of Linux. */
export function syntheticBench(): BenchResult {
  const strategies = ['native', 'trap', 'patched'];
  const guests: (SyntheticOptions & { guest: string })[] = [
    { guest: 'crc', weight: 0.004 },
    { guest: 'sort', weight: 0.01 },
    { guest: 'kernel', weight: 1, phases: ['syscall', 'fault', 'switch', 'tick'] },
    { guest: 'mmio', weight: 0.3 },
    { guest: 'linux-kuap', weight: 4, family: 'linux-6.12', variant: 'KUAP', phases: ['boot', 'syscalls', 'fork'] },
    { guest: 'linux-no-kuap', weight: 2.5, family: 'linux-6.12', variant: 'no KUAP', phases: ['boot', 'syscalls', 'fork'] },
  ];
  const runs: MeasuredRun[] = guests.flatMap((guest) => strategies.map((strategy) => measuredRun(syntheticRun({ ...guest, strategy }))));
  return {
    schema: BENCH_SCHEMA,
    toolVersion: '0.1.0',
    name: 'synthetic',
    repetitions: 3,
    complete: true,
    runs,
    failures: [],
    host: {
      date: SYNTHETIC_HOST.date,
      machine: SYNTHETIC_HOST.machine,
      wallSeconds: 12,
      samples: runs.map((run, i) => {
        const median = 0.05 * (1 + i) ** 1.3;
        return {
          guest: run.guest.name,
          strategy: run.strategy,
          wallSeconds: [median * 0.96, median, median * 1.07],
          summary: { medianSeconds: median, madSeconds: median * 0.04, lowSeconds: median * 0.96, highSeconds: median * 1.07 },
        };
      }),
    },
  };
}
