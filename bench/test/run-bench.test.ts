import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchResult, parseResult, type RunResult, resultText } from '@exitlab/results';
import { SYNTHETIC_HOST, syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { type BenchDefinition, type BenchEvent, type RunGuest, runBench } from '../src/index.js';

async function definition(changes: Partial<BenchDefinition> = {}): Promise<BenchDefinition> {
  const kernel = join(await mkdtemp(join(tmpdir(), 'exitlab-bench-')), 'guest.elf');
  await writeFile(kernel, 'not looked at');
  const guest = (name: string) => ({ name, kernel, memoryBytes: 2 ** 26, verdict: `PASS ${name}` });
  return {
    name: 'test',
    guests: [guest('crc'), guest('sort')],
    strategies: ['native', 'trap'],
    repetitions: 3,
    timeoutSeconds: 10,
    ...changes,
  };
}

/** Runs a bench on machines that are made up; `change` may spoil the result of the run of that number. */
async function bench(
  bench: BenchDefinition,
  options: { change?: (result: RunResult, run: number) => RunResult; says?: string; abortAt?: number } = {},
): Promise<{ result: BenchResult; order: string[]; events: BenchEvent[] }> {
  const order: string[] = [];
  const events: BenchEvent[] = [];
  const interruption = new AbortController();
  const runGuest: RunGuest = async (spec, io) => {
    const run = order.push(`${spec.name}/${spec.strategy}`) - 1;
    if (run === options.abortAt) interruption.abort();
    io.console(Buffer.from(options.says ?? `START ${spec.name}\nPASS ${spec.name} checksum=0x1\n`));
    const result = syntheticRun({ guest: spec.name, strategy: spec.strategy, wallSeconds: 0.1 + run / 100 });
    const ended: RunResult = io.signal.aborted ? { ...result, end: { reason: 'interrupted', detail: 'Ctrl-C.' } } : result;
    return options.change?.(ended, run) ?? ended;
  };
  let seconds = 0;
  const result = await runBench(bench, {
    toolVersion: '0.1.0',
    runGuest,
    machine: SYNTHETIC_HOST.machine,
    secondsNow: () => seconds++,
    dateNow: () => new Date(0),
    signal: interruption.signal,
    onEvent: (event) => events.push(event),
  });
  return { result, order, events };
}

test('every guest runs under every strategy, the repetitions interleaved', async (t) => {
  const { result, order } = await bench(await definition());
  const round = ['crc/native', 'crc/trap', 'sort/native', 'sort/trap'];
  t.deepEqual(order, [...round, ...round, ...round]);
  t.deepEqual(
    result.runs.map((run) => `${run.guest.name}/${run.strategy}`),
    round,
  );
  t.true(result.complete);
  t.deepEqual(result.failures, []);
});

test('raw host-time samples are kept in order with their summary, and nothing else depends on the host', async (t) => {
  const { result } = await bench(await definition());
  const samples = result.host.samples[1];
  t.deepEqual(samples?.wallSeconds, [0.11, 0.15000000000000002, 0.19]);
  t.is(samples?.summary.medianSeconds, 0.15000000000000002);
  t.false(JSON.stringify({ ...result, host: undefined }).includes('wallSeconds'));
});

test('the result of a bench is a valid result file', async (t) => {
  const { result } = await bench(await definition());
  t.deepEqual(parseResult(resultText(result), 'bench.json'), result);
});

test('repetitions that count differently are a failure that names the field, and no measurement', async (t) => {
  const { result, events } = await bench(await definition(), {
    change: (run, number) => (number === 5 ? { ...run, counts: { ...run.counts, guestInstructions: 1 } } : run),
  });
  t.deepEqual(
    result.failures.map(({ guest, strategy }) => [guest, strategy]),
    [['crc', 'trap']],
  );
  t.regex(result.failures[0]?.reason ?? '', /differ in counts,/);
  t.is(result.runs.length, 3);
  t.is(result.host.samples.length, 3);
  t.is(events.filter((event) => event.kind === 'cell-failed').length, 1);
});

test('a difference in host time is none', async (t) => {
  const { result } = await bench(await definition(), { change: (run, i) => ({ ...run, host: { ...run.host, wallSeconds: i + 1 } }) });
  t.deepEqual(result.failures, []);
});

test('a guest that does not say PASS has failed, and is not repeated', async (t) => {
  const { result, order } = await bench(await definition(), { says: 'FAIL crc checksum value=0x0\n' });
  t.is(result.runs.length, 0);
  t.is(result.failures.length, 4);
  t.regex(result.failures[0]?.reason ?? '', /without "PASS crc" on its console/);
  t.is(order.length, 4);
});

for (const reason of ['panic', 'endless-fault', 'unsupported', 'time-limit'] as const) {
  test(`a run that ends by ${reason} is a failure`, async (t) => {
    const { result } = await bench(await definition({ repetitions: 1 }), {
      change: (run, i) => (i === 0 ? { ...run, end: { reason, detail: 'At 0x1000.' } } : run),
    });
    t.is(result.failures.length, 1);
    t.true(result.failures[0]?.reason.endsWith('At 0x1000.'));
  });
}

test('Ctrl-C ends the bench and keeps what was complete', async (t) => {
  const { result, order } = await bench(await definition(), { abortAt: 5 });
  t.is(order.length, 6);
  t.false(result.complete);
  t.is(result.runs.length, 4);
  t.deepEqual(
    result.host.samples.map((sample) => sample.wallSeconds.length),
    [2, 1, 1, 1],
  );
});

test('no round begins that would exceed the budget, but for the first', async (t) => {
  // The clock of these tests goes on by a second at each look, and each round begins with one: after n rounds it shows n + 1 seconds.
  t.is((await bench(await definition({ repetitions: 9, budgetSeconds: 0.5 }))).result.repetitions, 1);
  const { result, order } = await bench(await definition({ repetitions: 9, budgetSeconds: 4 }));
  t.is(result.repetitions, 2);
  t.is(order.length, 4 * 2);
  t.deepEqual(
    result.host.samples.map((sample) => sample.wallSeconds.length),
    [2, 2, 2, 2],
  );
});

test('a strategy that makes no sense for a guest is left out', async (t) => {
  const base = await definition({ repetitions: 1 });
  const guests = base.guests.map((guest, i) => (i === 0 ? { ...guest, without: { native: 'needs a hypervisor' } } : guest));
  const { order } = await bench({ ...base, guests });
  t.deepEqual(order, ['crc/trap', 'sort/native', 'sort/trap']);
});

test('a missing file is reported before anything runs', async (t) => {
  const base = await definition();
  const guests = [...base.guests, { name: 'gone', kernel: '/nowhere/gone.elf', memoryBytes: 2 ** 26 }];
  await t.throwsAsync(bench({ ...base, guests }), { name: 'InputFileError', message: /gone\.elf .*there is no such file\.$/ });
});
