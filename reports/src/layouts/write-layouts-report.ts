import { join } from 'node:path';
import { type LayoutRow, type LayoutSample, type LayoutsResult, writeAtomically, writeResult } from '@exitlab/results';
import { median } from 'simple-statistics';
import type { Block, Document, Table } from '../document.js';
import { markdown } from '../markdown.js';
import { formatCount } from '../number-format.js';

/** A system call's own exits under every strategy: the call, and the return from it. */
const LEAST_EXITS_A_CALL = 2;
/** The most that one strategy may take of another's time to be called no slower. */
export const NO_SLOWER = 1.01;

/** What a sample's exits are made in, virtual misses apart. */
export interface ExitShares {
  readonly all: number;
  /** System calls and their returns: how many there are is the guest's affair. */
  readonly calls: number;
  /** In timer interrupts, and those exits themselves: how many come depends on the time. */
  readonly timer: number;
  readonly others: number;
}

export function exitShares({ exits, timerInterrupts }: LayoutSample): ExitShares {
  const of = (type: string): number => exits[type] ?? 0;
  const all = Object.values(exits).reduce((sum, count) => sum + count, 0) - of('DTLBVIRT') - of('ITLBVIRT');
  const calls = LEAST_EXITS_A_CALL * of('SYSCALL');
  const timer = of('DEC') + timerInterrupts.exits;
  return { all, calls, timer, others: all - calls - timer };
}

/** A workload under a strategy against the same under the first one. */
export interface LayoutComparison {
  readonly guest: string;
  readonly workload: string;
  readonly strategy: string;
  /** Medians of the base and of the strategy. */
  readonly exits: readonly [base: number, other: number];
  /** How many more than the base the strategy makes in the same layout. */
  readonly moreExits: Spread;
  /** Median, least and most over the layouts, each against the base in the same layout. */
  readonly time: Spread;
  /** The same without the search for the pages of devices. */
  readonly timeWithoutSearch: Spread;
  /** How far the base's own times lie apart: the most over the least. */
  readonly baseSpread: number;
  readonly shares: readonly [base: ExitShares, other: ExitShares];
}

interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Every workload under every strategy but the first. */
export function compareLayouts(result: LayoutsResult): LayoutComparison[] {
  const [baseStrategy, ...strategies] = result.strategies;
  return strategies.flatMap((strategy) =>
    result.rows.flatMap((row): LayoutComparison[] => {
      const base = result.rows.find(
        ({ guest, workload, strategy: of }) => guest === row.guest && workload === row.workload && of === baseStrategy,
      );
      return row.strategy === strategy && base !== undefined ? [comparison(base, row)] : [];
    }),
  );
}

function comparison(base: LayoutRow, other: LayoutRow): LayoutComparison {
  const ratios = (time: (sample: LayoutSample) => number) =>
    spread(other.samples.map((sample, i) => time(sample) / time(base.samples[i]!)));
  const times = base.samples.map(({ cycles }) => cycles);
  const shares = [medianShares(base), medianShares(other)] as const;
  return {
    guest: other.guest,
    workload: other.workload,
    strategy: other.strategy,
    exits: [shares[0].all, shares[1].all],
    moreExits: spread(other.samples.map((sample, i) => exitShares(sample).all - exitShares(base.samples[i]!).all)),
    time: spreadOfMedians(base, other, ratios, ({ cycles }) => cycles),
    timeWithoutSearch: spreadOfMedians(base, other, ratios, (sample) => sample.cycles - sample.deviceSearchCycles),
    baseSpread: Math.max(...times) / Math.min(...times),
    shares,
  };
}

/** The ratio of the medians, between the least and the most of the ratios in one layout. */
function spreadOfMedians(
  base: LayoutRow,
  other: LayoutRow,
  ratios: (time: (sample: LayoutSample) => number) => Spread,
  time: (sample: LayoutSample) => number,
): Spread {
  return { ...ratios(time), median: median(other.samples.map(time)) / median(base.samples.map(time)) };
}

function spread(values: readonly number[]): Spread {
  return { median: median([...values]), least: Math.min(...values), most: Math.max(...values) };
}

function medianShares({ samples }: LayoutRow): ExitShares {
  const each = samples.map(exitShares);
  const of = (name: keyof ExitShares) => median(each.map((shares) => shares[name]));
  return { all: of('all'), calls: of('calls'), timer: of('timer'), others: of('others') };
}

/**
 * Writes `layouts.json` and `report.md` into `folder`. `command` is what makes the same files again.
 * @returns the path of the report
 * @throws ResultFileError for a file that cannot be written
 */
export async function writeLayoutsReport(result: LayoutsResult, folder: string, command: string): Promise<string> {
  await writeResult(join(folder, 'layouts.json'), result);
  const report = join(folder, 'report.md');
  await writeAtomically(report, markdown(layoutsDocument(result, command)));
  return report;
}

export function layoutsDocument(result: LayoutsResult, command: string): Document {
  const comparisons = compareLayouts(result);
  const [base] = result.strategies;
  const groups = [...new Set(comparisons.map(({ guest, strategy }) => JSON.stringify([guest, strategy])))];
  const more = comparisons.filter(({ exits: [before, after], time }) => after > before || time.median > NO_SLOWER);
  return {
    title: `Strategies against ${base}, workload by workload`,
    subtitle: `ExitLab ${result.toolVersion} · ${result.layouts} layouts of each guest`,
    blocks: [
      paragraph(`Made by \`${command}\`. A layout is the same guest with boot arguments a little longer, which mean nothing to it.`),
      paragraph(
        'Counts are medians over the layouts and leave out virtual misses. *Calls* are system calls and their returns, two exits each under every strategy: how many there are is the guest’s affair. *Timer* are DEC exits and those made from the delivery of a timer interrupt to its return. *Time* is modelled: the ratio of the medians, and the least and the most in any one layout. *Without search* leaves out what searching the guest’s TLB for the pages of devices takes, which hangs on the slots that they have come to.',
      ),
      heading(`Where more exits are made than under ${base}, or more than ${NO_SLOWER} of its time is taken`),
      more.length === 0 ? paragraph('Nowhere.') : { kind: 'table', table: comparisonTable(more, true) },
      ...groups.flatMap((group): Block[] => {
        const [guest, strategy] = JSON.parse(group) as [string, string];
        const rows = comparisons.filter((each) => each.guest === guest && each.strategy === strategy);
        return [heading(`${guest}, ${strategy} against ${base}`), { kind: 'table', table: comparisonTable(rows, false) }];
      }),
    ],
  };
}

function comparisonTable(rows: readonly LayoutComparison[], named: boolean): Table {
  const number = (title: string) => ({ title, kind: 'number' as const });
  const beforeAndAfter = (title: string) => [number(`${title}, before`), number(`${title}, after`)];
  const pair = (of: keyof ExitShares, { shares: [base, other] }: LayoutComparison) => [formatCount(base[of]), formatCount(other[of])];
  const spreadText = ({ median: middle, least, most }: Spread) => [middle.toFixed(3), `${least.toFixed(3)} to ${most.toFixed(3)}`];
  return {
    measures: ['counts', 'modelled time'],
    columns: [
      ...(named
        ? [
            { title: 'Guest', kind: 'text' as const },
            { title: 'Strategy', kind: 'text' as const },
          ]
        : []),
      { title: 'Workload', kind: 'text' },
      ...beforeAndAfter('Exits'),
      number('More in one layout'),
      ...['Calls', 'Timer', 'Others'].flatMap(beforeAndAfter),
      number('Time'),
      number('in one layout'),
      number('Without search'),
      number('in one layout'),
      number('Spread before'),
    ],
    rows: rows.map((row) => [
      ...(named ? [row.guest, row.strategy] : []),
      row.workload === row.guest ? 'all' : row.workload,
      ...pair('all', row),
      `${row.moreExits.least} to ${row.moreExits.most}`,
      ...(['calls', 'timer', 'others'] as const).flatMap((of) => pair(of, row)),
      ...spreadText(row.time),
      ...spreadText(row.timeWithoutSearch),
      row.baseSpread.toFixed(3),
    ]),
  };
}

function heading(text: string): Block {
  return { kind: 'heading', level: 2, text };
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}
