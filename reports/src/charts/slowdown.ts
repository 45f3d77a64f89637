import { cyclesToUs, distinct } from '../report-input.js';
import type { Chart } from './chart.js';
import { strategyColours } from './theme.js';

/** Modelled time against `native`: the price of virtualization at a glance. */
export const slowdown: Chart = {
  id: 'slowdown',
  title: 'Modelled time against native',
  measure: 'modelled time',
  caption: 'How many times as long as on bare hardware each workload takes under a hypervisor. 1 would be free virtualization.',
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
    return {
      drawnMarks: values.length,
      spec: {
        data: { values },
        width: 440,
        height: { step: 13 },
        mark: { type: 'bar' },
        encoding: {
          y: {
            field: 'workload',
            type: 'nominal',
            title: null,
            sort: distinct(values.map((value) => value.workload)),
            scale: { paddingInner: 0.35 },
          },
          yOffset: { field: 'strategy', type: 'nominal', sort: strategies },
          x: { field: 'ratio', type: 'quantitative', title: 'times the modelled time of native', axis: { tickCount: 6 } },
          color: {
            field: 'strategy',
            type: 'nominal',
            title: 'Strategy',
            sort: strategies,
            scale: { domain: strategies, range: strategyColours(strategies) },
          },
        },
      },
    };
  },
};
