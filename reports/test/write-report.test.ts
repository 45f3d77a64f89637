import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeResult } from '@exitlab/results';
import { syntheticBench, syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { CHARTS, reportInput, writeReport } from '../src/index.js';

async function writtenReport(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'exitlab-report-'));
  const file = join(folder, 'bench.json');
  await writeResult(file, syntheticBench());
  await writeReport([file], join(folder, 'report'), 'A <b>title</b>');
  return join(folder, 'report');
}

test('a report is Markdown, HTML, CSV and charts, and nothing is left over', async (t) => {
  const folder = await writtenReport();
  t.deepEqual((await readdir(folder)).sort(), ['charts', 'exits.csv', 'report.html', 'report.md']);
  t.true((await readdir(join(folder, 'charts'))).every((name) => name.endsWith('.svg')));
});

test('two reports of the same results are the same to the byte', async (t) => {
  const [a, b] = [await writtenReport(), await writtenReport()];
  for (const name of ['report.md', 'report.html', 'exits.csv', 'charts/exits-by-type.svg']) {
    t.is(await readFile(join(a, name), 'utf8'), await readFile(join(b, name), 'utf8'), name);
  }
});

test('the page needs nothing from outside and runs nothing', async (t) => {
  const html = await readFile(join(await writtenReport(), 'report.html'), 'utf8');
  t.false(/<script|<link|<img|@import|url\(|\son\w+=/i.test(html));
  t.deepEqual(
    [...html.matchAll(/https?:\/\/[^"'\s<>]+/g)].map((match) => match[0]).filter((url) => !url.startsWith('http://www.w3.org/')),
    [],
  );
  t.true(html.includes('<h1>A &#60;b&#62;title&#60;/b&#62;</h1>'));
});

test('every link of the contents has its target, and targets are unique', async (t) => {
  const html = await readFile(join(await writtenReport(), 'report.html'), 'utf8');
  const ids = [...html.matchAll(/<h\d id="([^"]+)"/g)].map((match) => match[1]);
  const links = [...html.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  t.true(links.length > 5);
  for (const link of links) t.is(ids.filter((id) => id === link).length, 1, link);
});

test('every table and chart says which of the three measures it shows', async (t) => {
  const markdown = await readFile(join(await writtenReport(), 'report.md'), 'utf8');
  const lines = markdown.split('\n');
  const label = /^\*(Counts|Modelled time|Host time): /;
  const tables = lines.flatMap((line, i) => (/^\| ---/.test(line) ? [i] : []));
  t.true(tables.length > 10);
  for (const i of tables) t.regex(lines[i - 3] ?? '', label);
  const charts = lines.flatMap((line, i) => (line.startsWith('![') ? [i] : []));
  t.is(charts.length, CHARTS.length);
  for (const i of charts) t.regex(lines[i + 2] ?? '', label);
});

test('each workload under each strategy with a hypervisor has its exit-timing table', async (t) => {
  const markdown = await readFile(join(await writtenReport(), 'report.md'), 'utf8');
  for (const workload of ['crc', 'kernel', 'kernel: tick', 'linux-kuap: fork']) {
    t.true(markdown.includes(`#### ${workload}, trap\n`), workload);
    t.true(markdown.includes(`#### ${workload}, patched\n`), workload);
    t.false(markdown.includes(`#### ${workload}, native\n`), workload);
  }
});

test('host time stands by itself, under its own heading, with the machine', async (t) => {
  const markdown = await readFile(join(await writtenReport(), 'report.md'), 'utf8');
  const [before, section] = markdown.split('\n## Host time\n');
  t.true(section?.includes('Test CPU'));
  t.false(before?.includes('Median'));
});

test('single runs make a report as well, each file a strategy', (t) => {
  const files = ['native', 'trap', 'patched'].map((strategy) => ({ file: `${strategy}.json`, result: syntheticRun({ strategy }) }));
  t.is(reportInput(files, 'Test').workloads.length, 3);
});

test('two files with the same guest and strategy are not comparable', (t) => {
  const files = ['a.json', 'b.json'].map((file) => ({ file, result: syntheticRun() }));
  t.throws(() => reportInput(files, 'Test'), { name: 'NotComparableError', message: /a\.json and b\.json both hold/ });
});

test('a run without a hypervisor has no cost profile that could differ', (t) => {
  const native = { ...syntheticRun({ strategy: 'native' }), costProfile: { name: 'one-cycle-an-instruction', version: '1' } };
  const files = [syntheticRun(), native, syntheticRun({ strategy: 'patched' })].map((result, i) => ({ file: `${i}.json`, result }));
  t.is(reportInput(files, 'Test').runs.length, 3);
});

test('runs of a guest with different cost profiles are not comparable', (t) => {
  const trap = syntheticRun();
  const patched = { ...syntheticRun({ strategy: 'patched' }), costProfile: { name: 'linux-2.6.27', version: '1' } };
  const files = [trap, patched].map((result, i) => ({ file: `${i}.json`, result }));
  t.throws(() => reportInput(files, 'Test'), { name: 'NotComparableError', message: /cost profiles/ });
});
