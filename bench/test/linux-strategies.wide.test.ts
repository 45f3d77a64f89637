/** Linux under every strategy, by the command that a user types, against QEMU's bamboo. Needs QEMU and what builds the Linux guests. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compareConsoles } from '../src/console-comparison.js';
import { exitlabProcess, type ProcessOutcome } from './exitlab-process.js';
import { buildLinuxGuests, checkout, linuxGuestFolder, referenceConsole, volatileConsole } from './reference-machine.js';

const RUN_TIMEOUT_MS = 300_000;
const APPEND = 'console=ttyS0 rdinit=/init';
/** A bit of everything for the kernels of which only the boot is in question. */
const SHORT = `${APPEND} exitlab.run=getppid,signal:20,fork:10,pipe:50,pages:2,tick,float`;

/** A kernel and its boot arguments. */
interface KernelRow {
  readonly name: string;
  readonly append: string;
}

/** A line in which a strategy's console may differ from the native one, as two regular expressions, with the reason. */
interface DeclaredLine {
  readonly native: string;
  readonly strategy: string;
  readonly reason: string;
}

const declared = JSON.parse(readFileSync(join(checkout, 'scripts/linux-guest/strategy-console.json'), 'utf8')) as Readonly<
  Record<'trap' | 'patched', readonly DeclaredLine[]>
>;

const KERNELS: readonly KernelRow[] = [
  { name: 'linux-6.12', append: APPEND },
  { name: 'linux-6.12-nokuap', append: SHORT },
  { name: 'linux-6.12-nokvm', append: SHORT },
  { name: 'linux-6.12-hz1000-preempt', append: SHORT },
  { name: 'linux-6.1', append: SHORT },
];

function runLinux(kernel: string, strategy: string, append: string, ...more: readonly string[]): Promise<ProcessOutcome> {
  const folder = linuxGuestFolder(kernel);
  const files = ['--kernel', join(folder, 'vmlinux'), '--initrd', join(folder, 'initrd.gz')];
  return exitlabProcess(['run', '--strategy', strategy, ...files, '--append', append, '--memory', '64M', ...more], RUN_TIMEOUT_MS);
}

test.before('the Linux guests are built', async (t) => {
  t.timeout(1_800_000);
  await buildLinuxGuests(...KERNELS.map(({ name }) => name));
});

for (const { name, append } of KERNELS) {
  test.serial(`${name} boots to its init and runs it to the end under every strategy`, async (t) => {
    t.timeout(600_000);
    const reference = await referenceConsole(linuxGuestFolder(name), append);
    const native = await runLinux(name, 'native', append);
    t.is(native.status, 0, native.stderr);
    t.regex(native.stdout, /^EXITLAB-DONE failed=0\r?$/m);
    t.deepEqual(compareConsoles(reference, native.stdout, volatileConsole), [], 'native and the reference machine');
    for (const strategy of ['trap', 'patched'] as const) {
      const outcome = await runLinux(name, strategy, append);
      t.is(outcome.status, 0, outcome.stderr);
      const undeclared = compareConsoles(native.stdout, outcome.stdout, volatileConsole).filter(
        ({ expected, actual }) =>
          !declared[strategy].some((line) => new RegExp(line.native).test(expected ?? '') && new RegExp(line.strategy).test(actual ?? '')),
      );
      t.deepEqual(undeclared, [], `${strategy} and native`);
    }
  });
}

test.serial('with nosmap Linux runs natively, and under trap faults for ever by the permission rule of KVM', async (t) => {
  t.timeout(600_000);
  const append = `${APPEND} nosmap exitlab.run=getppid`;
  const native = await runLinux('linux-6.12', 'native', append);
  t.is(native.status, 0, native.stderr);
  t.deepEqual(compareConsoles(await referenceConsole(linuxGuestFolder('linux-6.12'), append), native.stdout, volatileConsole), []);
  const trap = await runLinux('linux-6.12', 'trap', append);
  t.is(trap.status, 1);
  t.regex(trap.stderr, /^Ended \(endless-fault\): .*ISI at 0x[0-9a-f]{8} for address 0x[0-9a-f]{8} .*mapped in guest-kernel mode/m);
});

test.serial(
  'a Linux that can patch itself does so under pv and runs to the end; patched from outside, the same kernel makes fewer exits still',
  async (t) => {
    t.timeout(1_800_000);
    await buildLinuxGuests('linux-6.12-pv');
    const folder = await mkdtemp(join(tmpdir(), 'exitlab-pv-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const exits: number[] = [];
    for (const strategy of ['trap', 'pv', 'patched']) {
      const file = join(folder, `${strategy}.json`);
      const { status, stdout, stderr } = await runLinux('linux-6.12-pv', strategy, SHORT, '--json', file);
      t.is(status, 0, stderr);
      t.regex(stdout, /^EXITLAB-DONE failed=0\r?$/m);
      t.is(/^KVM: Live patching for a fast VM worked\r?$/m.test(stdout), strategy === 'pv');
      const result = JSON.parse(await readFile(file, 'utf8')) as { exits: Record<string, { count: number }> };
      // Virtual misses depend on where trampolines lie.
      exits.push(
        Object.entries(result.exits)
          .filter(([type]) => !type.endsWith('VIRT'))
          .reduce((sum, [, { count }]) => sum + count, 0),
      );
    }
    const [trap, pv, patched] = exits as [number, number, number];
    t.true(pv < trap && patched < pv, exits.join(', '));
  },
);

for (const strategy of ['native', 'trap', 'patched']) {
  test.serial(`two runs of Linux under ${strategy} give the same bytes but for the host's part`, async (t) => {
    t.timeout(600_000);
    const folder = await mkdtemp(join(tmpdir(), 'exitlab-twice-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const results: string[] = [];
    for (const file of ['one.json', 'two.json'].map((file) => join(folder, file))) {
      const { status, stderr } = await runLinux('linux-6.12', strategy, SHORT, '--json', file);
      t.is(status, 0, stderr);
      results.push(withoutHost(await readFile(file, 'utf8')));
    }
    t.is(results[0], results[1]);
    t.regex(results[0]!, /"phases": \[\n/);
  });
}

/** A result's text up to its last top-level key, `host`. */
function withoutHost(text: string): string {
  const host = text.lastIndexOf('\n  "host": {');
  if (host < 0) throw new Error('a result without a host part');
  return text.slice(0, host);
}
