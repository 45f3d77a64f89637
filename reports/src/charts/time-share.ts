import { exitTypesInOrder } from '@exitlab/results';
import { exitTypeRow, TIME_COLOURS } from '../exit-types.js';
import { distinct } from '../report-input.js';
import type { Chart } from './chart.js';

const GUEST = 'in guest';
const IDLE = 'idle';

/** Shares below this are drawn together: a bar thinner than a pixel tells nothing. */
const SMALLEST_SHARE = 0.004;
const SMALL = 'smaller shares';

/** A bar of 100 % for each workload and strategy with a hypervisor. */
export const timeShare: Chart = {
  id: 'time-share',
  title: 'Where modelled time goes',
  measure: 'modelled time',
  caption: 'Share of modelled time spent in the guest (grey) and in the hypervisor, by the exit that led there.',
  spec(input) {
    const rows = input.workloads.filter((row) => row.measurement.modelledTime.hypervisorCycles > 0);
    if (rows.length === 0) return undefined;
    const values = rows.flatMap(({ workload, strategy, measurement: { exits, modelledTime } }) => {
      const parts = [
        { part: GUEST, share: modelledTime.guestCycles / modelledTime.cycles },
        { part: IDLE, share: modelledTime.idleCycles / modelledTime.cycles },
        ...Object.entries(exits).map(([part, exit]) => ({
          part,
          share: (exit.sumCycles - (part === 'EMUL_WAIT' ? modelledTime.idleCycles : 0)) / modelledTime.cycles,
        })),
      ];
      const large = parts.filter(({ share }) => share >= SMALLEST_SHARE);
      const rest = 1 - large.reduce((sum, { share }) => sum + share, 0);
      const small = rest > 1e-9 ? [{ part: SMALL, share: rest }] : [];
      return [...large, ...small].map((part) => ({ workload, strategy, ...part }));
    });
    const present = distinct(values.map((value) => value.part));
    const special: Record<string, string> = { [GUEST]: TIME_COLOURS.guest, [IDLE]: TIME_COLOURS.idle, [SMALL]: '#5d6670' };
    const types = exitTypesInOrder(present.filter((part) => !(part in special)));
    const parts = [GUEST, ...types, SMALL, IDLE].filter((part) => present.includes(part));
    return {
      drawnMarks: values.length,
      spec: {
        data: { values: values.map((value) => ({ ...value, order: parts.indexOf(value.part) })) },
        facet: {
          field: 'workload',
          type: 'nominal',
          title: null,
          sort: distinct(rows.map((row) => row.workload)),
          header: { labelAnchor: 'start', labelOrient: 'top' },
        },
        columns: 2,
        spacing: { row: 18, column: 36 },
        spec: {
          width: 250,
          height: { step: 20 },
          mark: { type: 'bar', height: 14 },
          encoding: {
            y: { field: 'strategy', type: 'nominal', title: null, sort: distinct(rows.map((row) => row.strategy)) },
            x: { field: 'share', type: 'quantitative', title: null, scale: { domain: [0, 1] }, axis: { format: '.0%', tickCount: 4 } },
            color: {
              field: 'part',
              type: 'nominal',
              title: 'Time',
              sort: parts,
              scale: { domain: parts, range: parts.map((part) => special[part] ?? exitTypeRow(part).colour) },
            },
            order: { field: 'order', type: 'quantitative' },
          },
        },
      },
    };
  },
};
