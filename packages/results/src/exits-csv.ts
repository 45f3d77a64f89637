import { stringify } from 'csv-stringify/sync';
import { meanCycles, standardDeviationCycles } from './exit-statistics.js';
import { exitTypesInOrder } from './kvm-timing.js';
import type { Measurement } from './measurement.js';
import type { MeasuredRun } from './run-result.js';

/** The columns of the CSV of exits: counts exact, durations modelled, in cycles of `core_hz`. `phase` is empty for the whole run. */
const COLUMNS = [
  'guest',
  'strategy',
  'phase',
  'type',
  'count',
  'min_cycles',
  'max_cycles',
  'sum_cycles',
  'mean_cycles',
  'stddev_cycles',
  'core_hz',
  'cost_profile',
  'ours',
] as const;

/**
 * The exits of `runs` as CSV with a header: a row for each run, phase and exit type, TIMEINGUEST the last of each.
 * Numbers are passed as numbers: the escaping of formulas would put a quote before the text "-1".
 */
export function exitsCsv(runs: readonly MeasuredRun[]): string {
  const rows = runs.flatMap((run) => [...exitRows(run, '', run), ...run.phases.flatMap((phase) => exitRows(run, phase.name, phase))]);
  return stringify(rows, { header: true, columns: [...COLUMNS], escape_formulas: true });
}

function exitRows(run: MeasuredRun, phase: string, measurement: Measurement): (string | number)[][] {
  const timed = measurement.timeInGuest === undefined ? [] : ([['TIMEINGUEST', measurement.timeInGuest]] as const);
  const exits = exitTypesInOrder(Object.keys(measurement.exits)).map((type) => [type, measurement.exits[type]!] as const);
  return [...exits, ...timed].map(([type, exit]) => [
    run.guest.name,
    run.strategy,
    phase,
    type,
    exit.count,
    exit.minCycles,
    exit.maxCycles,
    exit.sumCycles,
    meanCycles(exit),
    standardDeviationCycles(exit),
    run.coreHz,
    `${run.costProfile.name}@${run.costProfile.version}`,
    exit.ours ?? '',
  ]);
}
