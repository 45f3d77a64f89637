import { type PatchReport, REFUSALS, type Refusal, type SiteCount } from '@exitlab/pv-patcher';

/** A patch report as text: counts by instruction, and with `withSites` every site with its disassembly before and after. */
export function patchReportText(report: PatchReport, withSites: boolean): string {
  const lines = [...countLines('Instruction', report.byInstruction)];
  if (withSites) lines.push('', ...countLines('Function', report.byFunction), '', ...siteLines(report));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function countLines(heading: string, counts: readonly SiteCount[]): string[] {
  const width = Math.max(heading.length, ...counts.map(({ name }) => name.length));
  const row = (name: string, found: string, patched: string, rest: string) =>
    `${name.padEnd(width)}  ${found.padStart(6)}  ${patched.padStart(7)}  ${rest}`;
  return [
    row(heading, 'sites', 'patched', 'refused'),
    ...counts.map(({ name, found, patched, refused }) => row(name, String(found), String(patched), refusalText(refused))),
  ];
}

function refusalText(refused: SiteCount['refused']): string {
  return Object.entries(refused)
    .map(([refusal, count]) => `${count}: ${REFUSALS[refusal as Refusal]}`)
    .join('; ');
}

function siteLines({ sites }: PatchReport): string[] {
  return sites.map(({ ea, symbol, before, after, refused }) => {
    const place = `${ea.toString(16).padStart(8, '0')}  ${(symbol ?? '').padEnd(32)}  ${before.padEnd(20)}`;
    return after === undefined ? `${place}  refused: ${refused}` : `${place}  ->  ${after}`;
  });
}
