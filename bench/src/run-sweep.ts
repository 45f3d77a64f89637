import { type MeasuredRun, type Measurement, SWEEP_SCHEMA, type SweepAxis, type SweepPoint, type SweepResult } from '@exitlab/results';
import type { GuestRunSpec } from './guest-run.js';
import { hostMachine } from './host-machine.js';
import type { MeasuringEnvironment } from './measuring-environment.js';
import { BOOT_PHASE } from './phase-recorder.js';

/** The axis that names generations of KVM; every other axis is a policy. */
export const COST_PROFILE_AXIS = 'costProfile';

/** A grid of policies for one guest. */
export interface SweepDefinition {
  /** The run at every point, but for what the axes say. */
  readonly run: GuestRunSpec;
  readonly axes: readonly SweepAxis[];
}

/** What a sweep needs from outside. */
export interface SweepEnvironment extends MeasuringEnvironment {
  /** Told before each run. */
  readonly onPoint: (values: Readonly<Record<string, string>>, index: number, total: number) => void;
}

/** Every combination of the axes' values, the last axis varying fastest. */
export function gridPoints(axes: readonly SweepAxis[]): Record<string, string>[] {
  return axes.reduce<Record<string, string>[]>(
    (points, { name, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/**
 * Runs a guest once at every point of a grid. Counts and modelled time are exact, so that once is enough. A guest that fails at a point
 * is a result, since a policy may be to blame. When the signal aborts, the points measured until then are returned.
 * @throws PolicyError for an axis or a value that is no policy's
 */
export async function runSweep({ run, axes }: SweepDefinition, environment: SweepEnvironment): Promise<SweepResult> {
  const began = environment.secondsNow();
  const date = environment.dateNow().toISOString();
  const grid = gridPoints(axes);
  const points: SweepPoint[] = [];
  let first: MeasuredRun | undefined;
  for (const [index, values] of grid.entries()) {
    if (environment.signal.aborted) break;
    environment.onPoint(values, index, grid.length);
    const { [COST_PROFILE_AXIS]: costProfile, ...policy } = values;
    const spec = { ...run, ...(costProfile !== undefined && { costProfile }), policy: { ...run.policy, ...policy } };
    const result = await environment.runGuest(spec, { console: () => {}, signal: environment.signal });
    if (result.end.reason === 'interrupted') break;
    first ??= result;
    points.push(sweepPoint(values, result));
  }
  if (first === undefined) throw new SweepError('The sweep was ended before its first point was measured: there is nothing to report.');
  return {
    schema: SWEEP_SCHEMA,
    toolVersion: environment.toolVersion,
    guest: first.guest,
    strategy: first.strategy,
    coreHz: first.coreHz,
    axes: axes.map(({ name, values }) => ({ name, values: [...values] })),
    complete: points.length === grid.length,
    points,
    host: { date, machine: hostMachine(), wallSeconds: environment.secondsNow() - began },
  };
}

/** A sweep that gave nothing. The message is one sentence for the user. */
export class SweepError extends Error {
  override readonly name = 'SweepError';
}

function sweepPoint(values: Record<string, string>, run: MeasuredRun): SweepPoint {
  const boot = run.phases.find(({ name }) => name === BOOT_PHASE);
  const { policy, costProfile, end } = run;
  return { values, policy, costProfile, end, ...totals(run), ...(boot !== undefined && { boot: totals(boot) }) };
}

function totals({ exits, modelledTime, counts }: Measurement) {
  return {
    exits: Object.fromEntries(Object.entries(exits).map(([type, { count }]) => [type, count])),
    modelledTime,
    guestInstructions: counts.guestInstructions,
  };
}
