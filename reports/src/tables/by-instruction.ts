import type { MeasuredRun } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatCount, formatShare } from '../number-format.js';

/** Rows shown of each breakdown. */
const MOST = 12;

/** What the breakdowns of `kvmtrace_format -s` are called in a heading; other names stand as they are. */
const TITLES: Readonly<Record<string, string>> = {
  instruction: 'Instruction',
  mnemonic: 'Mnemonic',
  spr: 'Special register',
  dcr: 'Device control register',
  tlb: 'TLB word',
  executed: 'Executed instruction',
  executedClass: 'Executed timing class',
};

/** The most frequent rows of each breakdown of a run, sorted as `kvmtrace_format -s` sorts them: the list that motivates every patch. */
export function byInstructionTables(run: MeasuredRun): Table[] {
  return Object.entries(run.byInstruction).flatMap(([name, counts]) => {
    const rows = Object.entries(counts).filter(([, count]) => count > 0);
    rows.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    if (rows.length === 0) return [];
    const total = rows.reduce((sum, [, count]) => sum + count, 0);
    return [
      {
        measures: ['counts'] as const,
        columns: [
          { title: TITLES[name] ?? name, kind: 'text' },
          { title: name.startsWith('executed') ? 'Executed' : 'Exits', kind: 'number' },
          { title: 'Share', kind: 'number' },
        ] as const,
        rows: rows.slice(0, MOST).map(([row, count]) => [row, formatCount(count), formatShare(count / total)]),
      },
    ];
  });
}
