import type { MeasuredRun, Measurement } from '@exitlab/results';
import type { Table } from '../document.js';
import { formatRatio, formatShare } from '../number-format.js';
import { distinct, type ReportInput } from '../report-input.js';

/** The runs of one guest, by strategy. */
type Runs = (strategy: string) => MeasuredRun | undefined;

/** What somebody published of virtualization by trapping and patching, and our figure for a guest, if its runs give one. */
interface PublishedClaim {
  readonly claim: string;
  readonly published: string;
  readonly source: string;
  ours(runs: Runs): string | undefined;
}

const BOOT = 'boot';
/** Workloads of `bench/guests/linux-init` that are nearly all kernel. */
const KERNEL_HEAVY = ['getppid', 'signal', 'fork', 'exec', 'pipe', 'threads', 'pages', 'walk', 'file'];

const cycles = ({ modelledTime }: Measurement): number => modelledTime.cycles;
const phase = (run: MeasuredRun | undefined, name: string): Measurement | undefined => run?.phases.find((each) => each.name === name);

/** How many times as long `a` takes as `b`. */
const ratio = (a: Measurement | undefined, b: Measurement | undefined): number | undefined =>
  a === undefined || b === undefined || cycles(b) === 0 ? undefined : cycles(a) / cycles(b);

/** The least and the most over the kernel-heavy workloads. */
function range(a: MeasuredRun | undefined, b: MeasuredRun | undefined, format: (value: number) => string): string | undefined {
  const values = KERNEL_HEAVY.flatMap((name) => ratio(phase(a, name), phase(b, name)) ?? []);
  return values.length === 0 ? undefined : `${format(Math.min(...values))} to ${format(Math.max(...values))}`;
}

/** The part of the hypervisor's time that `b` saves over `a`. */
function saved(a: Measurement | undefined, b: Measurement | undefined): string | undefined {
  if (a === undefined || b === undefined || a.modelledTime.hypervisorCycles === 0) return undefined;
  return formatShare(1 - b.modelledTime.hypervisorCycles / a.modelledTime.hypervisorCycles);
}

const asRatio = (value: number | undefined): string | undefined => (value === undefined ? undefined : formatRatio(value));

const PPC_PV = 'Linux, Documentation/virt/kvm/ppc-pv.rst (Book3S)';
const MITTAL = 'Mittal et al., ASPLOS 2013, abstract (e500v2)';

const CLAIMS: readonly PublishedClaim[] = [
  {
    claim: 'The shared page saves of the cost of virtualization, guest patching itself',
    published: 'about 50 % on some benchmarks',
    source: PPC_PV,
    ours: (runs) => saved(runs('trap'), runs('pv')),
  },
  {
    claim: 'The same, patched from outside',
    published: '',
    source: '',
    ours: (runs) => saved(runs('trap'), runs('patched:load') ?? runs('patched')),
  },
  {
    claim: 'Boot, unmodified guest: trap and emulate against in-place translation',
    published: '2.5 times as long',
    source: MITTAL,
    ours: (runs) => asRatio(ratio(phase(runs('trap'), BOOT), phase(runs('patched:trap') ?? runs('patched'), BOOT))),
  },
  {
    claim: 'In-place translation against Linux patching itself, whole run',
    published: 'comparable',
    source: MITTAL,
    ours: (runs) => asRatio(ratio(runs('patched:trap') ?? runs('patched'), runs('pv'))),
  },
  {
    claim: 'Kernel-heavy loads against bare hardware, no paravirtualization',
    published: '3 to 5 times as long',
    source: MITTAL,
    ours: (runs) => range(runs('trap'), runs('native'), formatRatio),
  },
  {
    claim: 'The same, patched from outside',
    published: '',
    source: '',
    ours: (runs) => range(runs('patched:load') ?? runs('patched'), runs('native'), formatRatio),
  },
];

/** Published claims beside our figures for each guest; undefined where no run gives one. */
export function publishedClaimsTable(input: ReportInput): Table | undefined {
  const guests = distinct(input.runs.map(({ guest }) => guest.name));
  const runsOf =
    (guest: string): Runs =>
    (strategy) =>
      input.runs.find((run) => run.guest.name === guest && run.strategy === strategy);
  const shown = guests.filter((guest) => runsOf(guest)('trap') !== undefined && phase(runsOf(guest)('trap'), BOOT) !== undefined);
  const rows = CLAIMS.flatMap(({ claim, published, source, ours }) => {
    const cells = shown.map((guest) => ours(runsOf(guest)) ?? '');
    return cells.every((cell) => cell === '') ? [] : [[claim, published, ...cells, source]];
  });
  if (rows.length === 0) return undefined;
  return {
    measures: ['modelled time'],
    columns: [
      { title: 'Claim', kind: 'text' },
      { title: 'Published', kind: 'text' },
      ...shown.map((guest) => ({ title: `Ours, ${guest}`, kind: 'number' }) as const),
      { title: 'Source', kind: 'text' },
    ],
    rows,
  };
}
