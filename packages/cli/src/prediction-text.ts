import { bestPoint, type Prediction, type RankedPatch } from '@exitlab/results';

/** Rows shown of a ranking unless all are asked for. */
const MOST_ROWS = 20;
/** Points of the curve shown. */
const CURVE_ROWS = 12;

/** A prediction as text: the ranking by patch and by function, and the time that patching the best leaves. */
export function predictionReportText(prediction: Prediction, all: boolean): string {
  const rows = all ? Number.POSITIVE_INFINITY : MOST_ROWS;
  return [
    'Patches, most modelled time saved first; sites of one patch are patched together',
    ...patchLines(prediction, rows),
    '',
    'Functions',
    ...functionLines(prediction, rows),
    '',
    'Modelled time with the best patches, predicted',
    ...curveLines(prediction),
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function patchLines({ ranking, coreHz }: Prediction, rows: number): string[] {
  const lines = ranking.slice(0, rows).map(({ sites, exits, savedCycles, missCycles }, index) => {
    const { ea, instruction, symbol } = sites[0]!;
    const more = sites.length > 1 ? ` and ${sites.length - 1} more` : '';
    const place = `${hex(ea)}  ${instruction.padEnd(12)}  ${symbol ?? ''}${more}`;
    return row(String(index + 1), exits, ms(savedCycles, coreHz), ms(missCycles, coreHz), place);
  });
  return [HEADING, ...lines, ...rest(ranking.length - lines.length)];
}

const HEADING = row('', 'exits', 'saved ms', 'misses ms', '');

function row(rank: string, exits: number | string, saved: string, missed: string, what: string): string {
  return `${rank.padStart(5)} ${exits.toLocaleString('en-US').padStart(11)} ${saved.padStart(10)} ${missed.padStart(10)}  ${what}`;
}

const rest = (left: number): string[] => (left > 0 ? [`      ${left} more, which --sites shows`] : []);

/** A patch with sites in several functions counts for the first. */
function functionLines({ ranking, coreHz }: Prediction, rows: number): string[] {
  const sums = new Map<string, Pick<RankedPatch, 'exits' | 'savedCycles' | 'missCycles'>>();
  for (const { sites, exits, savedCycles, missCycles } of ranking) {
    const name = sites[0]!.symbol ?? '(no symbol)';
    const sum = sums.get(name) ?? { exits: 0, savedCycles: 0, missCycles: 0 };
    sums.set(name, { exits: sum.exits + exits, savedCycles: sum.savedCycles + savedCycles, missCycles: sum.missCycles + missCycles });
  }
  const inOrder = [...sums].sort(([a, x], [b, y]) => y.savedCycles - x.savedCycles || (a < b ? -1 : 1));
  const lines = inOrder
    .slice(0, rows)
    .map(([name, { exits, savedCycles, missCycles }], index) =>
      row(String(index + 1), exits, ms(savedCycles, coreHz), ms(missCycles, coreHz), name),
    );
  return [HEADING, ...lines, ...rest(inOrder.length - lines.length)];
}

function curveLines(prediction: Prediction): string[] {
  const { curve, measuredCycles, coreHz } = prediction;
  const best = bestPoint(prediction);
  const step = Math.max(1, Math.ceil(curve.length / CURVE_ROWS));
  const shown = curve.filter((point, index) => (curve.length - 1 - index) % step === 0 || point === best);
  const line = (patches: string, cycles: number, note: string): string => {
    const saved = `${((1 - cycles / measuredCycles) * 100).toFixed(1)} %`;
    return `${patches.padStart(7)} ${ms(cycles, coreHz).padStart(12)} ms ${saved.padStart(8)} saved${note}`;
  };
  return [
    line('none', measuredCycles, ' (measured)'),
    ...shown.map((point) => line(String(point.patches), point.cycles, point === best ? ', the least' : '')),
  ];
}

const ms = (cycles: number, coreHz: number): string => ((cycles / coreHz) * 1e3).toFixed(3);
const hex = (value: number): string => value.toString(16).padStart(8, '0');
