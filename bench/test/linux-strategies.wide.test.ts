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
  return runImage(join(linuxGuestFolder(kernel), 'vmlinux'), kernel, strategy, append, ...more);
}

/** Runs a kernel's file with the initial RAM disk of the guest `kernel`. */
function runImage(file: string, kernel: string, strategy: string, append: string, ...more: readonly string[]): Promise<ProcessOutcome> {
  const files = ['--kernel', file, '--initrd', join(linuxGuestFolder(kernel), 'initrd.gz')];
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

/** Ways to run a kernel that can patch itself. A name, and what the command is given. */
const WAYS = [
  { way: 'trap', strategy: 'trap', options: [] },
  { way: 'pv', strategy: 'pv', options: [] },
  { way: 'patched when loaded', strategy: 'patched', options: ['--when', 'load'] },
  { way: 'patched at the first trap', strategy: 'patched', options: ['--when', 'trap'] },
  { way: 'patched beforehand', strategy: 'patched', options: ['--when', 'static'] },
] as const;
/** How much longer than under pv a patched kernel may take, in modelled time. */
const MOST_OF_PV = 1.01;

for (const name of ['linux-6.12-pv', 'linux-6.12-pv-nokuap']) {
  test.serial(
    `${name} patches itself under pv; patched from outside in any way it makes fewer exits, takes less time and does the same`,
    async (t) => {
      t.timeout(1_800_000);
      await buildLinuxGuests(name);
      const folder = await mkdtemp(join(tmpdir(), 'exitlab-pv-'));
      t.teardown(() => rm(folder, { recursive: true }));
      const patchedKernel = join(folder, 'vmlinux.patched');
      const written = await exitlabProcess(['patch', join(linuxGuestFolder(name), 'vmlinux'), '-o', patchedKernel], RUN_TIMEOUT_MS);
      t.is(written.status, 0, written.stderr);
      const measured = new Map<string, { readonly exits: number; readonly cycles: number; readonly results: readonly string[] }>();
      for (const { way, strategy, options } of WAYS) {
        const file = join(folder, 'result.json');
        const image = way === 'patched beforehand' ? patchedKernel : join(linuxGuestFolder(name), 'vmlinux');
        const { status, stdout, stderr } = await runImage(image, name, strategy, SHORT, '--json', file, ...options);
        t.is(status, 0, `${way}: ${stderr}`);
        t.regex(stdout, /^EXITLAB-DONE failed=0\r?$/m, way);
        t.is(/^KVM: Live patching for a fast VM worked\r?$/m.test(stdout), strategy === 'pv', way);
        measured.set(way, { ...totals(await readFile(file, 'utf8')), results: checksums(stdout) });
      }
      const [trap, pv] = [measured.get('trap')!, measured.get('pv')!];
      t.true(pv.exits < trap.exits);
      for (const [way, { exits, cycles, results }] of measured) {
        t.deepEqual(results, trap.results, way);
        if (way === 'trap') continue;
        t.true(exits <= pv.exits, `${way}: ${exits} exits, pv ${pv.exits}`);
        t.true(cycles <= MOST_OF_PV * pv.cycles, `${way}: ${cycles} cycles, pv ${pv.cycles}`);
      }
    },
  );
}

/** Exits but virtual misses, which depend on where trampolines lie, and the modelled time in which the guest was not idle. */
function totals(resultText: string): { exits: number; cycles: number } {
  const { exits, modelledTime } = JSON.parse(resultText) as {
    exits: Record<string, { count: number }>;
    modelledTime: { cycles: number; idleCycles: number };
  };
  const counted = Object.entries(exits).filter(([type]) => !type.endsWith('VIRT'));
  return { exits: counted.reduce((sum, [, { count }]) => sum + count, 0), cycles: modelledTime.cycles - modelledTime.idleCycles };
}

/** What each workload of the init has computed. */
const checksums = (console: string): string[] => console.match(/^RESULT \S+ \S+ checksum=\S+/gm) ?? [];

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
