import { exitTypesInOrder, totalExits } from '@exitlab/results';
import { exitTypeRow } from '../exit-types.js';
import { distinct, type ReportInput } from '../report-input.js';
import type { Chart } from './chart.js';

/** The unpatched strategy, against which the others are held. */
const BASE = 'trap';
/** Strategies that remove exits from the same guest. */
const PARAVIRTUAL = /^(pv|patched)/;

/** Bars to the right are exits that patching removes, as a share of the unpatched guest's exits; to the left what it adds. */
export const exitsAvoided: Chart = {
  id: 'exits-avoided',
  title: 'Exits avoided by patching',
  measure: 'counts',
  caption:
    'Exits that the unpatched guest makes and the patched one does not, as a share of all exits of the unpatched guest. To the left of zero: exits that patching adds.',
  spec(input) {
    const values = avoided(input);
    if (values.length === 0) return undefined;
    const types = exitTypesInOrder(new Set(values.map((value) => value.type)));
    return {
      drawnMarks: values.length,
      spec: {
        data: { values: values.map((value) => ({ ...value, order: types.indexOf(value.type) })) },
        width: 440,
        height: { step: 22 },
        mark: { type: 'bar', height: 14 },
        encoding: {
          y: { field: 'row', type: 'nominal', title: null, sort: distinct(values.map((value) => value.row)) },
          x: { field: 'share', type: 'quantitative', title: 'share of the unpatched guest’s exits', axis: { format: '.0%', tickCount: 6 } },
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
    };
  },
};

function avoided(input: ReportInput): { row: string; type: string; share: number }[] {
  const several = distinct(input.workloads.map((row) => row.strategy)).filter((name) => PARAVIRTUAL.test(name)).length > 1;
  return input.workloads.flatMap((row) => {
    if (!PARAVIRTUAL.test(row.strategy)) return [];
    const base = input.workloads.find((other) => other.workload === row.workload && other.strategy === BASE);
    if (base === undefined || totalExits(base.measurement) === 0) return [];
    const total = totalExits(base.measurement);
    const types = new Set([...Object.keys(base.measurement.exits), ...Object.keys(row.measurement.exits)]);
    return [...types].flatMap((type) => {
      const before = base.measurement.exits[type]?.count ?? 0;
      const after = row.measurement.exits[type]?.count ?? 0;
      const name = several ? `${row.workload} (${row.strategy})` : row.workload;
      return before === after ? [] : [{ row: name, type, share: (before - after) / total }];
    });
  });
}
