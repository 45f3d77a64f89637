import { type PatchReport, REFUSALS, type Refusal, type SiteCount, type SiteListing } from '@exitlab/pv-patcher';

/** A patch report as text: counts by instruction, and with `withSites` every site with its disassembly before and after. */
export function patchReportText(report: PatchReport, withSites: boolean): string {
  const sections = [countLines('Instruction', report.byInstruction)];
  if (withSites) sections.push(countLines('Function', report.byFunction), siteLines(report), trampolineLines(report));
  sections.push(reasonLines(report));
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line.trimEnd()}\n`).join(''))
    .join('\n');
}

function countLines(heading: string, counts: readonly SiteCount[]): string[] {
  const width = Math.max(heading.length, ...counts.map(({ name }) => name.length));
  const row = (name: string, found: string, patched: string, refused: string, why: string) =>
    `${name.padEnd(width)}  ${found.padStart(6)}  ${patched.padStart(7)}  ${refused.padStart(7)}  ${why}`;
  return [
    row(heading, 'sites', 'patched', 'refused', 'why'),
    ...counts.map(({ name, found, patched, refused }) =>
      row(name, String(found), String(patched), String(found - patched), reasons(refused)),
    ),
  ];
}

/** The reasons by their short names, with a count each where there are several. */
function reasons(refused: SiteCount['refused']): string {
  const entries = Object.entries(refused);
  return entries.map(([refusal, count]) => (entries.length > 1 ? `${count} ${refusal}` : refusal)).join(', ');
}

/** The sites of each function under its name. */
function siteLines({ sites }: PatchReport): string[] {
  const lines: string[] = [];
  let symbol: string | undefined;
  for (const site of sites) {
    if (lines.length === 0 || site.symbol !== symbol) lines.push(`${site.symbol ?? '(no symbol)'}:`);
    symbol = site.symbol;
    const { ea, before, after, comment, refusal } = site;
    const change = after === undefined ? `stays: ${refusal}` : `-> ${after.padEnd(20)}  # ${comment}`;
    lines.push(`  ${hex(ea)}  ${before.padEnd(20)}  ${change}`);
  }
  return lines;
}

/** One trampoline of each kind, with its instructions. */
function trampolineLines({ sites }: PatchReport): string[] {
  const kinds = new Map<string, { site: SiteListing; count: number }>();
  for (const site of sites) {
    if (site.trampoline === undefined) continue;
    const kind = kinds.get(site.instruction);
    if (kind === undefined) kinds.set(site.instruction, { site, count: 1 });
    else kind.count++;
  }
  return [...kinds.values()].flatMap(({ site, count }) => [
    `Trampoline for ${site.instruction}, ${count === 1 ? 'one' : `the first of ${count}`}: ${site.before} at ${hex(site.ea)}`,
    ...site.trampoline!.map((line) => `  ${line}`),
  ]);
}

/** The reasons in words, those that occur. */
function reasonLines({ byInstruction }: PatchReport): string[] {
  const occurring = new Set(byInstruction.flatMap(({ refused }) => Object.keys(refused) as Refusal[]));
  const width = Math.max(0, ...[...occurring].map((refusal) => refusal.length));
  const rows = (Object.keys(REFUSALS) as Refusal[]).filter((refusal) => occurring.has(refusal));
  return rows.length === 0
    ? []
    : ['Why instructions stay as they are', ...rows.map((refusal) => `  ${refusal.padEnd(width)}  ${REFUSALS[refusal]}`)];
}

const hex = (ea: number): string => ea.toString(16).padStart(8, '0');
