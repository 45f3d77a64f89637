/** The modelled time of a patched Linux, predicted from a profile of the unpatched one and measured, by the commands that a user types. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Prediction, RunResult } from '@exitlab/results';
import test from 'ava';
import { exitlabProcess } from './exitlab-process.js';
import { buildLinuxGuests, linuxGuestFolder } from './reference-machine.js';

const TIMEOUT_MS = 600_000;
/** How far a predicted modelled time may be from the measured one. */
const TOLERANCE = 0.02;
/** Where on the curve numbers of patches are tried, beside all of them: a few dozen, and some hundreds. */
const PLACES_ON_CURVE = [0.4, 0.7];

for (const name of ['linux-6.12', 'linux-6.12-nokuap']) {
  test.serial(`the modelled time of ${name} with the best patches and with all is predicted within 2 %`, async (t) => {
    t.timeout(3_600_000);
    await buildLinuxGuests(name);
    const work = await mkdtemp(join(tmpdir(), 'exitlab-prediction-'));
    t.teardown(() => rm(work, { recursive: true }));
    const kernel = join(linuxGuestFolder(name), 'vmlinux');
    const exitlab = async (...args: readonly string[]): Promise<void> => {
      const { status, stderr } = await exitlabProcess(args, TIMEOUT_MS);
      t.is(status, 0, stderr);
    };
    const run = async (image: string, json: string, ...more: readonly string[]): Promise<RunResult> => {
      const files = ['--kernel', image, '--initrd', join(linuxGuestFolder(name), 'initrd.gz'), '--json', json];
      await exitlab('run', ...files, '--append', 'console=ttyS0 rdinit=/init', ...more);
      return JSON.parse(await readFile(json, 'utf8')) as RunResult;
    };
    const profile = join(work, 'profile.json');
    await run(kernel, profile, '--strategy', 'trap', '--profile');
    await exitlab('scan', kernel, '--profile', profile, '--out', work);
    const prediction = JSON.parse(await readFile(join(work, 'prediction.json'), 'utf8')) as Prediction;
    t.deepEqual(prediction.warnings, []);

    const compare = async (count: number, image: string, ...more: readonly string[]): Promise<void> => {
      const { modelledTime } = await run(image, join(work, 'patched.json'), '--strategy', 'patched', ...more);
      const predicted = prediction.curve.find(({ patches }) => patches === count)!.cycles;
      const error = predicted / modelledTime.cycles - 1;
      t.log(`${name}, ${count} patches: predicted ${predicted}, measured ${modelledTime.cycles}, off by ${(error * 100).toFixed(2)} %`);
      t.true(Math.abs(error) <= TOLERANCE, `${count} patches`);
    };
    await compare(prediction.ranking.length, kernel, '--when', 'load');
    for (const place of PLACES_ON_CURVE) {
      const count = prediction.curve[Math.floor(place * prediction.curve.length)]!.patches;
      const image = join(work, `best-${count}`);
      await exitlab('patch', kernel, '-o', image, '--best', String(count), '--profile', profile);
      await compare(count, image, '--when', 'static');
    }
  });
}
