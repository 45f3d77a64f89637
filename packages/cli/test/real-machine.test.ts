/** The command with its real machines: what a stranger may give it, and how its guests may end. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, resultText } from '@exitlab/results';
import test from 'ava';
import { assembleMachines } from '../src/machine-assembly.js';
import { cli, ExitStatus } from './fake-machines.js';

const guest = (name: string): string => fileURLToPath(new URL(`../../../../bench/guests/elf/${name}.elf`, import.meta.url));
const exitlab = fileURLToPath(new URL('../../bin/exitlab.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'exitlab-real-'));
const machines = assembleMachines({ toolVersion: '0.1.0', secondsNow: () => performance.now() / 1e3, dateNow: () => new Date(0) });

/** A file of the given bytes, by its path. */
function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const hello = readFileSync(guest('hello'));
/** The guest `hello` with one byte of its ELF header changed (ELF specification, e_ident and e_machine). */
function altered(name: string, offset: number, value: number): string {
  const bytes = Buffer.from(hello);
  bytes[offset] = value;
  return file(name, bytes);
}
const aFolder = join(folder, 'a-folder');
mkdirSync(aFolder);

const run = (kernel: string, ...more: readonly string[]): string[] => ['run', '--strategy', 'trap', '--kernel', kernel, ...more];
const withHello = (...more: readonly string[]): string[] => run(guest('hello'), ...more);

const MISTAKES: readonly (readonly [name: string, args: readonly string[], says: RegExp])[] = [
  ['an ELF file cut in its header', run(file('cut-header', hello.subarray(0, 40))), /ELF image ends before its header does/],
  ['an ELF file cut in its middle', run(file('cut', hello.subarray(0, 300))), /ELF image ends before/],
  ['a little-endian ELF file', run(altered('little', 5, 1)), /a little-endian ELF, but this machine runs 32-bit big-endian PowerPC/],
  ['a 64-bit ELF file', run(altered('wide', 4, 2)), /a 64-bit ELF/],
  ['an ELF file for x86', run(altered('x86', 19, 3)), /an x86 ELF/],
  ['an empty kernel', run(file('empty', new Uint8Array())), /neither an ELF file nor a uImage/],
  ['a kernel of noise', run(file('noise', new Uint8Array(1000).fill(99))), /neither an ELF file nor a uImage/],
  ['a damaged device tree', withHello('--dtb', file('bad.dtb', new Uint8Array(100).fill(7))), /device tree blob is damaged/],
  ['an empty device tree', withHello('--dtb', file('empty.dtb', new Uint8Array())), /device tree blob is damaged/],
  ['less memory than the board can have', withHello('--memory', '3M'), /out of range; choose 4 MB to 1024 MB/],
  ['more memory than the board can have', withHello('--memory', '2G'), /out of range; choose 4 MB to 1024 MB/],
  ['an initrd too large for the memory', withHello('--initrd', file('large', new Uint8Array(60 * 2 ** 20))), /does not fit into 64 MB/],
  ['a raw image over the device tree', run(file('raw', new Uint8Array(30 * 2 ** 20)), '--load-address', '0'), /overlap at 0x/],
  ['an address that is none', withHello('--load-address', 'here'), /an address below 4 GB/],
  ['a raw image outside memory', withHello('--load-address', '0xfffffff0'), /does not fit into 64 MB/],
  ['three UARTs', withHello('--uarts', '3'), /choose among 1, 2/],
  ['a policy of no such name', withHello('--policy', 'slots=3'), /no policy "slots": use one of shadowSlots, /],
  ['a policy with a word for a number', withHello('--policy', 'shadowSlots=many'), /shadowSlots takes a whole number, not "many"/],
  ['a policy out of range', withHello('--policy', 'shadowSlots=64'), /from 2 to 63, not 64/],
  ['a result in a folder that cannot be', withHello('--json', join(guest('hello'), 'x.json')), /a part of its path is not a folder/],
  ['a result where a folder is', withHello('--json', aFolder), /it is a folder/],
  ['exit timing that cannot be written', withHello('--kvm-timing', join(guest('hello'), 'x')), /a part of its path is not a folder/],
  ['micro guests of noise', ['microguests', file('noise.bin', new Uint8Array(1000).fill(99))], /no image of micro guests/],
  ['micro guests of nothing', ['microguests', file('empty.bin', new Uint8Array())], /no image of micro guests/],
  ['micro guests in an ELF file', ['microguests', guest('hello')], /no image of micro guests/],
];

for (const [name, args, says] of MISTAKES) {
  test(`${name} gets one sentence and status 2, before any guest runs`, async (t) => {
    const { status, stdout, stderr } = await cli(args, { machines });
    t.is(status, ExitStatus.badInput, stderr);
    t.is(stdout, '');
    t.regex(stderr, says);
    t.regex(stderr, /^exitlab: [^\n]*[.?]\n$/);
  });
}

/** The guests that never end by themselves, and how their runs do. */
const ENDS: readonly (readonly [guest: string, strategies: readonly string[], says: RegExp, status: ExitStatus])[] = [
  ['panic-loop', ['native', 'trap', 'patched'], /^Ended \(instruction-limit\)/m, ExitStatus.fine],
  [
    'fault-storm',
    ['native', 'trap', 'patched'],
    /^Ended \(endless-fault\): .* at 0x[0-9a-f]{8} for address 0x90000000/m,
    ExitStatus.failed,
  ],
  ['wait', ['native', 'trap', 'patched'], /^Ended \(halt\)/m, ExitStatus.fine],
];
for (const [name, strategies, says, status] of ENDS) {
  for (const strategy of strategies) {
    test(`the guest ${name} under ${strategy} comes to an end that has a name`, async (t) => {
      const args = ['run', '--strategy', strategy, '--kernel', guest(name), '--max-instructions', '1e6'];
      const outcome = await cli(args, { machines });
      t.regex(outcome.stderr, says);
      t.is(outcome.status, status);
    });
  }
}

test('a run ends by the time it is given', async (t) => {
  const { status, stderr } = await cli(run(guest('panic-loop'), '--timeout', '0.2'), { machines });
  t.regex(stderr, /^Ended \(time-limit\)/m);
  t.is(status, ExitStatus.fine);
});

test('the policies that were given are in the result', async (t) => {
  const json = join(folder, 'policy.json');
  const { status } = await cli(withHello('--policy', 'shadowSlots=31', '--policy', 'hostPageBytes=64K', '--json', json), { machines });
  t.is(status, ExitStatus.fine);
  t.like(JSON.parse(await readFile(json, 'utf8')), { policy: { shadowSlots: 31, hostPageBytes: 65536, mapping: 'eager' } });
});

for (const strategy of ['native', 'trap', 'patched']) {
  test(`two runs of a bare-metal guest under ${strategy} differ in the host's part only`, async (t) => {
    const texts: string[] = [];
    for (const name of ['one.json', 'two.json']) {
      const json = join(folder, `${strategy}-${name}`);
      await cli(['run', '--strategy', strategy, '--kernel', guest('switch'), '--append', 'scale=2', '--json', json], { machines });
      const { host: _host, ...measured } = JSON.parse(await readFile(json, 'utf8'));
      texts.push(resultText({ ...measured, host: {} }));
    }
    t.is(texts[0], texts[1]);
    t.regex(texts[0]!, /"reason": "reset"/);
  });

  test(`what is piped in reaches the guest under ${strategy}`, async (t) => {
    const child = spawn(process.execPath, [exitlab, 'run', '--strategy', strategy, '--kernel', guest('echo')], { timeout: 60_000 });
    let stdout = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout += text;
    });
    child.stdin.end('hello, exitlab q');
    const status = await new Promise((resolve) => child.on('close', resolve));
    t.is(status, ExitStatus.fine);
    t.regex(stdout, /^PASS echo checksum=0x11b79617$/m);
  });
}

test('Ctrl-C ends a run soon and keeps what was measured', async (t) => {
  const json = join(folder, 'interrupted.json');
  const child = spawn(process.execPath, [exitlab, ...run(guest('panic-loop'), '--json', json)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // The guest says that it has started; only then is there something to interrupt.
  child.stdout.once('data', () => child.kill('SIGINT'));
  const status = await new Promise((resolve) => child.on('close', resolve));
  t.is(status, ExitStatus.interrupted);
  t.regex(stderr, /^Ended \(interrupted\)/m);
  t.notRegex(stderr, /\n {4}at /);
  t.like(JSON.parse(await readFile(json, 'utf8')), { schema: 'exitlab/run@1', end: { reason: 'interrupted' } });
});

test('a trace changes nothing that is measured, and exit timing that is off changes durations only', async (t) => {
  const measure = async (name: string, ...options: string[]) => {
    const json = join(folder, `${name}.json`);
    const args = run(guest('switch'), '--append', 'scale=1', '--json', json, ...options);
    t.is((await cli(args, { machines })).status, ExitStatus.fine);
    const { host: _, ...measured } = JSON.parse(await readFile(json, 'utf8')) as RunResult;
    return measured;
  };
  const plain = await measure('plain');
  t.deepEqual(await measure('traced', '--trace', join(folder, 'switch.dat')), plain);
  const untimed = await measure('untimed', '--exit-timing', 'off');
  t.is(untimed.exitTiming, 'off');
  const counts = ({ exits }: Pick<RunResult, 'exits'>) => Object.entries(exits).map(([type, { count }]) => [type, count]);
  t.deepEqual(counts(untimed), counts(plain));
  t.deepEqual(untimed.modelledTime, plain.modelledTime);
  t.true(Object.values(untimed.exits).every(({ sumCycles }) => sumCycles === 0));
  t.true(untimed.warnings.some((warning) => /Exit timing was off/.test(warning)));
});
