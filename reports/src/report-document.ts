import { END_REASONS, exitTypesInOrder, type MeasuredRun, totalExits } from '@exitlab/results';
import { CHARTS } from './charts/registry.js';
import { renderChart } from './charts/render-chart.js';
import type { Block, Document, Figure } from './document.js';
import { exitTypeRow } from './exit-types.js';
import { formatCount, formatRatio, formatShare } from './number-format.js';
import { pathSummaryTable, publishedTable } from './paths/path-tables.js';
import { distinct, profileName, type ReportInput, workloadNames } from './report-input.js';
import { byInstructionTables } from './tables/by-instruction.js';
import { comparisonTable, modelledMs } from './tables/comparison.js';
import { exitTimingTable } from './tables/exit-timing.js';
import { hostTimeTable } from './tables/host-time.js';
import { publishedClaimsTable } from './tables/published-claims.js';
import { variantComparisons } from './tables/variants.js';

/** Composes a report. Pure but for the drawing of charts; the same input gives the same document. */
export async function reportDocument(input: ReportInput): Promise<Document> {
  const shown = input.isBrief ? withoutPhases(input) : input;
  const figures = await drawCharts(shown);
  return {
    title: input.title,
    subtitle: subtitle(input),
    blocks: [
      ...(input.madeBy === undefined ? [] : [paragraph(`Made by \`${input.madeBy}\`.`)]),
      ...summary(input),
      ...whatIf(input),
      heading(2, 'Strategies compared'),
      table(comparisonTable(input)),
      ...claims(input),
      ...paths(input),
      ...figures.filter((figure) => figure.measure !== 'host time').flatMap(figureBlocks),
      ...variants(shown),
      ...exitTiming(shown),
      ...(input.isBrief ? [] : breakdown(input)),
      ...notes(input),
      // It judges this program, not the strategies.
      ...(input.isBrief ? [] : hostTime(input, figures)),
      ...glossary(input),
    ],
  };
}

async function drawCharts(input: ReportInput): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const chart of CHARTS) {
    const drawing = input.isBrief && chart.measure === 'host time' ? undefined : chart.spec(input);
    if (drawing === undefined) continue;
    const { id, title, measure, caption } = chart;
    const svg = await renderChart(drawing.spec, { title, description: caption }, drawing.drawnMarks);
    figures.push({ id, title, measure, caption, svg });
  }
  return figures;
}

function subtitle(input: ReportInput): string {
  const versions = distinct(input.runs.map((run) => run.toolVersion)).join(', ');
  const machines = distinct(input.runs.map((run) => `${run.cpu} on ${run.board}`)).join(', ');
  const repeated = input.repetitions > 1 ? `, each run ${input.repetitions} times with identical counts` : '';
  return `ExitLab ${versions} · ${machines} · ${plural(input.runs.length, 'run')}${repeated}`;
}

function summary(input: ReportInput): Block[] {
  const items = [...keyFigures(input)];
  const profiles = distinct(input.runs.filter((run) => run.timeInGuest !== undefined).map(profileName)).map((name) => `\`${name}\``);
  const priced = profiles.length === 0 ? '' : `, and the hypervisor’s by the cost profile ${profiles.join(', ')}`;
  const clocks = distinct(input.runs.map((run) => `${formatCount(run.coreHz / 1e6)} MHz`));
  return [
    ...(input.complete ? [] : [paragraph('The bench was ended early: this report holds what was complete until then.')]),
    ...(items.length === 0 ? [] : [heading(2, 'At a glance'), { kind: 'list', items } as const]),
    paragraph(
      `Three measures stand in this report, each labelled and never mixed. Counts are exact. Modelled time is deterministic: guest cycles at ${clocks.join(', ')}${priced}. ` +
        `Host time is what this program took; it is noisy, and judges only the program.`,
    ),
  ];
}

/** What a strategy costs over all whole runs: geometric means, since the guests differ in size. */
function keyFigures(input: ReportInput): string[] {
  const whole = input.workloads.filter((row) => row.phase === undefined);
  const figures: string[] = [];
  for (const strategy of distinct(whole.map((row) => row.strategy))) {
    for (const base of ['native', 'trap']) {
      if (base === strategy || (base === 'trap' && strategy === 'native')) continue;
      const pairs = whole.flatMap((row) => {
        const other = whole.find((candidate) => candidate.workload === row.workload && candidate.strategy === base);
        return row.strategy === strategy && other !== undefined && modelledMs(other) > 0 ? [{ row, other }] : [];
      });
      if (pairs.length === 0) continue;
      const mean = geometricMean(pairs.map(({ row, other }) => modelledMs(row) / modelledMs(other)));
      const exits = pairs.reduce((sum, { row }) => sum + totalExits(row.measurement), 0);
      const baseExits = pairs.reduce((sum, { other }) => sum + totalExits(other.measurement), 0);
      const saved = baseExits > 0 ? `, with ${formatShare(1 - exits / baseExits)} fewer exits in all (counts)` : '';
      figures.push(
        `\`${strategy}\` takes ${formatRatio(mean)} the modelled time of \`${base}\`, the geometric mean over ${plural(pairs.length, 'guest')}${saved}.`,
      );
    }
  }
  return figures;
}

/** Phases that a brief report shows by themselves: what most people mean by the time of a Linux. */
const BRIEF_PHASES: readonly (string | undefined)[] = [undefined, 'boot'];

function withoutPhases(input: ReportInput): ReportInput {
  return { ...input, workloads: input.workloads.filter(({ phase }) => BRIEF_PHASES.includes(phase)) };
}

/** Strategies that no KVM for the 440 had, and how their page was mapped. */
function whatIf({ runs }: ReportInput): Block[] {
  const shared = runs.filter(({ strategy }) => /^(pv|patched)/.test(strategy));
  if (shared.length === 0) return [];
  const mappings = distinct(
    shared.map(({ policy }) => `magicPageMapping=${policy.magicPageMapping}, trampolineMapping=${policy.trampolineMapping}`),
  );
  return [
    paragraph(
      `KVM never offered the shared page to guests on the 440: \`pv\` and \`patched\` are what-ifs on the same hardware. Here its mapping and that of trampolines are ${mappings.map((mapping) => `\`${mapping}\``).join(' or ')}: what is pinned keeps a slot of the shadow TLB, and one fewer is left for the guest.`,
    ),
  ];
}

function claims(input: ReportInput): Block[] {
  const content = publishedClaimsTable(input);
  if (content === undefined) return [];
  return [
    heading(2, 'Published claims beside ours'),
    paragraph(
      'The published figures are of other processors, guests and loads: they say whether the order of magnitude is right, and no more. The cost of virtualization is the hypervisor’s part of the modelled time.',
    ),
    table(content),
  ];
}

function paths({ paths: results }: ReportInput): Block[] {
  if (results.length === 0) return [];
  return [
    heading(2, 'Exits of single paths'),
    table(pathSummaryTable(results)),
    heading(3, 'What others counted of them'),
    table(publishedTable()),
  ];
}

function variants(input: ReportInput): Block[] {
  return variantComparisons(input).flatMap(({ family, variants: names, table: comparison }) => [
    heading(2, `${family}: ${names.join(' and ')} side by side`),
    table(comparison),
  ]);
}

function exitTiming(input: ReportInput): Block[] {
  const blocks = workloadNames(input).flatMap((workload): Block[] => {
    const rows = input.workloads.filter((row) => row.workload === workload);
    const tables = rows.flatMap((row): Block[] => {
      const timing = exitTimingTable(row);
      return timing === undefined ? [] : [heading(4, `${workload}, ${row.strategy}`), table(timing)];
    });
    return tables.length === 0 ? [] : [heading(3, workload), ...tables];
  });
  if (blocks.length === 0) return [];
  return [
    heading(2, 'Exit timing'),
    paragraph(
      'Counts, and modelled time from leaving the guest to being back in it, by exit type in the order of KVM’s exit timing. `TIMEINGUEST` is the time from entry to exit. A star marks a type of ours.',
    ),
    ...blocks,
  ];
}

function breakdown(input: ReportInput): Block[] {
  const blocks = input.runs.flatMap((run): Block[] => {
    const tables = byInstructionTables(run);
    return tables.length === 0 ? [] : [heading(3, `${run.guest.name}, ${run.strategy}: by instruction`), ...tables.map(table)];
  });
  return blocks.length === 0 ? [] : [heading(2, 'What the emulated instructions were'), ...blocks];
}

function notes(input: ReportInput): Block[] {
  const ours = distinct(
    input.runs.flatMap((run) =>
      Object.entries(run.exits).flatMap(([type, exit]) => (exit.ours === undefined ? [] : [`\`${type}\`: ${exit.ours}.`])),
    ),
  );
  const ended = input.runs.filter((run) => END_REASONS[run.end.reason].guestFailed || run.end.reason === 'interrupted').map(endSentence);
  const failed = input.failures.map(({ guest, strategy, reason }) => `${guest} under \`${strategy}\`: ${reason}`);
  const warnings = input.runs.flatMap((run) => run.warnings.map((warning) => `${run.guest.name} under \`${run.strategy}\`: ${warning}`));
  return [
    ...listed('Exits that KVM does not have', ours),
    ...listed('Runs that failed', [...ended, ...failed]),
    ...listed('Warnings', warnings),
  ];
}

function endSentence(run: MeasuredRun): string {
  return `${run.guest.name} under \`${run.strategy}\` ended because ${END_REASONS[run.end.reason].meaning}: ${run.end.detail}`;
}

function hostTime(input: ReportInput, figures: readonly Figure[]): Block[] {
  const hostTable = hostTimeTable(input);
  if (hostTable === undefined) return [];
  const machines = input.hostMachines.map(
    (machine) =>
      `${machine.cpuModel}, ${plural(machine.cpuCount, 'processor')}, ${machine.os} ${machine.architecture}, Node.js ${machine.nodeVersion}`,
  );
  return [
    heading(2, 'Host time'),
    paragraph(`Measured on ${machines.join('; ')}.`),
    ...figures.filter((figure) => figure.measure === 'host time').flatMap(figureBlocks),
    table(hostTable),
  ];
}

function glossary(input: ReportInput): Block[] {
  const types = exitTypesInOrder(new Set(input.runs.flatMap((run) => Object.keys(run.exits).filter((type) => run.exits[type]!.count > 0))));
  return listed(
    'Exit types in this report',
    types.map((type) => `\`${type}\`: ${exitTypeRow(type).meaning}.`),
  );
}

function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(title: string, items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [heading(2, title), { kind: 'list', items }];
}

function heading(level: 2 | 3 | 4, text: string): Block {
  return { kind: 'heading', level, text };
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}

function table(content: Extract<Block, { kind: 'table' }>['table']): Block {
  return { kind: 'table', table: content };
}

function figureBlocks(figure: Figure): Block[] {
  return [heading(3, figure.title), { kind: 'figure', figure }];
}
