import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  parseResult,
  type ResultFileError,
  type ResultFileFault,
  readResult,
  resultText,
  writeAtomically,
  writeResult,
} from '../src/index.js';
import { syntheticBench, syntheticRun } from './synthetic-results.js';

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'exitlab-results-'));

test('what is written is read back unchanged', async (t) => {
  const folder = await temporaryFolder();
  for (const result of [syntheticRun({ phases: ['boot'] }), syntheticRun({ strategy: 'native' }), syntheticBench()]) {
    const file = join(folder, 'deep', 'result.json');
    await writeResult(file, result);
    t.deepEqual(await readResult(file), result);
  }
});

test('the order in which a result was put together does not show in its file', (t) => {
  const run = syntheticRun();
  const reversed = Object.fromEntries(Object.entries(run).reverse()) as unknown as typeof run;
  t.is(resultText(reversed), resultText(run));
});

test('two runs differ after the key "host" only', (t) => {
  const a = resultText(syntheticRun({ wallSeconds: 1 }));
  const b = resultText(syntheticRun({ wallSeconds: 2 }));
  const beforeHost = (text: string): string => text.slice(0, text.indexOf('\n  "host": {'));
  t.not(a, b);
  t.is(beforeHost(a), beforeHost(b));
  t.deepEqual(Object.keys(JSON.parse(a)).at(-1), 'host');
});

const valid = (): Record<string, unknown> => JSON.parse(resultText(syntheticRun()));
const BAD_FILES: readonly { name: string; text: string; fault: ResultFileFault; says: RegExp }[] = [
  { name: 'an empty file', text: '', fault: 'not-json', says: /not JSON/ },
  { name: 'half a result', text: resultText(syntheticRun()).slice(0, 500), fault: 'not-json', says: /complete/ },
  { name: 'JSON of something else', text: '{"version": 3}', fault: 'not-a-result', says: /not a result of exitlab/ },
  { name: 'JSON that is no object', text: '[1, 2]', fault: 'not-a-result', says: /not a result of exitlab/ },
  { name: 'null', text: 'null', fault: 'not-a-result', says: /not a result of exitlab/ },
  { name: 'a later version', text: '{"schema": "exitlab/run@2"}', fault: 'wrong-version', says: /exitlab\/run@2.*exitlab\/run@1/ },
  { name: 'a missing field', text: JSON.stringify({ ...valid(), strategy: undefined }), fault: 'invalid', says: /strategy/ },
  { name: 'a field too many', text: JSON.stringify({ ...valid(), speed: 1 }), fault: 'invalid', says: /speed/ },
  {
    name: 'an unknown end',
    text: JSON.stringify({ ...valid(), end: { reason: 'boredom', detail: '' } }),
    fault: 'invalid',
    says: /end\.reason/,
  },
  {
    name: 'a negative count',
    text: JSON.stringify({ ...valid(), counts: { guestInstructions: -1 } }),
    fault: 'invalid',
    says: /guestInstructions/,
  },
  {
    name: 'times that do not add up',
    text: JSON.stringify({ ...valid(), modelledTime: { cycles: 10, guestCycles: 1, hypervisorCycles: 1, idleCycles: 1 } }),
    fault: 'invalid',
    says: /do not add up/,
  },
];

for (const { name, text, fault, says } of BAD_FILES) {
  test(`${name} is refused in one sentence`, (t) => {
    const error = t.throws<ResultFileError>(() => parseResult(text, 'some.json'), { name: 'ResultFileError' });
    t.is(error?.fault, fault);
    t.regex(error?.message ?? '', says);
    t.regex(error?.message ?? '', /^.*some\.json.*\.$/);
    t.false(error?.message.includes('\n'));
  });
}

test('a file that is not there and a folder are refused in one sentence', async (t) => {
  const folder = await temporaryFolder();
  await t.throwsAsync(readResult(join(folder, 'none.json')), { name: 'ResultFileError', message: /there is no such file/ });
  await t.throwsAsync(readResult(folder), { name: 'ResultFileError', message: /it is a folder/ });
});

test('a write that fails leaves the old file and no temporary one', async (t) => {
  const folder = await temporaryFolder();
  const file = join(folder, 'result.json');
  await writeAtomically(file, 'old');
  // The target of the renaming is a folder, so the last step fails after all has been written.
  await t.throwsAsync(writeAtomically(folder, 'new'), { name: 'ResultFileError' });
  await writeFile(join(folder, 'plain'), '');
  await t.throwsAsync(writeAtomically(join(folder, 'plain', 'x.json'), 'new'), { message: /^Cannot write .*\.$/ });
  t.is(await readFile(file, 'utf8'), 'old');
  t.deepEqual((await readdir(folder)).sort(), ['plain', 'result.json']);
});

test('the example in the documentation is what this version writes', async (t) => {
  const example = new URL('../../../../docs/run-result-example.json', import.meta.url);
  const text = resultText(syntheticRun({ guest: 'example', weight: 0.01 }));
  if (process.env.EXITLAB_UPDATE_EXAMPLES === '1') await writeFile(example, text);
  t.is(await readFile(example, 'utf8'), text);
});

test('a pipe is written to, not replaced by a file', async (t) => {
  const pipe = join(await temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = await open(pipe, 'r+');
  await writeAtomically(pipe, 'through the pipe');
  const { buffer, bytesRead } = await reader.read(Buffer.alloc(64), 0, 64, null);
  await reader.close();
  t.is(buffer.toString('utf8', 0, bytesRead), 'through the pipe');
  t.true((await stat(pipe)).isFIFO());
});
