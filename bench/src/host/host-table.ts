import type { HostBenchResult, HostFigure, HostTarget } from '@exitlab/results';
import { summarizeHostTime } from '../host-statistics.js';
import { verdict } from './host-targets.js';

interface Column {
  readonly title: string;
  of(figure: HostFigure): string;
}

const LOST = 'lost in noise';

function number(value: number): string {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const withUnit = (value: number, unit: string): string => `${number(value)} ${unit}`;

/** Median, median absolute deviation and 95 % interval of the median, whatever the unit. */
function summary(samples: readonly number[]): { median: number; deviation: number; low: number; high: number } | undefined {
  if (samples.length === 0) return undefined;
  const { medianSeconds, madSeconds, lowSeconds, highSeconds } = summarizeHostTime(samples);
  return { median: medianSeconds, deviation: madSeconds, low: lowSeconds, high: highSeconds };
}

function spread({ samples }: HostFigure): string {
  const known = summary(samples);
  if (known === undefined || samples.length === 1) return '';
  return `${number(known.low)} to ${number(known.high)}, MAD ${number(known.deviation)}, n ${samples.length}`;
}

const MEASURED: readonly Column[] = [
  { title: 'what', of: ({ what }) => what },
  {
    title: 'median',
    of: ({ samples, unit }) => {
      const known = summary(samples);
      return known === undefined ? LOST : withUnit(known.median, unit);
    },
  },
  { title: 'spread', of: spread },
];

const wanted = ({ target, unit }: HostFigure, value: (target: HostTarget) => number | undefined): string => {
  const limit = target && value(target);
  return limit === undefined ? '' : withUnit(limit, unit);
};

const JUDGED: readonly Column[] = [
  ...MEASURED,
  { title: 'bar', of: (figure) => wanted(figure, ({ bar }) => bar) },
  { title: 'aim', of: (figure) => wanted(figure, ({ aim }) => aim) },
  {
    title: 'verdict',
    of: ({ target, samples }) => {
      const known = summary(samples);
      return target === undefined ? '' : known === undefined ? LOST : verdict(target, known);
    },
  },
];

/** What a run of the bench was made on and how, in two sentences. */
export function hostSurroundings({ repetitions, host: { machine, loadAverage } }: HostBenchResult): string {
  return (
    `Host time on ${machine.cpuModel}, ${machine.cpuCount} CPUs, Node.js ${machine.nodeVersion}; load average ${loadAverage.toFixed(1)} before the start. ` +
    `Medians of up to ${repetitions} interleaved repetitions; spread is the 95 % interval of the median, the median absolute deviation, and the ` +
    'number of samples.'
  );
}

/** The figures as Markdown: first the table of what is asked for, then what stands beside it. */
export function hostTables(figures: readonly HostFigure[]): string {
  const judged = figures.filter(({ target }) => target !== undefined);
  const others = figures.filter(({ target }) => target === undefined);
  return [...(judged.length > 0 ? [table(JUDGED, judged)] : []), ...(others.length > 0 ? [table(MEASURED, others)] : [])].join('\n\n');
}

function table(columns: readonly Column[], figures: readonly HostFigure[]): string {
  const widths = columns.map(({ title, of }) => Math.max(title.length, ...figures.map((figure) => of(figure).length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...figures.map((figure) => line(columns.map(({ of }) => of(figure)))),
  ].join('\n');
}
