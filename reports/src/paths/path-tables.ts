import { expectedCount, isAsExpected, measuredCount, type PathResult, type PathRun, type PathsResult } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatCount, formatFixed } from '../number-format.js';
import { distinct } from '../report-input.js';
import { PUBLISHED_PATHS } from './published-paths.js';

/** How a step of a run is shown: what was expected of it, and what was seen. */
const CELLS = {
  'true true': 'exit',
  'false false': '–',
  'true false': 'expected, not seen',
  'false true': 'seen, not expected',
} as const;

/** Exits that no path accounts for, by what they depend on. */
const VIRTUAL_MISSES = ['DTLBVIRT', 'ITLBVIRT'];

/** The steps of a path that leave an unmodified guest, and which of them do under each strategy. */
export function stepTable({ steps, runs }: PathResult): Table {
  const cell = ({ expected, measured }: PathRun, step: number): string =>
    CELLS[`${expected[step]!} ${measured[step]!}` as keyof typeof CELLS];
  const total = runs.map((run) => `${expectedCount(run)} / ${measuredCount(run)}`);
  return {
    measures: ['counts'],
    columns: [
      ...['Address', 'Instruction', 'Function', 'Exit'].map((title) => ({ title, kind: 'text' }) as const),
      ...runs.map(({ label }) => ({ title: label, kind: 'text' }) as const),
    ],
    rows: [
      ...steps.map(({ pc, instruction, symbol, type }, step) => [
        pc.toString(16).padStart(8, '0'),
        instruction,
        symbol ?? '',
        type,
        ...runs.map((run) => cell(run, step)),
      ]),
      ['', '', '', 'expected / measured', ...total],
    ],
    emphasized: [steps.length],
  };
}

/** Every path of every guest under every strategy in a line: exits by the list and by the mean of the workload. */
export function pathSummaryTable(results: readonly PathsResult[]): Table {
  const labels = distinct(results.flatMap(({ paths }) => paths.flatMap(({ runs }) => runs.map(({ label }) => label))));
  const rows = results.flatMap(({ guest, paths }) =>
    paths.map((path) => {
      const runOf = (label: string): PathRun | undefined => path.runs.find((run) => run.label === label);
      return [
        guestTitle({ guest }),
        path.title,
        formatCount(path.instructions),
        ...labels.map((label) => {
          const run = runOf(label);
          return run === undefined ? '' : counts(run);
        }),
      ];
    }),
  );
  return {
    measures: ['counts'],
    columns: [
      { title: 'Guest', kind: 'text' },
      { title: 'Path', kind: 'text' },
      { title: 'Instructions, natively', kind: 'number' },
      ...labels.map((label) => ({ title: label, kind: 'number' }) as const),
    ],
    rows,
  };
}

/** Expected and measured, in one number where they agree. */
function counts(run: PathRun): string {
  return isAsExpected(run) ? String(expectedCount(run)) : `${expectedCount(run)} expected, ${measuredCount(run)} measured`;
}

/** The mean over the workload that goes through a path again and again: what one time costs with all that comes in between. */
export function steadyStateTable(results: readonly PathsResult[]): Table {
  const rows = results.flatMap(({ guest, paths }) =>
    paths.flatMap(({ title, workload, runs }) =>
      runs.flatMap(({ label, occurrences, alike, exitsByType }) => {
        if (occurrences <= 1) return [];
        const sum = (isCounted: (type: string) => boolean): number =>
          Object.entries(exitsByType).reduce((total, [type, count]) => total + (isCounted(type) ? count : 0), 0);
        const each = (count: number): string => formatFixed(count / occurrences);
        return [
          [
            guestTitle({ guest }),
            title,
            workload,
            label,
            formatCount(occurrences),
            formatCount(alike),
            each(sum((type) => !VIRTUAL_MISSES.includes(type))),
            each(sum((type) => VIRTUAL_MISSES.includes(type))),
          ],
        ];
      }),
    ),
  );
  return {
    measures: ['counts'],
    columns: [
      ...['Guest', 'Path', 'Workload', 'Strategy'].map((title) => ({ title, kind: 'text' }) as const),
      ...['Times through', 'of them just the list', 'Exits a time, mean', 'Virtual misses a time'].map(
        (title) => ({ title, kind: 'number' }) as const,
      ),
    ],
    rows,
  };
}

/** What others counted. */
export function publishedTable(): Table {
  return {
    measures: ['counts'],
    columns: [
      { title: 'Path', kind: 'text' },
      { title: 'Kernel', kind: 'text' },
      { title: 'Without the page', kind: 'number' },
      { title: 'With it', kind: 'number' },
      { title: 'Source', kind: 'text' },
    ],
    rows: PUBLISHED_PATHS.map((row) => [
      row.path,
      row.kernel,
      String(row.without),
      row.with === undefined ? '' : String(row.with),
      row.source,
    ]),
  };
}

/** A guest by its name, and how it was started where that decides what it is. */
export function guestTitle({ guest }: Pick<PathsResult, 'guest'>): string {
  return /\bnosmap\b/.test(guest.append ?? '') ? `${guest.name}, nosmap` : guest.name;
}
