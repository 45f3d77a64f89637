/** A figure that is known only within bounds. Unit: core cycles, unless its row says otherwise. */
export interface Range {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/** One figure of the timing model, with where it comes from. */
export interface TimingRow extends Range {
  readonly meaning: string;
  /** A manual, a compiler's model of the core, or "assumption" with its reason. */
  readonly source: string;
}

const row = (meaning: string, [low, likely, high]: readonly [number, number, number], source: string): TimingRow => ({
  meaning,
  low,
  likely,
  high,
  source,
});

/**
 * What an instruction of each timing class of the ISA table takes in a stream of code, stalls on its result included. The core issues
 * two instructions a cycle at best (PPC440x5 UM, p. 30), so that half a cycle is the least.
 */
export const CLASS_TIMING = {
  integer: row('integer', [0.5, 0.8, 1], 'dual issue: UM p. 30; how often two pair up: assumption'),
  compare: row('compare', [0.5, 1, 2], 'GCC 440.md: result after 2 cycles; pairing: assumption'),
  multiply: row('multiply', [1, 2, 3], 'UM p. 31: one a cycle, 3 cycles of latency'),
  divide: row('divide', [33, 33, 34], 'UM p. 31 (33) and GCC 440.md (34)'),
  load: row('load', [1, 1.7, 3], 'GCC 440.md: one a cycle, used after 3 cycles; how often code waits: assumption'),
  store: row('store', [1, 1, 1], 'GCC 440.md: one load or store a cycle'),
  branch: row('branch', [0.5, 1.3, 3], 'predicted by BTAC and BHT: UM p. 30; share of wrong predictions: assumption'),
  cr: row('condition register', [0.5, 1, 3], 'GCC 440.md: mfcr 2, mtcrf 3; pairing: assumption'),
  system: row('special register', [1, 2, 4], 'GCC 440.md: mtlr 4, mflr 2; others in the complex integer pipe alone: UM p. 31'),
  cache: row('cache control', [1, 3, 10], 'assumption: no figure is published'),
  tlb: row('TLB management', [1, 3, 10], 'assumption: no figure is published'),
  interrupt: row('sc and rfi', [5, 10, 20], 'assumption: a refill of the seven-stage pipeline, and a fetch from elsewhere'),
  float: row('floating point', [1, 3, 5], 'assumption: pipelined unit of the 440EP, some results waited for'),
  floatDivide: row('floating-point divide', [19, 26, 33], 'assumption: after the integer divide'),
  mac: row('multiply-accumulate', [1, 1, 3], 'as multiply: UM p. 31'),
} as const;

export type TimingClass = keyof typeof CLASS_TIMING;

/** What an exit takes beyond the instructions of guest and hypervisor. */
export const EXIT_TIMING = {
  hypervisorCpi: row(
    'cycles an instruction of the hypervisor, its caches warm',
    [0.8, 1.3, 2],
    'assumption: straight-line C with many loads',
  ),
  shadowFlushes: row(
    'flushes of the small TLBs an exit (a number)',
    [2, 3, 4],
    'UM p. 152: by every interrupt, rfi and isync; an emulated instruction makes two isync',
  ),
  shadowRefills: row(
    'entries refilled after each flush (a number)',
    [2, 5, 12],
    'UM p. 152: 4 and 8 entries; how many are used again: assumption',
  ),
  shadowRefill: row('one refill', [3, 3, 3], 'UM p. 152'),
  coldLines: row(
    'cold instruction-cache lines an instruction of the hypervisor (a number)',
    [0.05, 0.1, 0.125],
    'iccci at every guest entry empties the cache (booke_interrupts.S); eight instructions a line, 0.125 if each line is run through once',
  ),
  guestColdLines: row('cold lines of the guest after an entry (a number)', [1, 3, 8], 'assumption: what is run until the next exit'),
  lineFill: row(
    'one line fill from memory',
    [20, 40, 80],
    'assumption: DDR at a third to a quarter of the core clock; no figure is published',
  ),
} as const;

export type TimingValues = Readonly<Record<TimingClass | keyof typeof EXIT_TIMING, number>>;
export type TimingName = keyof TimingValues;

export const TIMING_ROWS: Readonly<Record<TimingName, TimingRow>> = { ...CLASS_TIMING, ...EXIT_TIMING };

/** The table's values at one end of the ranges. */
function valuesAt(end: keyof Range): TimingValues {
  return Object.fromEntries(Object.entries(TIMING_ROWS).map(([name, range]) => [name, range[end]])) as unknown as TimingValues;
}

export const LIKELY_TIMING: TimingValues = valuesAt('likely');

/** The oracle's convention, and that of all modelled time elsewhere: every instruction takes one cycle, and nothing else takes any. */
export const ONE_CYCLE_TIMING: TimingValues = {
  ...(Object.fromEntries(Object.keys(CLASS_TIMING).map((name) => [name, 1])) as Record<TimingClass, number>),
  hypervisorCpi: 1,
  shadowFlushes: 0,
  shadowRefills: 0,
  shadowRefill: 0,
  coldLines: 0,
  guestColdLines: 0,
  lineFill: 0,
};
