import { exitTypesInOrder } from '@exitlab/results';
import { distinct } from '../report-input.js';
import type { Chart } from './chart.js';

/** The parts of a cost profile in families that a reader can tell apart: which part names belong to each, and its colour. */
const FAMILIES = [
  { family: 'entry and exit code', colour: '#8a94a0', parts: /^(stub|save and restore|dispatch)$/ },
  { family: 'instruction or handler', colour: '#e2711d', parts: /^(instruction|handler)$/ },
  { family: 'guest TLB search', colour: '#12807a', parts: /^guest TLB/ },
  { family: 'shadow TLB: map', colour: '#2f74d0', parts: /^shadow (map|replaced|victim)/ },
  { family: 'shadow TLB: release', colour: '#7fb3f2', parts: /^shadow (walk|release|stale)/ },
  { family: 'shadow TLB: saved and loaded', colour: '#6a56c2', parts: /^shadow TLB/ },
  { family: 'interrupts and timers', colour: '#e8bf3a', parts: /^(delivery|deferred|timer|host timer|interrupt|wait)/ },
  { family: 'exit to user space', colour: '#8d6e63', parts: /^(exit to user space|user space)/ },
  { family: 'other', colour: '#b3303c', parts: /./ },
] as const;

/** Types whose exits take less than this share of all are left out: their bars would be read as important. */
const SMALLEST_SHARE = 0.005;

/** A bar for each exit type: the mean exit's instructions, by what they are spent on. */
export const exitParts: Chart = {
  id: 'exit-parts',
  title: 'Where an exit’s instructions go',
  measure: 'modelled time',
  caption:
    'Host instructions of the mean exit of each type over all runs with a hypervisor, by the parts of the cost profile. Idle time is left out, and so are types with less than half a percent of all the hypervisor’s work.',
  spec(input) {
    const sums = new Map<string, { count: number; families: Map<string, number> }>();
    for (const run of input.runs) {
      for (const [type, { count, parts }] of Object.entries(run.exits)) {
        if (parts === undefined || count === 0) continue;
        const sum = sums.get(type) ?? { count: 0, families: new Map<string, number>() };
        sum.count += count;
        for (const [part, instructions] of Object.entries(parts)) {
          const family = familyOf(part);
          sum.families.set(family, (sum.families.get(family) ?? 0) + instructions);
        }
        sums.set(type, sum);
      }
    }
    const total = (families: ReadonlyMap<string, number>) => [...families.values()].reduce((sum, value) => sum + value, 0);
    const all = [...sums.values()].reduce((sum, { families }) => sum + total(families), 0);
    const types = exitTypesInOrder([...sums].filter(([, { families }]) => total(families) >= SMALLEST_SHARE * all).map(([type]) => type));
    const values = types.flatMap((type) => {
      const { count, families } = sums.get(type)!;
      return FAMILIES.flatMap(({ family }, order) => {
        const instructions = (families.get(family) ?? 0) / count;
        return instructions > 0 ? [{ type, family, order, instructions }] : [];
      });
    });
    if (values.length === 0) return undefined;
    const present = FAMILIES.filter(({ family }) => values.some((value) => value.family === family));
    return {
      drawnMarks: values.length,
      spec: {
        data: { values },
        width: 460,
        height: { step: 22 },
        mark: { type: 'bar', height: 15 },
        encoding: {
          y: { field: 'type', type: 'nominal', title: null, sort: distinct(types) },
          x: { field: 'instructions', type: 'quantitative', title: 'Host instructions an exit (modelled)' },
          color: {
            field: 'family',
            type: 'nominal',
            title: 'Spent on',
            sort: present.map(({ family }) => family),
            scale: { domain: present.map(({ family }) => family), range: present.map(({ colour }) => colour) },
          },
          order: { field: 'order', type: 'quantitative' },
        },
      },
    };
  },
};

function familyOf(part: string): string {
  return FAMILIES.find(({ parts }) => parts.test(part))!.family;
}
