import type { SweepPoint, SweepResult } from '@exitlab/results';
import { virtualMisses } from '@exitlab/results';
import type { TopLevelSpec } from 'vega-lite';
import type { Measure } from '../charts/chart.js';
import { COUNT_LABEL } from '../charts/theme.js';

/** One figure of a sweep's points. */
export interface SweepQuantity {
  readonly id: string;
  readonly title: string;
  readonly measure: Measure;
  readonly axisTitle: string;
  readonly caption: string;
  /** The value at a point; undefined where the point does not have it. */
  of(point: SweepPoint, coreHz: number): number | undefined;
}

const ms = (cycles: number, coreHz: number) => (cycles / coreHz) * 1e3;

/** What a sweep's report draws and lists, a row each. */
export const SWEEP_QUANTITIES: readonly SweepQuantity[] = [
  {
    id: 'misses',
    title: 'Virtual TLB misses',
    measure: 'counts',
    axisTitle: 'Virtual TLB misses',
    caption: 'Misses of the shadow TLB alone, for instructions and data: the guest had the page mapped.',
    of: (point) => virtualMisses(point),
  },
  {
    id: 'boot-time',
    title: 'Boot time',
    measure: 'modelled time',
    axisTitle: 'Boot time, ms (modelled)',
    caption: 'From the machine’s start to the first workload of the guest’s init, at one cycle an instruction.',
    of: ({ boot }, coreHz) => (boot === undefined ? undefined : ms(boot.modelledTime.cycles, coreHz)),
  },
  {
    id: 'total-time',
    title: 'Time of the whole run',
    measure: 'modelled time',
    axisTitle: 'Whole run, ms (modelled, without idle time)',
    caption: 'Boot and workloads, at one cycle an instruction; the time in which the guest only waits is left out.',
    of: ({ modelledTime }, coreHz) => ms(modelledTime.cycles - modelledTime.idleCycles, coreHz),
  },
];

const COLOURS = ['#e2711d', '#2f74d0', '#12807a', '#6a56c2', '#b3303c', '#8a94a0', '#e8bf3a', '#8d6e63', '#3f9142', '#a03fb0'];

/** Points that came to the guest's own end. */
export function completedPoints({ points }: SweepResult): readonly SweepPoint[] {
  return points.filter(({ end }) => end.reason === 'reset' || end.reason === 'expected-text');
}

/** The axes that have more than one value: the others say nothing. */
export function variedAxes({ axes }: SweepResult): readonly string[] {
  return axes.filter(({ values }) => values.length > 1).map(({ name }) => name);
}

/** A quantity against the first axis, a line for each combination of the others; undefined where there is nothing to draw. */
export function sweepChart(
  result: SweepResult,
  quantity: SweepQuantity,
): { readonly spec: TopLevelSpec; readonly drawnMarks: number } | undefined {
  const [along, ...others] = variedAxes(result);
  if (along === undefined) return undefined;
  const values = completedPoints(result).flatMap((point) => {
    const value = quantity.of(point, result.coreHz);
    if (value === undefined) return [];
    const policy = others.map((name) => point.values[name]).join(', ');
    return [{ along: point.values[along]!, policy, value }];
  });
  if (values.length === 0) return undefined;
  const places = result.axes.find(({ name }) => name === along)!.values;
  const policies = [...new Set(values.map(({ policy }) => policy))];
  const isLine = policies.length <= COLOURS.length && places.length > 2;
  return {
    drawnMarks: values.length,
    spec: {
      data: { values },
      width: 440,
      height: 260,
      // A line that is "filled" is drawn as an area.
      mark: isLine ? { type: 'line', point: { filled: true, size: 45 } } : { type: 'point', filled: true },
      encoding: {
        x: { field: 'along', type: 'ordinal', sort: [...places], title: along, axis: { labelAngle: 0, grid: false } },
        y: {
          field: 'value',
          type: 'quantitative',
          title: quantity.axisTitle,
          scale: { zero: true },
          axis: { labelExpr: COUNT_LABEL, grid: true },
        },
        ...(others.length > 0 && {
          color: {
            field: 'policy',
            type: 'nominal',
            title: others.join(', '),
            sort: policies,
            scale: { domain: policies, range: policies.map((_, index) => COLOURS[index % COLOURS.length]!) },
          },
        }),
      },
    } as TopLevelSpec,
  };
}
