import { syntheticBench, syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import type { TopLevelSpec } from 'vega-lite';
import { CHARTS, renderChart, reportInput } from '../src/index.js';

const input = reportInput([{ file: 'bench.json', result: syntheticBench() }], 'Test');
/** Charts that show all guests together. */
const OVER_ALL_GUESTS = ['exit-parts'];
const NAME = { title: 'Bars', description: 'Of a test.' };

for (const chart of CHARTS) {
  test(`"${chart.title}" draws without a warning, shows every mark, and is the same picture every time`, async (t) => {
    const drawing = chart.spec(input);
    if (drawing === undefined) return t.fail('nothing drawn');
    t.true(drawing.drawnMarks > 0);
    const draw = (): Promise<string> => renderChart(drawing.spec, { title: chart.title, description: chart.caption }, drawing.drawnMarks);
    const svg = await draw();
    t.is(await draw(), svg);
    t.regex(svg, /^<svg [^>]*role="img"><title>/);
    t.false(/NaN|undefined|Infinity/.test(svg));
    return undefined;
  });

  test(`"${chart.title}" is left out where there is nothing to draw`, (t) => {
    t.is(chart.spec(reportInput([{ file: 'native.json', result: syntheticRun({ strategy: 'native' }) }], 'Test')), undefined);
  });

  test(`"${chart.title}" cuts no name short`, async (t) => {
    const guest = 'a-guest-with-a-rather-long-name';
    const bench = syntheticBench();
    const rename = <T extends { guest: { name: string } }>(run: T): T => ({ ...run, guest: { ...run.guest, name: guest } });
    const runs = bench.runs.filter((run) => run.guest.name === 'kernel').map(rename);
    const samples = bench.host.samples.filter((sample) => sample.guest === 'kernel').map((sample) => ({ ...sample, guest }));
    const drawing = chart.spec(reportInput([{ file: 'b.json', result: { ...bench, runs, host: { ...bench.host, samples } } }], 'Test'));
    const svg = await renderChart(drawing!.spec, NAME, drawing!.drawnMarks);
    t.is(svg.includes(`>${guest}</text>`), !OVER_ALL_GUESTS.includes(chart.id));
    t.false(svg.includes('…'));
  });
}

test('every chart has a name of its own', (t) => {
  t.is(new Set(CHARTS.map((chart) => chart.id)).size, CHARTS.length);
});

/** Bars as in vega-lite issue 1582: on a logarithmic scale they have no width, and with `domainMin` there is not even a warning. */
const bars = (scale: object): TopLevelSpec => ({
  data: { values: [10, 100, 1000].map((n) => ({ n, type: `t${n}` })) },
  mark: 'bar',
  encoding: {
    x: { field: 'n', type: 'quantitative', scale },
    y: { field: 'type', type: 'nominal' },
    color: { field: 'type', type: 'nominal' },
  },
});

test('bars that cannot be seen are an error although Vega is content', async (t) => {
  await t.throwsAsync(renderChart(bars({ type: 'log', domainMin: 1 }), NAME, 3), {
    name: 'ChartError',
    message: /shows 0 marks instead of 3/,
  });
  await t.notThrowsAsync(renderChart(bars({ type: 'linear' }), NAME, 3));
});

test('a warning of Vega is an error', async (t) => {
  await t.throwsAsync(renderChart(bars({ type: 'log' }), NAME, 3), { name: 'ChartError', message: /"Bars": / });
});

test('a name with angle brackets does not end the markup of a chart', async (t) => {
  const svg = await renderChart(bars({}), { title: '</title><b>&"', description: '' }, 3);
  t.true(svg.includes('<title>&#60;/title&#62;&#60;b&#62;&#38;&#34;</title>'));
});
