import type { TopLevelSpec } from 'vega-lite';
import type { ReportInput } from '../report-input.js';

/** Which of the three measures a chart or table shows; they are never mixed in one. */
export type Measure = 'counts' | 'modelled time' | 'host time';

/** The label of a measure beside every chart and table. */
export const MEASURE_LABELS: Readonly<Record<Measure, string>> = {
  counts: 'Counts: exact, the same in every run',
  'modelled time': 'Modelled time: deterministic, from the cost profile',
  'host time': 'Host time: noisy, judges this program and not the guest',
};

/** One kind of chart: a row of the registry. */
export interface Chart {
  /** Name of its file, without extension. */
  readonly id: string;
  readonly title: string;
  readonly measure: Measure;
  /** What the reader should see in it, a sentence or two. */
  readonly caption: string;
  /** The drawing of `input`, or undefined where there is nothing to draw. `drawnMarks` is how many marks have a size that is not 0. */
  spec(input: ReportInput): { readonly spec: TopLevelSpec; readonly drawnMarks: number } | undefined;
}
