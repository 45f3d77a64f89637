import type { MeasuredRun } from '@exitlab/results';
import { LIKELY_TIMING, TIMING_ROWS, type TimingClass, type TimingName, type TimingValues } from './timing-440.js';

/** What the timing model needs to know of a run. Counts only. */
export interface TimedWork {
  /** Instructions begun by the guest, by timing class. */
  readonly guest: Readonly<Partial<Record<TimingClass, number>>>;
  readonly exits: number;
  /** Instructions of the hypervisor in the host's kernel and user space. */
  readonly hypervisorInstructions: number;
}

/** A run that was made without counting its instructions. The message is one sentence for the user. */
export class TimingInputError extends Error {
  override readonly name = 'TimingInputError';
}

/**
 * The work of a run.
 * @throws TimingInputError where it was made without `--instruction-mix`
 */
export function timedWork(run: MeasuredRun): TimedWork {
  const guest = run.byInstruction.executedClass;
  if (guest === undefined) {
    throw new TimingInputError(
      `The run of ${run.guest.name} under ${run.strategy} has no instruction mix: make it with --instruction-mix.`,
    );
  }
  const exits = Object.values(run.exits).reduce((sum, { count }) => sum + count, 0);
  return { guest, exits, hypervisorInstructions: run.modelledTime.hypervisorCycles };
}

/** Core cycles that the work takes on a 440 with the given timing, idle time apart. */
export function coreCycles({ guest, exits, hypervisorInstructions }: TimedWork, timing: TimingValues): number {
  let cycles = 0;
  for (const [name, count] of Object.entries(guest)) cycles += count * timing[name as TimingClass];
  const refills = timing.shadowFlushes * timing.shadowRefills * timing.shadowRefill;
  const perExit = refills + timing.guestColdLines * timing.lineFill;
  const perInstruction = timing.hypervisorCpi + timing.coldLines * timing.lineFill;
  return cycles + exits * perExit + hypervisorInstructions * perInstruction;
}

/** Seconds at a core clock. */
export function coreSeconds(work: TimedWork, timing: TimingValues, coreHz: number): number {
  return coreCycles(work, timing) / coreHz;
}

/** How far a ratio of two runs' times moves when one figure goes from its low to its high end, the others at their likely values. */
export interface SensitivityRow {
  readonly name: TimingName;
  readonly low: number;
  readonly high: number;
}

/** The sensitivity of `of` / `to` to every figure, the strongest first. */
export function sensitivity(of: TimedWork, to: TimedWork): SensitivityRow[] {
  const ratio = (timing: TimingValues) => coreCycles(of, timing) / coreCycles(to, timing);
  const rows = (Object.keys(TIMING_ROWS) as TimingName[]).map((name) => ({
    name,
    low: ratio({ ...LIKELY_TIMING, [name]: TIMING_ROWS[name].low }),
    high: ratio({ ...LIKELY_TIMING, [name]: TIMING_ROWS[name].high }),
  }));
  return rows.sort((a, b) => Math.abs(b.high - b.low) - Math.abs(a.high - a.low));
}
