import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CLASS_TIMING,
  coreSeconds,
  EXIT_TIMING,
  LIKELY_TIMING,
  ONE_CYCLE_TIMING,
  sensitivity,
  TIMING_ROWS,
  timedWork,
} from '../bench/dist/src/index.js';
import { readResult, writeAtomically } from '../packages/results/dist/src/index.js';
import { markdownTable } from '../reports/dist/src/index.js';
import { root, runSteps, StepError } from './workspace.mjs';

/**
 * Puts the tables of figures and the sensitivity into docs/timing-model.md, between `<!-- timing: … -->` and `<!-- /timing -->`:
 * node scripts/update-timing-model.mjs [CORE_MHZ [FOLDER]]; the folder holds native.json, trap.json and patched.json, results of one
 * guest that `exitlab run --instruction-mix` has written (default out/timing). The workspace must be built.
 */
const PAGE = join(root, 'docs/timing-model.md');
const BLOCK = /(<!-- timing: (\w+) -->\n)[\s\S]*?(<!-- \/timing -->)/g;
const coreHz = Number(process.argv[2] ?? 400) * 1e6;
const folder = process.argv[3] ?? join(root, 'out/timing');
const ORACLE_HZ = 1e9;

await runSteps([
  async () => {
    try {
      await update();
    } catch (error) {
      if (!['ResultFileError', 'TimingInputError'].includes(error.name)) throw error;
      throw new StepError(error.message, 2);
    }
  },
]);

async function update() {
  const work = {};
  for (const strategy of ['native', 'trap', 'patched']) {
    work[strategy] = timedWork(await readResult(join(folder, `${strategy}.json`)));
  }
  const tables = {
    guest: figures(CLASS_TIMING),
    exits: figures(EXIT_TIMING),
    times: times(work),
    trap: movement(work.trap, work.native),
    patched: movement(work.patched, work.trap),
  };
  const page = await readFile(PAGE, 'utf8');
  await writeAtomically(
    PAGE,
    page.replace(BLOCK, (_, begin, name, end) => `${begin}${markdownTable(tables[name])}\n${end}`),
  );
}

function figures(rows) {
  return table(
    'Figure',
    '#Low',
    '#Likely',
    '#High',
    'Source',
    Object.values(rows).map(({ meaning, low, likely, high, source }) => [meaning, String(low), String(likely), String(high), source]),
  );
}

function times(work) {
  const settings = [
    ['the 440 with likely values', LIKELY_TIMING, coreHz],
    ['one cycle an instruction', ONE_CYCLE_TIMING, coreHz],
    ['the oracle: one instruction is 1 ns', ONE_CYCLE_TIMING, ORACLE_HZ],
  ];
  const rows = settings.map(([name, timing, hz]) => {
    const [native, trap, patched] = ['native', 'trap', 'patched'].map((strategy) => coreSeconds(work[strategy], timing, hz));
    const ms = [native, trap, patched].map((seconds) => (seconds * 1e3).toFixed(1));
    return [`${name}, ${hz / 1e6} MHz`, ...ms, (trap / native).toFixed(2), (patched / trap).toFixed(3)];
  });
  return table('Setting', '#native, ms', '#trap, ms', '#patched, ms', '#trap / native', '#patched / trap', rows);
}

function movement(of, to) {
  const rows = sensitivity(of, to)
    .filter(({ low, high }) => Math.abs(high - low) >= 0.0005)
    .map(({ name, low, high }) => [TIMING_ROWS[name].meaning, low.toFixed(3), high.toFixed(3), (high - low).toFixed(3)]);
  return table('Figure', '#Ratio at its low end', '#At its high end', '#Movement', rows);
}

/** Titles and, last, the rows; a title that begins with # is a column of numbers. */
function table(...titlesAndRows) {
  const rows = titlesAndRows.pop();
  const columns = titlesAndRows.map((title) => ({ title: title.replace(/^#/, ''), kind: title.startsWith('#') ? 'number' : 'text' }));
  return { measures: ['modelled time'], columns, rows };
}
