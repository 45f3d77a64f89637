import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunResult } from '@exitlab/results';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const EXITLAB = join(ROOT, 'packages/cli/bin/exitlab.mjs');
const start = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'exitlab-trace-'));

/** A line of `trace-cmd report -t`: task, CPU, seconds with nine digits, event, and what the event's format prints. */
const LINE = /^\s+(\S+)-1\s+\[000\]\s+(\d+\.\d{9}): guest_exit:\s+(\w+) pc=(0x[0-9a-f]{8}) duration=(\d+) ns$/;

interface Listed {
  readonly type: string;
  readonly nanoseconds: number;
  readonly durationNanoseconds: number;
}

async function report(file: string): Promise<Listed[]> {
  const { stdout, stderr } = await start('trace-cmd', ['report', '-t', file], { maxBuffer: 2 ** 30 });
  if (stderr !== '') throw new Error(stderr);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  if (head !== 'cpus=1') throw new Error(head);
  return lines.map((line) => {
    const [, , seconds = '', type = '', , duration = ''] = LINE.exec(line) ?? [];
    if (type === '') throw new Error(`not an exit: ${line}`);
    return { type, nanoseconds: Number(seconds.replace('.', '')), durationNanoseconds: Number(duration) };
  });
}

for (const strategy of ['trap', 'pv', 'patched']) {
  test(`trace-cmd lists every exit of a guest under ${strategy}, in order, with the durations that exit timing sums up`, async (t) => {
    const [trace, json] = [join(folder, `${strategy}.dat`), join(folder, `${strategy}.json`)];
    const guest = ['--kernel', join(ROOT, 'bench/guests/elf/tick.elf')];
    await start(process.execPath, [EXITLAB, 'run', '--strategy', strategy, ...guest, '--trace', trace, '--json', json]);
    const { exits, coreHz } = JSON.parse(readFileSync(json, 'utf8')) as RunResult;
    const listed = await report(trace);
    t.deepEqual(
      Object.fromEntries(Object.entries(exits).map(([type]) => [type, listed.filter((each) => each.type === type).length])),
      Object.fromEntries(Object.entries(exits).map(([type, { count }]) => [type, count])),
    );
    t.is(
      listed.length,
      Object.values(exits).reduce((sum, { count }) => sum + count, 0),
    );
    t.deepEqual(
      listed,
      listed.toSorted((a, b) => a.nanoseconds - b.nanoseconds),
    );
    for (const [type, { count, sumCycles, maxCycles }] of Object.entries(exits)) {
      const durations = listed.filter((each) => each.type === type).map(({ durationNanoseconds }) => durationNanoseconds);
      const sum = durations.reduce((total, each) => total + each, 0);
      // Each is rounded to a nanosecond.
      t.true(Math.abs(sum - (sumCycles / coreHz) * 1e9) <= count / 2, type);
      t.true(Math.abs(Math.max(...durations) - (maxCycles / coreHz) * 1e9) <= 0.5, type);
    }
  });
}
