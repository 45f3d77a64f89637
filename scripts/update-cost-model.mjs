import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KVM_GENERATIONS, runMicroguests } from '../packages/hypervisor/dist/src/index.js';
import {
  HOST_TICK_INSTRUCTIONS,
  KERNELS,
  modesOf,
  ownExpiries,
  pricesOf,
  whyLeftOut,
} from '../packages/hypervisor/dist/test/oracle-exits.js';
import { ORACLE_FOLDER, oracleImage, oracleRows } from '../packages/hypervisor/dist/test/oracle-rows.js';
import { writeAtomically } from '../packages/results/dist/src/index.js';
import { markdownTable } from '../reports/dist/src/index.js';
import { root, runSteps } from './workspace.mjs';

/**
 * Puts the comparison with the real KVM into docs/cost-model.md, between `<!-- oracle: … -->` and `<!-- /oracle -->`:
 * node scripts/update-cost-model.mjs [FOLDER]; the folder holds exit-counts.csv, exit-costs.csv and microguests.bin, and is
 * packages/hypervisor/oracle if not given. The workspace must be built.
 */
const PAGE = join(root, 'docs/cost-model.md');
const BLOCK = /(<!-- oracle: (\w+) -->\n)[\s\S]*?(<!-- \/oracle -->)/g;
const folder = process.argv[2] ?? ORACLE_FOLDER;

await runSteps([
  async () => {
    const image = oracleImage(folder);
    const prices = priceLists(image);
    const tables = {
      totals: totalsTable(image),
      exits: exitsTable(prices),
      left: leftOutTable(),
      kernels: kernelsTable(prices),
      parts: partsTable(),
    };
    const page = await readFile(PAGE, 'utf8');
    await writeAtomically(
      PAGE,
      page.replace(BLOCK, (_, begin, name, end) => `${begin}${markdownTable(tables[name])}\n${end}`),
    );
  },
]);

/** One guest a row: exits and the total of host and guest instructions. */
function totalsTable(image) {
  const results = new Map(runMicroguests(image).map((result) => [result.name, result]));
  const rows = oracleRows('exit-counts.csv', folder).map((row) => {
    const result = results.get(row.guest);
    const ticks = Number(row.DEC) - ownExpiries(row.guest, result.n);
    const types = Object.keys(row).filter((column) => !['guest', 'n', 'host_instructions_total'].includes(column));
    const wrong = types.filter((type) => Number(row[type]) - (type === 'DEC' ? ticks : 0) !== (result.exits[type] ?? 0));
    const exits = types.reduce((sum, type) => sum + Number(row[type]), 0) - ticks;
    const ours = result.hostInstructions + result.guestInstructions + ticks * HOST_TICK_INSTRUCTIONS;
    const measured = Number(row.host_instructions_total);
    const equal = wrong.length === 0 ? 'equal' : `differ: ${wrong.join(', ')}`;
    return [row.guest, String(result.n), String(exits), equal, String(ticks), String(measured), String(ours), share(ours / measured - 1)];
  });
  return table('Guest', '#N', '#Exits', 'Counts by type', '#Host ticks', '#Instructions, measured', '#Ours', '#Deviation', rows);
}

/** What a guest's exits cost under a kernel; each guest runs once for each policy. */
function priceLists(image) {
  const known = new Map();
  return (guest, profile) => {
    const policyOf = profile === 'linux-3.4-64k' ? profile : 'linux-3.4';
    const key = `${policyOf} ${guest}`;
    if (!known.has(key)) known.set(key, pricesOf(guest, policyOf, image));
    return known.get(key).get(profile);
  };
}

/** Rows of exit-costs.csv that hold under a kernel, each with what was measured and what the model says. */
function comparedRows(prices, profile, column) {
  return oracleRows('exit-costs.csv', folder)
    .filter((row) => whyLeftOut(profile, row) === undefined && row[column] !== '')
    .map((row) => {
      const measured = Number(row[column]);
      return { row, measured, ours: nearest(modesOf(prices(row.guest, profile), row.instruction), measured) };
    });
}

/** One guest instruction a row, for Linux 3.4. */
function exitsTable(prices) {
  const rows = comparedRows(prices, 'linux-3.4', 'instructions_mode').map(({ row, measured, ours }) => [
    row.guest,
    `\`${row.instruction}\``,
    String(measured),
    String(ours),
    share(ours / measured - 1),
  ]);
  return table('Guest', 'Instruction', '#Measured (mode)', '#Ours', '#Deviation', rows);
}

/** How well each kernel's costs hold. */
function kernelsTable(prices) {
  const rows = KERNELS.map(({ profile, column }) => {
    const deviations = comparedRows(prices, profile, column).map(({ measured, ours }) => Math.abs(ours / measured - 1));
    const mean = deviations.reduce((sum, value) => sum + value, 0) / deviations.length;
    return [`\`${profile}\``, String(deviations.length), share(mean), share(Math.max(...deviations))];
  });
  return table('Cost profile', '#Rows', '#Mean deviation', '#Largest', rows);
}

function leftOutTable() {
  const rows = KERNELS.flatMap(({ profile, column }) =>
    oracleRows('exit-costs.csv', folder).flatMap((row) => {
      const why = whyLeftOut(profile, row) ?? (row[column] === '' ? 'not measured' : undefined);
      return why === undefined ? [] : [[`\`${profile}\``, row.guest, `\`${row.instruction}\``, why]];
    }),
  );
  return table('Cost profile', 'Guest', 'Instruction', 'Why', rows);
}

/** The default profile's parts that are no instruction's or handler's own. */
function partsTable() {
  const { parts } = KVM_GENERATIONS.find(({ costs }) => costs.name === 'linux-3.4').costs;
  const rows = Object.entries(parts).flatMap(([name, value]) => {
    if (name === 'instructions' || name === 'handlers' || typeof value !== 'object') return [];
    const costs = 'instructions' in value ? [[name, value]] : Object.entries(value).map(([inner, cost]) => [`${name}.${inner}`, cost]);
    return costs.map(([part, { instructions, source }]) => [`\`${part}\``, String(instructions), source]);
  });
  return table('Part', '#Host instructions', 'Source', rows);
}

function nearest(values, to) {
  return values.reduce((best, value) => (Math.abs(value - to) < Math.abs(best - to) ? value : best));
}

function share(value) {
  return `${(value * 100).toFixed(2)} %`;
}

/** Titles and, last, the rows; a title that begins with # is a column of numbers. */
function table(...titlesAndRows) {
  const rows = titlesAndRows.pop();
  const columns = titlesAndRows.map((title) => ({ title: title.replace(/^#/, ''), kind: title.startsWith('#') ? 'number' : 'text' }));
  return { measures: ['counts'], columns, rows };
}
