import { join } from 'node:path';
import { type SweepPoint, type SweepResult, writeAtomically, writeResult } from '@exitlab/results';
import type { Block, Document, Table } from '../document.js';
import { markdown } from '../markdown.js';
import { formatShare } from '../number-format.js';

/** What is known of one step from a generation of KVM to the next. */
interface HistoryStep {
  /** The generation's name on the axis. */
  readonly profile: string;
  /** The change that leads here, with its commit. */
  readonly change: string;
  /** Change of a guest's boot time as published with the commit, as a share; absent where none was. */
  readonly published?: number;
  /** Why prediction and publication differ, as far as it is known. */
  readonly remark: string;
}

/** KVM's generations for the 440 in order; commits and figures as in the kernel's history. */
export const HISTORY: readonly HistoryStep[] = [
  {
    profile: '2.6.27',
    change: 'the start: all TLB entries saved and written at every exit, all mappings dropped at every privilege switch',
    remark: '',
  },
  {
    profile: '2.6.27+20754c2',
    change: 'the host’s TLB entries no longer saved at every exit (20754c2495a)',
    published: -0.15,
    remark: 'Of the same order. The prediction counts instructions; what a `tlbre` and a `tlbwe` take on the hardware is not published.',
  },
  {
    profile: '2.6.27+83aae4a',
    change: 'only changed entries written at every entry (83aae4a8098)',
    published: -0.15,
    remark: 'Of the same order, for the same reason.',
  },
  {
    profile: '2.6.28',
    change: 'guest kernel and user by two hardware PIDs, no flush at a privilege switch (49dd2c49289)',
    published: -0.3,
    remark:
      'Depends on how often the guest changes between kernel and user: the kernel’s own boot hardly ever does and gains nothing, and user space gains the more, the more of its work is system calls. What the boot of 2008 consisted of is not published. From here on a write of the PID drops the user’s mappings; a guest with KUAP, which no guest of 2008 had, writes it twice at every entry into its kernel and gains a little less than one without.',
  },
  {
    profile: '2.6.29',
    change:
      'mappings written straight into the hardware (7924bd41097), shadow TLB moved only at a context switch of the host (c5fbdffbda7)',
    remark: 'Published as “less time in all exits” and an improvement “for most workloads”, without a figure.',
  },
  {
    profile: 'linux-3.1',
    change: 'costs of Linux 3.1, measured',
    remark: 'Nothing published. Parts of 2.6.29 are assumed to be those of 3.4.',
  },
  { profile: 'linux-3.4', change: 'costs of Linux 3.4, measured', remark: 'Nothing published.' },
  {
    profile: 'linux-3.6',
    change: 'costs of Linux 3.6, measured',
    remark: 'Nothing published; the measured exits are longer, those to user space by a third.',
  },
];

/** The three steps into 2.6.28 together, if their published figures multiply. */
const PUBLISHED_INTO_2_6_28 = 0.85 * 0.85 * 0.7 - 1;

/** Stretches of a run that can stand for what was called boot time in 2008, in modelled cycles without idle time. */
const PARTS_OF_RUN = [
  { title: 'Kernel boot', of: ({ boot, ...whole }: SweepPoint) => busyCycles(boot ?? whole) },
  { title: 'Boot and user space', of: (whole: SweepPoint) => busyCycles(whole) },
] as const;

function busyCycles({ modelledTime }: Pick<SweepPoint, 'modelledTime'>): number {
  return modelledTime.cycles - modelledTime.idleCycles;
}

/** Predicted time by generation, beside what was published. */
export function historyTable(result: SweepResult): Table {
  const rows: string[][] = [];
  let before: readonly number[] | undefined;
  for (const { profile, change, published } of HISTORY) {
    const point = result.points.find(({ costProfile }) => costProfile.name === profile);
    if (point === undefined) continue;
    const times = PARTS_OF_RUN.map((part) => part.of(point));
    rows.push([
      profile,
      change,
      ...times.flatMap((cycles, index) => [
        ((cycles / result.coreHz) * 1e3).toFixed(1),
        before === undefined ? '' : signed(cycles / before[index]! - 1),
      ]),
      published === undefined ? '' : signed(published),
    ]);
    before = times;
  }
  return {
    measures: ['modelled time'],
    columns: [
      { title: 'KVM', kind: 'text' },
      { title: 'Change', kind: 'text' },
      ...PARTS_OF_RUN.flatMap(({ title }) => [
        { title: `${title}, ms`, kind: 'number' as const },
        { title: 'predicted change', kind: 'number' as const },
      ]),
      { title: 'published change', kind: 'number' },
    ],
    rows,
  };
}

/**
 * Writes the history of a guest's boot into `folder`: `sweep.json` and `report.md`.
 * @returns the path of the report
 * @throws ResultFileError for a file that cannot be written
 */
export async function writeHistoryReport(result: SweepResult, folder: string, command: string): Promise<string> {
  await writeResult(join(folder, 'sweep.json'), result);
  const report = join(folder, 'report.md');
  await writeAtomically(report, markdown(historyDocument(result, command)));
  return report;
}

function historyDocument(result: SweepResult, command: string): Document {
  const point = (profile: string) => result.points.find(({ costProfile }) => costProfile.name === profile);
  const [first, last] = [point('2.6.27'), point('2.6.28')];
  const together =
    first === undefined || last === undefined
      ? []
      : [
          `From 2.6.27 to 2.6.28 the prediction is ${PARTS_OF_RUN.map(({ title, of }) => `${signed(of(last) / of(first) - 1)} (${title.toLowerCase()})`).join(' and ')}; the three published figures multiply to ${signed(PUBLISHED_INTO_2_6_28)}.`,
        ];
  const remarks = HISTORY.filter(({ remark }) => remark !== '').map(({ profile, remark }) => `\`${profile}\`: ${remark}`);
  return {
    title: `History: the boot of ${result.guest.name} under KVM’s generations`,
    subtitle: `ExitLab ${result.toolVersion} · boot arguments \`${result.guest.append ?? ''}\``,
    blocks: [
      { kind: 'paragraph', text: `Made by \`${command}\`.` },
      {
        kind: 'paragraph',
        text: 'The published figures are those of the commit messages, for a Linux guest of 2008 on a real 440. The prediction is for the same guest under every generation, at one cycle an instruction; only the costs of 3.1, 3.4 and 3.6 were measured, those before are counted from the source (cost profiles `2.6.27` to `2.6.29`).',
      },
      { kind: 'table', table: historyTable(result) },
      { kind: 'heading', level: 2, text: 'Agreement and disagreement' },
      { kind: 'list', items: [...together, ...remarks] },
    ] satisfies Block[],
  };
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${formatShare(share)}`;
}
