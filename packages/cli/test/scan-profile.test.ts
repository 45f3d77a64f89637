import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGuest } from '@exitlab/bench';
import type { Prediction, RunResult } from '@exitlab/results';
import { syntheticBench } from '@exitlab/results/synthetic';
import test from 'ava';
import { cli, ExitStatus } from './fake-machines.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-profile-'));
const IMAGE = new URL('../../../../bench/guests/elf/privileged.elf', import.meta.url).pathname;
const OTHER_IMAGE = new URL('../../../../bench/guests/elf/syscall.elf', import.meta.url).pathname;
const PROFILE = join(folder, 'profile.json');

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function profiledRun(image: string): Promise<RunResult> {
  const kernel = { path: image, bytes: readFileSync(image) };
  const spec = {
    name: 'guest',
    strategy: 'trap',
    kernel,
    memoryBytes: 64 * 2 ** 20,
    unsupported: 'fill',
    policy: {},
    profile: true,
  } as const;
  const surroundings = { toolVersion: 'test', secondsNow: () => 0, dateNow: () => new Date(0) };
  return runGuest(spec, { console: () => {}, signal: new AbortController().signal }, surroundings);
}

const changed = async (name: string, change: (run: RunResult) => object): Promise<string> =>
  write(name, JSON.stringify({ ...JSON.parse(readFileSync(PROFILE, 'utf8')), ...change(JSON.parse(readFileSync(PROFILE, 'utf8'))) }));

test.before('a profile is made', async () => {
  writeFileSync(PROFILE, JSON.stringify(await profiledRun(IMAGE)));
});

test('scan with a profile ranks patches by modelled time saved, and writes curve, list and chart', async (t) => {
  const out = join(folder, 'out');
  const { status, stdout, stderr } = await cli(['scan', IMAGE, '--profile', PROFILE, '--out', out]);
  t.is(status, ExitStatus.fine, stderr);
  t.regex(stdout, /^ +1 +[\d,]+ +\d+\.\d{3} +0\.000 +[0-9a-f]{8} /m);
  t.regex(stdout, /^ +none +\d+\.\d+ ms +0\.0 % saved \(measured\)$/m);
  const { ranking, curve, measuredCycles } = JSON.parse(readFileSync(join(out, 'prediction.json'), 'utf8')) as Prediction;
  t.true(ranking.length > 1);
  t.true(ranking.every(({ savedCycles }, index) => index === 0 || savedCycles <= ranking[index - 1]!.savedCycles));
  t.is(curve[0]!.patches, 1);
  t.is(curve.at(-1)!.patches, ranking.length);
  t.true(curve[0]!.cycles < measuredCycles);
  t.is(readFileSync(join(out, 'sites.txt'), 'utf8').trimEnd().split('\n').length, ranking.length);
  t.regex(readFileSync(join(out, 'saving.svg'), 'utf8'), /^<svg /);
});

test('patch takes the best patches by a profile, or a list of sites, and nothing else', async (t) => {
  const best = JSON.parse((await cli(['patch', IMAGE, '-o', join(folder, 'best'), '--best', '2', '--profile', PROFILE, '--json'])).stdout);
  const { ranking } = JSON.parse((await cli(['scan', IMAGE, '--profile', PROFILE, '--json'])).stdout) as Prediction;
  const eas = ranking.slice(0, 2).flatMap(({ sites }) => sites.map(({ ea }) => ea));
  t.is(best.patched, eas.length);
  const list = write('sites', `${eas.map((ea) => `0x${ea.toString(16)}`).join('\n')} # the best\n`);
  const listed = JSON.parse((await cli(['patch', IMAGE, '-o', join(folder, 'listed'), '--sites-from', list, '--json'])).stdout);
  t.deepEqual(listed, best);
  t.deepEqual(readFileSync(join(folder, 'listed')), readFileSync(join(folder, 'best')));
});

const BAD_PROFILES = [
  { what: 'a result without one', path: () => changed('without', () => ({ profile: undefined })), sentence: /holds no profile; make one/ },
  { what: 'a bench', path: async () => write('bench', JSON.stringify(syntheticBench())), sentence: /holds no profile; make one/ },
  {
    what: 'one of another image',
    path: async () => write('other', JSON.stringify(await profiledRun(OTHER_IMAGE))),
    sentence: /is a profile of another image/,
  },
  {
    what: 'one under another strategy',
    path: () => changed('pv', () => ({ strategy: 'pv' })),
    sentence: /under the strategy pv; make one under trap/,
  },
  {
    what: 'one with another replacement',
    path: () => changed('lru', ({ policy }) => ({ policy: { ...policy, replacement: 'lru' } })),
    sentence: /replacement lru, whose misses cannot be predicted/,
  },
  {
    what: 'a truncated file',
    path: async () => write('short', readFileSync(PROFILE, 'utf8').slice(0, 1000)),
    sentence: /it is not JSON \(is it complete\?\)/,
  },
  {
    what: 'a damaged one',
    path: () => changed('damaged', ({ profile }) => ({ profile: { ...profile, windows: [{ phase: 0, slots: [], events: 'x' }] } })),
    sentence: /is damaged at "profile\.windows\.0\.events"/,
  },
  { what: 'a missing file', path: async () => join(folder, 'nowhere'), sentence: /there is no such file/ },
];

for (const { what, path, sentence } of BAD_PROFILES) {
  test(`scan refuses as a profile ${what} in one sentence, with status 2`, async (t) => {
    const { status, stdout, stderr } = await cli(['scan', IMAGE, '--profile', await path()]);
    t.is(status, ExitStatus.badInput);
    t.is(stdout, '');
    t.regex(stderr, sentence);
    t.is(stderr.trimEnd().split('\n').length, 1);
  });
}

const BAD_CHOICES = [
  { args: ['--best', '2'], sentence: /needs --profile/ },
  { args: ['--profile', PROFILE], sentence: /needs --best/ },
  { args: ['--best', 'x', '--profile', PROFILE], sentence: /whole number from 1/ },
  { args: ['--sites-from', write('words', 'mtmsr\n')], sentence: /is no list of sites: "mtmsr"/ },
  { args: ['--sites-from', write('odd', '0x1002\n')], sentence: /is no list of sites: "0x1002"/ },
  { args: ['--sites-from', write('empty', '# nothing\n')], sentence: /names no site/ },
  { args: ['--sites-from', write('one', '0x1000\n'), '--best', '1', '--profile', PROFILE], sentence: /both choose sites/ },
];

for (const { args, sentence } of BAD_CHOICES) {
  test(`patch ${args.map((arg) => arg.replace(folder, '…')).join(' ')} is refused in one sentence, with status 2`, async (t) => {
    const { status, stderr } = await cli(['patch', IMAGE, '-o', join(folder, 'never'), ...args]);
    t.is(status, ExitStatus.badInput);
    t.regex(stderr, sentence);
    t.is(stderr.trimEnd().split('\n').length, 1);
  });
}

test('paths of a guest that has no such workload end in one sentence, with status 2', async (t) => {
  const { status, stderr } = await cli(['paths', '--kernel', OTHER_IMAGE]);
  t.is(status, ExitStatus.badInput);
  t.regex(stderr, /does not start its workload getppid: its run ends by reset/);
});
