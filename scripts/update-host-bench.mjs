import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostSurroundings, hostTables } from '../bench/dist/src/host/host-table.js';
import { parseHostBench, writeAtomically } from '../packages/results/dist/src/index.js';
import { root, runSteps, StepError } from './workspace.mjs';

/**
 * Puts the tables of a run of the host bench into docs/host-bench.md, between `<!-- host-bench -->` and `<!-- /host-bench -->`:
 * node scripts/update-host-bench.mjs [RESULT.json], a result of `pnpm bench:host --json` (default out/host.json). The workspace must be
 * built.
 */
const PAGE = join(root, 'docs/host-bench.md');
const BLOCK = /(<!-- host-bench -->\n)[\s\S]*?(<!-- \/host-bench -->)/;
const file = process.argv[2] ?? join(root, 'out/host.json');

await runSteps([
  async () => {
    const result = parseHostBench(await textOf(file), file);
    const omissions = result.omissions.map((sentence) => `- ${sentence}\n`).join('');
    const block = `${hostSurroundings(result)}\n\n${hostTables(result.figures)}\n${omissions && `\n${omissions}`}`;
    const page = await readFile(PAGE, 'utf8');
    await writeAtomically(
      PAGE,
      page.replace(BLOCK, (_, begin, end) => `${begin}${block}${end}`),
    );
  },
]);

async function textOf(path) {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new StepError(`Cannot read ${path}: write it by "pnpm bench:host --json ${path}".`, 2);
  }
}
