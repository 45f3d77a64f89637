import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/**
 * Every command that a page shows is run, and prints what the page says: in blocks of ```console, a line `$ npx exitlab …` is a command
 * and what follows is what both streams print. A line `…` stands for any number of lines; host times are not compared.
 */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const EXITLAB = join(ROOT, 'packages/cli/bin/exitlab.mjs');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))];
const ANY_LINES = '…';

interface Example {
  readonly page: string;
  readonly command: string;
  readonly expected: string[];
}

function examplesOf(page: string): Example[] {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .flatMap((part) => {
        const [command = '', ...expected] = part.trimEnd().split('\n');
        return command.startsWith('npx exitlab ') ? [{ page, command, expected }] : [];
      }),
  );
}

function run(command: string, folder: string): Promise<string[]> {
  // The shell reads quotes as a reader's would; results that an example writes go into a folder of its own.
  const line = command.replace(/^npx exitlab/, `"${process.execPath}" "${EXITLAB}"`).replaceAll(' out/', ` ${folder}/`);
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${line} 2>&1 </dev/null`], { cwd: ROOT }, (_, stdout) =>
      resolve(stdout.replaceAll(`${folder}/`, 'out/').trimEnd().split('\n')),
    );
  });
}

const withoutHostTime = (line: string): string => line.replace(/[\d.,]+ (s|ms) host time/g, '# $1 host time').trimEnd();

function matches(expected: readonly string[], actual: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first === ANY_LINES) return actual.some((_, i) => matches(rest, actual.slice(i))) || matches(rest, []);
  return actual.length > 0 && withoutHostTime(first) === withoutHostTime(actual[0] ?? '') && matches(rest, actual.slice(1));
}

for (const example of PAGES.flatMap(examplesOf)) {
  test(`${example.page}: $ ${example.command}`, async (t) => {
    const actual = await run(example.command, await mkdtemp(join(tmpdir(), 'exitlab-docs-')));
    if (matches(example.expected, actual)) t.pass();
    else t.deepEqual(actual.map(withoutHostTime), example.expected.map(withoutHostTime));
  });
}

test('the README shows commands to run', (t) => {
  t.true(examplesOf('README.md').length >= 3);
});
