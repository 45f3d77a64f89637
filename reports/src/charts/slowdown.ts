import { cyclesToUs, distinct } from '../report-input.js';
import type { Chart } from './chart.js';
import { strategyColours } from './theme.js';

/** Modelled time against `native`: dots on a logarithmic scale, since compute pays a percent and a device a factor of hundreds. */
export const slowdown: Chart = {
  id: 'slowdown',
  title: 'Modelled time against native',
  measure: 'modelled time',
  caption:
    'How many times as long as on bare hardware each workload takes under a hypervisor, on a logarithmic scale. 1 would be free virtualization; the line between two dots is what one strategy saves over the other, and a single dot means that they agree.',
  spec(input) {
    const values = input.workloads.flatMap((row) => {
      const native = input.workloads.find((other) => other.workload === row.workload && other.strategy === 'native');
      if (native === undefined || row.strategy === 'native' || native.measurement.modelledTime.cycles === 0) return [];
      const us = cyclesToUs(row.measurement.modelledTime.cycles, row.run.coreHz);
      const nativeUs = cyclesToUs(native.measurement.modelledTime.cycles, native.run.coreHz);
      return [{ workload: row.workload, strategy: row.strategy, ratio: us / nativeUs }];
    });
    if (values.length === 0) return undefined;
    const strategies = distinct(values.map((value) => value.strategy));
    const workloads = distinct(values.map((value) => value.workload));
    const spans = workloads.map((workload) => {
      const ratios = values.filter((value) => value.workload === workload).map((value) => value.ratio);
      return { workload, least: Math.min(...ratios), most: Math.max(...ratios) };
    });
    const y = { field: 'workload', type: 'nominal', title: null, sort: workloads } as const;
    const x = {
      type: 'quantitative',
      title: 'times the modelled time of native (logarithmic)',
      scale: { type: 'log', nice: true },
      axis: { tickCount: 6, format: ',~r' },
    } as const;
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
        width: 440,
        height: { step: 20 },
        layer: [
          {
            data: { values: spans },
            mark: { type: 'rule', strokeWidth: 2, color: '#8a94a0' },
            encoding: { y, x: { field: 'least', ...x }, x2: { field: 'most' } },
          },
          { data: { values }, mark: { type: 'circle', size: 70, opacity: 1 }, encoding: { y, x: { field: 'ratio', ...x }, color } },
        ],
      },
    };
  },
};
