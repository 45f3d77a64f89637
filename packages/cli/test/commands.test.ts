import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestRunSpec } from '@exitlab/bench';
import { type RunResult, readResult, writeResult } from '@exitlab/results';
import { syntheticBench, syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { cli, ExitStatus } from './fake-machines.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-cli-'));
const kernel = join(folder, 'vmlinux');
writeFileSync(kernel, 'a kernel');
const run = (...args: string[]): string[] => ['run', '--strategy', 'trap', '--kernel', kernel, ...args];
const ending = (end: RunResult['end']) => ({ machines: { runGuest: async () => ({ ...syntheticRun({ weight: 0.01 }), end }) } });

test("the guest's console is on standard output and nothing else is", async (t) => {
  const { status, stdout, stderr } = await cli(run());
  t.is(status, ExitStatus.fine);
  t.is(stdout, 'Hello\n');
  t.regex(stderr, /^Ended \(reset\): /);
  t.regex(stderr, /types of ours: EMUL_MCSR\./);
});

test('all options of a run reach the machine', async (t) => {
  let spec: GuestRunSpec | undefined;
  const runGuest = async (given: GuestRunSpec) => {
    spec = given;
    return syntheticRun({ weight: 0.01 });
  };
  const options = [
    '--initrd',
    kernel,
    '--dtb',
    kernel,
    '--append',
    '0x10 -x',
    '--memory',
    '128M',
    '--expect',
    '^done$',
    '--timeout',
    '1.5',
  ];
  const more = ['--max-instructions', '1e6', '--unsupported', 'as-kvm', '--policy', 'shadowSlots=31', '--policy', 'mapping=lazy'];
  await cli(run(...options, ...more), { machines: { runGuest } });
  const file = { path: kernel, bytes: await readFile(kernel) };
  t.deepEqual(spec, {
    name: 'vmlinux',
    strategy: 'trap',
    kernel: file,
    initrd: file,
    dtb: file,
    append: '0x10 -x',
    expect: /^done$/m,
    timeoutSeconds: 1.5,
    maxInstructions: 1_000_000,
    memoryBytes: 2 ** 27,
    unsupported: 'as-kvm',
    policy: { shadowSlots: '31', mapping: 'lazy' },
  });
});

test('by default a guest has 64 MB and what KVM leaves out is filled', async (t) => {
  let spec: GuestRunSpec | undefined;
  const runGuest = async (given: GuestRunSpec) => {
    spec = given;
    return syntheticRun({ weight: 0.01 });
  };
  await cli(run(), { machines: { runGuest } });
  t.is(spec?.memoryBytes, 2 ** 26);
  t.is(spec?.unsupported, 'fill');
  t.deepEqual(spec?.policy, {});
});

test('--json and --kvm-timing write files', async (t) => {
  const json = join(folder, 'run.json');
  const timing = join(folder, 'timing');
  await cli(run('--json', json, '--kvm-timing', timing));
  t.like(await readResult(json), { schema: 'exitlab/run@1', strategy: 'trap' });
  t.true((await readFile(timing, 'utf8')).startsWith('type\tcount\tmin\tmax\tsum\tsum_squared\n'));
});

/** How a run ends, whether text was expected, and the status that follows. */
const ENDS: readonly (readonly [RunResult['end']['reason'], expects: boolean, status: ExitStatus])[] = [
  ['reset', false, ExitStatus.fine],
  ['reset', true, ExitStatus.failed],
  ['expected-text', true, ExitStatus.fine],
  ['halt', false, ExitStatus.fine],
  ['halt', true, ExitStatus.failed],
  ['instruction-limit', false, ExitStatus.fine],
  ['instruction-limit', true, ExitStatus.failed],
  ['time-limit', false, ExitStatus.fine],
  ['time-limit', true, ExitStatus.failed],
  ['panic', false, ExitStatus.failed],
  ['endless-fault', false, ExitStatus.failed],
  ['unsupported', false, ExitStatus.failed],
  ['interrupted', false, ExitStatus.interrupted],
];
for (const [reason, expects, wanted] of ENDS) {
  test(`a run that ends by ${reason} ${expects ? 'with' : 'without'} expected text exits ${wanted}`, async (t) => {
    const args = expects ? run('--expect', 'done') : run();
    const { status, stderr } = await cli(args, ending({ reason, detail: 'At 0x1234.' }));
    t.is(status, wanted);
    t.true(stderr.includes(`Ended (${reason}): At 0x1234.\n`));
  });
}

test('an interrupted run keeps its partial result', async (t) => {
  const json = join(folder, 'partial.json');
  const { status } = await cli(run('--json', json), ending({ reason: 'interrupted', detail: 'Ctrl-C.' }));
  t.is(status, ExitStatus.interrupted);
  t.like(await readResult(json), { end: { reason: 'interrupted' } });
});

test('a report is made of result files', async (t) => {
  const file = join(folder, 'bench.json');
  await writeResult(file, syntheticBench());
  const { status, stderr } = await cli(['report', file, '--out', join(folder, 'report'), '--title', 'Mine']);
  t.is(status, ExitStatus.fine);
  t.true(stderr.includes(join(folder, 'report', 'report.html')));
  t.true((await readFile(join(folder, 'report', 'report.md'), 'utf8')).startsWith('# Mine\n'));
});

test('results that cannot stand in one report exit 3 in one sentence', async (t) => {
  const files = ['one.json', 'two.json'].map((name) => join(folder, name));
  for (const file of files) await writeResult(file, syntheticRun({ weight: 0.01 }));
  const { status, stderr } = await cli(['report', ...files, '--out', join(folder, 'never')]);
  t.is(status, ExitStatus.notComparable);
  t.regex(stderr, /^exitlab: [^\n]*\.\n$/);
});

test('micro guests are printed as the array that the driver protocol asks for', async (t) => {
  const { status, stdout, stderr } = await cli(['microguests', kernel, '--only', 'tlbwe', '--json']);
  t.is(status, ExitStatus.fine);
  t.deepEqual(JSON.parse(stdout), [
    { name: 'tlbwe', n: 100, exits: { EMUL_MFSPR: 100, DEC: 1 }, hostInstructions: 30_000, guestInstructions: 500 },
  ]);
  t.is(stderr, '');
});

test('without --json micro guests are a line each, exits in the order of exit timing', async (t) => {
  const { stdout } = await cli(['microguests', kernel]);
  t.deepEqual(stdout.split('\n'), ['mfspr      100  EMUL_MFSPR 100, DEC 1', 'tlbwe      100  EMUL_MFSPR 100, DEC 1', '']);
});

test('Ctrl-C between micro guests prints those that are done', async (t) => {
  const interruption = new AbortController();
  const openMicroguests = () => ({
    names: ['a', 'b'],
    run: async (name: string) => {
      interruption.abort();
      return { name, n: 1, exits: {}, hostInstructions: 0, guestInstructions: 0 };
    },
  });
  const { status, stdout } = await cli(['microguests', kernel, '--json'], { machines: { openMicroguests }, signal: interruption.signal });
  t.is(status, ExitStatus.interrupted);
  t.is(JSON.parse(stdout).length, 1);
});

test('progress is for terminals only, and leaves nothing behind', async (t) => {
  const { stderr } = await cli(['microguests', kernel, '--json'], { terminal: true });
  t.true(stderr.includes('1/2 tlbwe'));
  t.true(stderr.endsWith('\r\u001b[K'));
});

const guests = ['crc', 'sort', 'linux'].map((name) => ({ name, kernel, memoryBytes: 2 ** 26, byDefault: name !== 'linux' }));

test('a bench runs the default guests under the default strategies and writes result and CSV', async (t) => {
  const out = join(folder, 'bench');
  const { status, stdout, stderr } = await cli(['bench', '--out', out], { guests });
  t.is(status, ExitStatus.fine);
  t.is(stdout, '');
  t.regex(stderr, /^6 measurements, 3 repetitions each/);
  const result = await readResult(join(out, 'bench.json'));
  t.like(result, { schema: 'exitlab/bench@1', complete: true, repetitions: 3 });
  t.true((await readFile(join(out, 'exits.csv'), 'utf8')).includes('\nsort,patched,,DTLBVIRT,'));
});

test('a bench of chosen guests and strategies', async (t) => {
  const out = join(folder, 'chosen');
  await cli(['bench', '--out', out, '--guests', 'linux', '--strategies', 'trap,native', '--repetitions', '1'], { guests });
  const result = await readResult(join(out, 'bench.json'));
  t.deepEqual('runs' in result ? result.runs.map((one) => `${one.guest.name}/${one.strategy}`) : [], ['linux/trap', 'linux/native']);
});

test('a bench with a failed guest says which and exits 1, with the others measured', async (t) => {
  const out = join(folder, 'failed');
  const runGuest = async (spec: GuestRunSpec): Promise<RunResult> => {
    const result = syntheticRun({ guest: spec.name, strategy: spec.strategy, weight: 0.01 });
    return spec.name === 'crc' ? { ...result, end: { reason: 'panic', detail: 'Oops.' } } : result;
  };
  const { status, stderr } = await cli(['bench', '--out', out, '--strategies', 'trap'], { guests, machines: { runGuest } });
  t.is(status, ExitStatus.failed);
  t.regex(stderr, /^Failed: crc under trap\. .*Oops\.$/m);
  t.is(JSON.parse(await readFile(join(out, 'bench.json'), 'utf8')).runs.length, 1);
});

test('an interrupted bench keeps what is complete', async (t) => {
  const out = join(folder, 'interrupted');
  const interruption = new AbortController();
  const runGuest = async (spec: GuestRunSpec): Promise<RunResult> => {
    const result = syntheticRun({ guest: spec.name, strategy: spec.strategy, weight: 0.01 });
    if (spec.name === 'crc') return result;
    interruption.abort();
    return { ...result, end: { reason: 'interrupted', detail: 'Ctrl-C.' } };
  };
  const args = ['bench', '--out', out, '--strategies', 'trap'];
  const { status } = await cli(args, { guests, machines: { runGuest }, signal: interruption.signal });
  t.is(status, ExitStatus.interrupted);
  t.like(JSON.parse(await readFile(join(out, 'bench.json'), 'utf8')), { complete: false, runs: [{ guest: { name: 'crc' } }] });
});

test('a sweep without a direction, over no policy, or of an unknown profile is refused', async (t) => {
  t.is((await cli(['sweep', '--guest', 'kernel'])).status, ExitStatus.badInput);
  const malformed = await cli(['sweep', '--guest', 'kernel', '--over', 'shadowSlots']);
  t.regex(malformed.stderr, /takes NAME=VALUES, such as shadowSlots=8,16,32/);
  const unknown = await cli(['sweep', '--guest', 'kernel', '--over', 'costProfile=linux-3.5']);
  t.regex(unknown.stderr, /There is no cost profile "linux-3\.5" \(did you mean "linux-3\.[14]"\?\)/);
});

test('layouts are of guests that are named, under strategies that there are', async (t) => {
  t.regex((await cli(['layouts'])).stderr, /--guests NAMES/);
  t.regex((await cli(['layouts', '--guests', 'nothing', '--strategies', 'trap,patched'])).stderr, /There is no guest "nothing"/);
  t.is((await cli(['layouts', '--guests', 'crc', '--strategies', 'fast'])).status, ExitStatus.badInput);
});

test('a cost profile is one of those that there are', async (t) => {
  t.is((await cli(['microguests', process.execPath, '--cost-profile', 'linux-3.1', '--json'])).status, ExitStatus.fine);
  t.is((await cli(['microguests', process.execPath, '--cost-profile', 'linux-9'])).status, ExitStatus.badInput);
});
