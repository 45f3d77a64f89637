import { syntheticBench } from '@exitlab/results/synthetic';
import test from 'ava';
import { fillBlocks, reportInput } from '../src/index.js';

const input = reportInput([{ file: 'b.json', result: syntheticBench() }], 'Test');
const block = (request: string, body = ''): string => `<!-- exitlab: ${request} -->\n${body}<!-- /exitlab -->`;

test('blocks are filled and the text around them stays', async (t) => {
  const page = `# Mine\n\n${block('chart time-share')}\n\nBetween.\n\n${block('comparison')}\n\n${block('timing kernel trap')}\nEnd.\n`;
  const { text, images } = await fillBlocks(page, input, 'docs/images');
  t.regex(text, /^# Mine\n\n<!-- exitlab: chart time-share -->\n!\[Where modelled time goes\]\(docs\/images\/time-share\.svg\)/);
  t.regex(text, /\n\| Workload \| Exits, trap \|/);
  t.regex(text, /\n\| Type \| Count \|/);
  t.true(text.includes('\n\nBetween.\n\n') && text.endsWith('\nEnd.\n'));
  t.deepEqual([...images.keys()], ['time-share.svg']);
});

test('filling twice is the same as filling once', async (t) => {
  const once = await fillBlocks(block('comparison', 'something old\n'), input, 'images');
  t.deepEqual(await fillBlocks(once.text, input, 'images'), once);
});

for (const request of ['chart nonsense', 'timing kernel native', 'timing nobody trap', 'poem']) {
  test(`a block that asks for "${request}" is refused in one sentence`, async (t) => {
    await t.throwsAsync(fillBlocks(block(request), input, 'images'), { name: 'NotComparableError', message: /^[^\n]*\.$/ });
  });
}
