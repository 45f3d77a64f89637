import {
  BENCH_SCHEMA,
  type BenchFailure,
  type HostMachine,
  type HostSamples,
  type MeasuredRun,
  type Measurement,
  measuredRun,
  type PathsResult,
  type Result,
} from '@exitlab/results';

/** One workload of one guest under one strategy: a whole run, or a phase that the guest stamped. */
export interface WorkloadRow {
  /** What a reader calls it: the guest's name, or `guest: phase`. */
  readonly workload: string;
  readonly strategy: string;
  readonly run: MeasuredRun;
  readonly measurement: Measurement;
  /** The phase's name; absent for the whole run. */
  readonly phase?: string;
}

/** Everything a report is made from. */
export interface ReportInput {
  readonly title: string;
  readonly runs: readonly MeasuredRun[];
  readonly workloads: readonly WorkloadRow[];
  readonly failures: readonly BenchFailure[];
  /** False where a bench was ended early. */
  readonly complete: boolean;
  /** Repetitions of each run, the smallest over the files. */
  readonly repetitions: number;
  readonly hostSamples: readonly HostSamples[];
  readonly hostMachines: readonly HostMachine[];
  /** Paths whose exits are shown one by one. */
  readonly paths: readonly PathsResult[];
  /** Tables of every workload are left out but for the comparison; charts and exit timing show whole runs and the boot. */
  readonly isBrief: boolean;
  /** The command that makes the report, if it is known. */
  readonly madeBy?: string;
}

/** What a report is made of beside its results. */
export interface ReportOptions {
  readonly paths?: readonly PathsResult[];
  readonly isBrief?: boolean;
  readonly madeBy?: string;
}

/** Results that cannot stand in one report. The message is one sentence for the user. */
export class NotComparableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotComparableError';
  }
}

/** A result with the name of its file. */
export interface NamedResult {
  readonly file: string;
  readonly result: Result;
}

/**
 * Joins results into the input of one report.
 * @throws NotComparableError where two files measure the same guest under the same strategy
 */
export function reportInput(
  results: readonly NamedResult[],
  title: string,
  { paths = [], isBrief = false, madeBy }: ReportOptions = {},
): ReportInput {
  const runs: MeasuredRun[] = [];
  const origin = new Map<string, string>();
  const identity = new Map<string, MeasuredRun>();
  for (const { file, result } of results) {
    for (const run of result.schema === BENCH_SCHEMA ? result.runs : [measuredRun(result)]) {
      const key = JSON.stringify([run.guest.name, run.strategy]);
      const other = origin.get(key);
      if (other !== undefined) {
        throw new NotComparableError(
          `${other} and ${file} both hold guest "${run.guest.name}" under "${run.strategy}": make a report of each by itself.`,
        );
      }
      const sameGuest = identity.get(run.guest.name);
      if (sameGuest !== undefined && !sameTime(sameGuest, run)) {
        throw new NotComparableError(
          `The runs of guest "${run.guest.name}" have different clocks or cost profiles, so their modelled times cannot stand in one table.`,
        );
      }
      origin.set(key, file);
      if (sameGuest === undefined || run.timeInGuest !== undefined) identity.set(run.guest.name, run);
      runs.push(run);
    }
  }
  const benches = results.flatMap(({ result }) => (result.schema === BENCH_SCHEMA ? [result] : []));
  return {
    title,
    runs,
    workloads: runs.flatMap(workloadsOf),
    failures: benches.flatMap((bench) => bench.failures),
    complete: benches.every((bench) => bench.complete),
    repetitions: results.reduce((least, { result }) => Math.min(least, result.schema === BENCH_SCHEMA ? result.repetitions : 1), Infinity),
    hostSamples: benches.flatMap((bench) => bench.host.samples),
    hostMachines: distinct(results.map(({ result }) => result.host.machine)),
    paths,
    isBrief,
    ...(madeBy !== undefined && { madeBy }),
  };
}

/** Whether the modelled times of two runs can stand side by side; without a hypervisor there is nothing that a cost profile prices. */
function sameTime(a: MeasuredRun, b: MeasuredRun): boolean {
  const priced = a.timeInGuest !== undefined && b.timeInGuest !== undefined;
  return a.coreHz === b.coreHz && (!priced || profileName(a) === profileName(b));
}

/** The cost profile as a reader sees it. */
export function profileName(run: MeasuredRun): string {
  return `${run.costProfile.name} (version ${run.costProfile.version})`;
}

/** Modelled core cycles as microseconds. */
export function cyclesToUs(cycles: number, coreHz: number): number {
  return (cycles / coreHz) * 1e6;
}

/** The values of `items` without repetition, in order of first appearance, compared by content. */
export function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** The names of the workloads in order. */
export function workloadNames(input: ReportInput): string[] {
  return distinct(input.workloads.map((row) => row.workload));
}

function workloadsOf(run: MeasuredRun): WorkloadRow[] {
  const { strategy } = run;
  const whole: WorkloadRow = { workload: run.guest.name, strategy, run, measurement: run };
  const phases = run.phases.map((phase) => ({
    workload: `${run.guest.name}: ${phase.name}`,
    strategy,
    run,
    measurement: phase,
    phase: phase.name,
  }));
  return [whole, ...phases];
}
