import { isDeepStrictEqual } from 'node:util';
import {
  BENCH_SCHEMA,
  type BenchFailure,
  type BenchResult,
  END_REASONS,
  type HostMachine,
  type HostSamples,
  type MeasuredRun,
  measuredRun,
  type RunResult,
} from '@exitlab/results';
import { type BenchCell, type BenchDefinition, benchCells, cellSpec } from './bench-definition.js';
import type { GuestRunSpec } from './guest-run.js';
import { summarizeHostTime } from './host-statistics.js';
import type { MeasuringEnvironment } from './measuring-environment.js';

/** What a bench tells while it runs; whoever shows it decides how. */
export type BenchEvent =
  | { readonly kind: 'run-started'; readonly guest: string; readonly strategy: string; readonly index: number; readonly total: number }
  | { readonly kind: 'run-ended'; readonly guest: string; readonly strategy: string; readonly index: number; readonly total: number }
  | { readonly kind: 'cell-failed'; readonly failure: BenchFailure };

/** What a bench needs from outside: the machines, the files, the clock. */
export interface BenchEnvironment extends MeasuringEnvironment {
  readonly machine: HostMachine;
  readonly onEvent: (event: BenchEvent) => void;
}

/** The measurements of a cell while the bench goes on. */
interface CellState {
  readonly cell: BenchCell;
  readonly spec: GuestRunSpec;
  first?: MeasuredRun;
  readonly wallSeconds: number[];
  failure?: string;
}

/**
 * Runs a bench. Repetitions are interleaved: the whole bench is gone through once, then again, so that a slow spell of the host
 * touches all cells alike. Counts and modelled time must be identical in all repetitions; a cell where they are not, or where
 * the guest fails, is a failure and not a result. When the signal aborts, what is complete is returned with `complete` false.
 * A missing file is thrown (InputFileError) before anything runs.
 */
export async function runBench(definition: BenchDefinition, environment: BenchEnvironment): Promise<BenchResult> {
  const began = environment.secondsNow();
  const date = environment.dateNow().toISOString();
  const states: CellState[] = [];
  for (const cell of benchCells(definition)) {
    states.push({ cell, spec: await cellSpec(cell, definition), wallSeconds: [] });
  }
  const total = states.length * definition.repetitions;
  let rounds = 0;
  const withinBudget = (): boolean => {
    const elapsed = environment.secondsNow() - began;
    return rounds === 0 || elapsed + elapsed / rounds <= (definition.budgetSeconds ?? Infinity);
  };
  for (; rounds < definition.repetitions && withinBudget() && !environment.signal.aborted; rounds++) {
    for (const [i, state] of states.entries()) {
      if (environment.signal.aborted) break;
      if (state.failure === undefined) await runOnce(state, rounds * states.length + i, total, environment);
    }
  }
  return {
    schema: BENCH_SCHEMA,
    toolVersion: environment.toolVersion,
    name: definition.name,
    repetitions: rounds,
    complete: !environment.signal.aborted,
    runs: states.flatMap((state) => (state.failure === undefined ? (state.first ?? []) : [])),
    failures: states.flatMap((state) => (state.failure === undefined ? [] : [failureOf(state, state.failure)])),
    host: {
      date,
      machine: environment.machine,
      wallSeconds: environment.secondsNow() - began,
      samples: states.flatMap(samplesOf),
    },
  };
}

async function runOnce(state: CellState, index: number, total: number, environment: BenchEnvironment): Promise<void> {
  const { cell } = state;
  // A cell's row is named as the bench names it.
  const rowOf = (result: RunResult): RunResult => ({ ...result, strategy: cell.strategy });
  const place = { guest: cell.guest.name, strategy: cell.strategy, index, total };
  environment.onEvent({ kind: 'run-started', ...place });
  const output: Uint8Array[] = [];
  const result = rowOf(
    await environment.runGuest(state.spec, { console: (bytes) => output.push(bytes.slice()), signal: environment.signal }),
  );
  // A run that the user ended is no measurement; one that was through when the user ended the bench is.
  if (result.end.reason === 'interrupted') return;
  const failure = cellFault(state, result, Buffer.concat(output).toString('latin1'));
  if (failure === undefined) {
    state.first ??= measuredRun(result);
    state.wallSeconds.push(result.host.wallSeconds);
  } else {
    state.failure = failure;
    environment.onEvent({ kind: 'cell-failed', failure: failureOf(state, failure) });
  }
  environment.onEvent({ kind: 'run-ended', ...place });
}

/** Why `result` cannot stand as a repetition of its cell, in one sentence; undefined if it can. */
function cellFault(state: CellState, result: RunResult, output: string): string | undefined {
  const { reason, detail } = result.end;
  const { verdict } = state.cell.guest;
  if (END_REASONS[reason].guestFailed) return `It failed, because ${END_REASONS[reason].meaning}: ${detail}`;
  if (reason === 'time-limit') return `It did not end in the time it was given: ${detail}`;
  if (verdict !== undefined && !output.includes(verdict)) {
    return `It ended without "${verdict}" on its console, because ${END_REASONS[reason].meaning}: ${detail}`;
  }
  if (state.first !== undefined && !isDeepStrictEqual(state.first, measuredRun(result))) {
    return `Two repetitions differ in ${differences(state.first, measuredRun(result)).join(', ')}, which must be exact: this is a fault of exitlab.`;
  }
  return undefined;
}

/** The top-level fields in which two runs differ. */
function differences(a: MeasuredRun, b: MeasuredRun): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof MeasuredRun>;
  return [...keys].filter((key) => !isDeepStrictEqual(a[key], b[key]));
}

function failureOf(state: CellState, reason: string): BenchFailure {
  return { guest: state.cell.guest.name, strategy: state.cell.strategy, reason };
}

function samplesOf(state: CellState): HostSamples[] {
  if (state.failure !== undefined || state.wallSeconds.length === 0) return [];
  const { guest, strategy } = state.cell;
  return [{ guest: guest.name, strategy, wallSeconds: state.wallSeconds, summary: summarizeHostTime(state.wallSeconds) }];
}
