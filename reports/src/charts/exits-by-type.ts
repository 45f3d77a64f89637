import { exitTypesInOrder, totalExits } from '@exitlab/results';
import { exitTypeRow } from '../exit-types.js';
import { distinct } from '../report-input.js';
import type { Chart } from './chart.js';
import { COUNT_LABEL } from './theme.js';

/** Small multiples, a workload each with a scale of its own: workloads differ by factors of a thousand. */
export const exitsByType: Chart = {
  id: 'exits-by-type',
  title: 'Exits by type',
  measure: 'counts',
  caption: 'How often the guest left to the hypervisor, and why. Each workload has a scale of its own; compare the bars within one.',
  spec(input) {
    const rows = input.workloads.filter((row) => totalExits(row.measurement) > 0);
    const values = rows.flatMap(({ workload, strategy, measurement }) =>
      exitTypesInOrder(Object.keys(measurement.exits)).flatMap((type, order) => {
        const exits = measurement.exits[type]!.count;
        return exits === 0 ? [] : [{ workload, strategy, type, order, exits }];
      }),
    );
    if (values.length === 0) return undefined;
    const types = exitTypesInOrder(new Set(values.map((value) => value.type)));
    const workloads = distinct(rows.map((row) => row.workload));
    return {
      drawnMarks: values.length,
      spec: {
        data: { values },
        facet: { field: 'workload', type: 'nominal', title: null, sort: workloads, header: { labelAnchor: 'start', labelOrient: 'top' } },
        columns: 2,
        spacing: { row: 22, column: 36 },
        spec: {
          width: 250,
          height: { step: 20 },
          mark: { type: 'bar', height: 14 },
          encoding: {
            y: { field: 'strategy', type: 'nominal', title: null, sort: distinct(rows.map((row) => row.strategy)) },
            x: { field: 'exits', type: 'quantitative', title: null, axis: { tickCount: 4, labelExpr: COUNT_LABEL } },
            color: {
              field: 'type',
              type: 'nominal',
              title: 'Exit type',
              sort: types,
              scale: { domain: types, range: types.map((type) => exitTypeRow(type).colour) },
            },
            order: { field: 'order', type: 'quantitative' },
          },
        },
        resolve: { scale: { x: 'independent' } },
      },
    };
  },
};
