import { join } from 'node:path';
import { isAsExpected, type PathsResult, pathsText, writeAtomically } from '@exitlab/results';
import type { Block, Document } from '../document.js';
import { markdown } from '../markdown.js';
import { guestTitle, pathSummaryTable, publishedTable, steadyStateTable, stepTable } from './path-tables.js';

/**
 * Writes paths of guests into `folder`: `report.md`, and `paths-N.json` for each guest. `command` is what makes the same files again.
 * @returns the path of the report
 * @throws ResultFileError for a file that cannot be written
 */
export async function writePathsReport(results: readonly PathsResult[], folder: string, command: string): Promise<string> {
  for (const [index, result] of results.entries()) await writeAtomically(join(folder, `paths-${index + 1}.json`), pathsText(result));
  const report = join(folder, 'report.md');
  await writeAtomically(report, markdown(pathsDocument(results, command)));
  return report;
}

/** The report, pure. */
export function pathsDocument(results: readonly PathsResult[], command: string): Document {
  const runs = results.flatMap(({ paths }) => paths.flatMap((path) => path.runs));
  const agreeing = runs.filter(isAsExpected).length;
  return {
    title: 'The exits of a path: expected from the guest’s code, and measured',
    subtitle: `ExitLab ${results[0]?.toolVersion ?? ''} · ${results.map((result) => `\`${guestTitle(result)}\``).join(', ')}`,
    blocks: [
      paragraph(`Made by \`${command}\`.`),
      paragraph(
        'A path is found by following the guest natively, instruction by instruction, without a hypervisor. What is expected is read off these instructions: under `trap` each privileged one is an exit, and so are the interrupt that begins the path and the `rfi` that ends it; under `pv` those are gone that Linux patches in itself, under `patched` those that the plan of the patcher takes away, and three joined `tlbwe` count once. What is measured is the list of exits that the hypervisor took, the one that came most often while the workload ran. Virtual TLB misses, the decrementer and external interrupts are not in the lists: they depend on what the shadow TLB holds, and on the time.',
      ),
      paragraph(
        `${agreeing} of ${runs.length} lists are just those expected. KVM never offered the shared page on the 440, so \`pv\` and \`patched\` are what-ifs on the same hardware.`,
      ),
      heading(2, 'Exits of one time through'),
      table(pathSummaryTable(results)),
      heading(3, 'What others counted'),
      table(publishedTable()),
      heading(2, 'Mean over a workload'),
      paragraph(
        'All exits of the workload, divided by the times that it went through the path: what comes in between is in it, such as first touches of pages and console output. A path that makes no exit is not seen, and has no row.',
      ),
      table(steadyStateTable(results)),
      ...results.flatMap((result): Block[] => [
        heading(2, guestTitle(result)),
        ...result.paths.flatMap((path): Block[] => [
          heading(3, path.title),
          paragraph(`${path.instructions} instructions, of which these leave an unmodified guest:`),
          table(stepTable(path)),
          ...path.runs.flatMap(({ label, others }): Block[] =>
            others.length === 0
              ? []
              : [paragraph(`Under \`${label}\` also: ${others.map(({ pc, type }) => `\`${type}\` at ${pc.toString(16)}`).join(', ')}.`)],
          ),
        ]),
      ]),
    ],
  };
}

const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
const heading = (level: 2 | 3, text: string): Block => ({ kind: 'heading', level, text });
const table = (content: Extract<Block, { kind: 'table' }>['table']): Block => ({ kind: 'table', table: content });
