import { distinct } from '../report-input.js';
import type { Chart } from './chart.js';
import { strategyColours } from './theme.js';

/** Dots, not bars: the scale is logarithmic, on which a bar has no foot. */
export const hostTime: Chart = {
  id: 'host-time',
  title: 'Host time of a run',
  measure: 'host time',
  caption:
    'How long this program took for each run, on a logarithmic scale: the dot is the median, the line its 95 % confidence interval. It says nothing about the guest.',
  spec(input) {
    const values = input.hostSamples.flatMap(({ guest, strategy, summary }) =>
      summary.lowSeconds > 0
        ? [{ guest, strategy, median: summary.medianSeconds, low: summary.lowSeconds, high: summary.highSeconds }]
        : [],
    );
    if (values.length === 0) return undefined;
    const strategies = distinct(values.map((value) => value.strategy));
    const x = {
      type: 'quantitative',
      title: 'host time in seconds (logarithmic)',
      scale: { type: 'log', nice: true },
      axis: { format: '~s', tickCount: 6 },
    } as const;
    const y = { field: 'guest', type: 'nominal', title: null, sort: distinct(values.map((value) => value.guest)) } as const;
    const offset = { field: 'strategy', type: 'nominal', sort: strategies } as const;
    const color = {
      field: 'strategy',
      type: 'nominal',
      title: 'Strategy',
      sort: strategies,
      scale: { domain: strategies, range: strategyColours(strategies) },
      legend: { symbolType: 'circle' },
    } as const;
    return {
      drawnMarks: values.length,
      spec: {
        data: { values },
        width: 440,
        height: { step: 11 },
        layer: [
          {
            mark: { type: 'rule', strokeWidth: 2 },
            encoding: { x: { field: 'low', ...x }, x2: { field: 'high' }, y, yOffset: offset, color },
          },
          { mark: { type: 'circle', size: 60, opacity: 1 }, encoding: { x: { field: 'median', ...x }, y, yOffset: offset, color } },
        ],
      },
    };
  },
};
