import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cli, ExitStatus } from './fake-machines.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-cli-'));
const kernel = join(folder, 'vmlinux');
writeFileSync(kernel, 'a kernel');
const notJson = join(folder, 'not.json');
writeFileSync(notJson, 'nothing');
const run = (...args: string[]): string[] => ['run', '--strategy', 'trap', '--kernel', kernel, ...args];

/** Wrong usage and wrong input: the arguments, and what the one sentence must say. */
const MISTAKES: readonly (readonly [name: string, args: readonly string[], says: RegExp])[] = [
  ['no command', [], /--help/],
  ['a misspelt command', ['rnu'], /no command "rnu"; did you mean "run"\?/],
  ['a command that resembles none', ['frobnicate'], /no command "frobnicate"; "exitlab --help" lists/],
  ['a misspelt option', run('--memroy', '64M'), /no option "--memroy"; did you mean "--memory"\?/],
  ['an option that resembles none', run('--zzzzzz'), /no option "--zzzzzz"; "exitlab run --help"/],
  ['a short option', run('-m', '64M'), /no option "-m"/],
  ['a name of every object as an option', run('--constructor', 'x'), /no option "--constructor"/],
  [
    'an unknown strategy',
    ['run', '--strategy', 'trp', '--kernel', kernel],
    /strategy "trp" \(did you mean "trap"\?\); choose among native, trap, patched\./,
  ],
  ['no strategy', ['run', '--kernel', kernel], /needs --strategy S/],
  ['no kernel', ['run', '--strategy', 'trap'], /needs --kernel FILE/],
  ['an operand too many', run('extra'), /does not know what to do with "extra"/],
  ['an option without its value at the end', run('--append'), /"--append" needs a value/],
  ['an option where a value should be', run('--append', '--memory', '64M'), /"--append" needs a value/],
  ['a flag with a value', ['microguests', kernel, '--json=yes'], /"--json" takes no value/],
  ['an option given twice', run('--memory', '64M', '--memory', '32M'), /"--memory" is given twice/],
  [
    'a missing kernel',
    ['run', '--strategy', 'trap', '--kernel', '/nowhere/vmlinux'],
    /\/nowhere\/vmlinux as the kernel: there is no such file\./,
  ],
  ['a folder as kernel', ['run', '--strategy', 'trap', '--kernel', folder], /as the kernel: it is a folder\./],
  ['a missing initrd', run('--initrd', '/nowhere/initrd'), /as the initrd: there is no such file\./],
  ['a missing device tree', run('--dtb', '/nowhere/x.dtb'), /as the device tree: there is no such file\./],
  ['a size that is none', run('--memory', 'lots'), /takes a size such as 64M, 1G or 512K, not "lots"/],
  ['a negative size', run('--memory', '-64M'), /takes a size/],
  ['a size of nothing', run('--memory', '0'), /out of range/],
  ['a size beyond 32 bits', run('--memory', '5G'), /out of range/],
  ['an expression that does not parse', run('--expect', '('), /regular expression, and "\(" is none: Unterminated group\./],
  ['a time of nothing', run('--timeout', '0'), /seconds above 0/],
  ['a time that is none', run('--timeout', 'soon'), /seconds above 0/],
  ['half an instruction', run('--max-instructions', '0.5'), /whole number from 1/],
  ['an unknown way to treat the unsupported', run('--unsupported', 'askvm'), /did you mean "as-kvm"/],
  [
    'a trace of bare hardware',
    ['run', '--strategy', 'native', '--kernel', kernel, '--trace', 'x.dat'],
    /native has no hypervisor.*"--trace"; choose among trap/,
  ],
  [
    'exit timing of bare hardware',
    ['run', '--strategy', 'native', '--kernel', kernel, '--exit-timing', 'off'],
    /no exits for "--exit-timing"/,
  ],
  ['an exit timing that is none', run('--exit-timing', 'offf'), /exit timing "offf" \(did you mean "off"\?\)/],
  ['a timing file without durations', run('--exit-timing', 'off', '--kvm-timing', 'x.txt'), /"--kvm-timing" needs the durations of exits/],
  ['a trace into a device', run('--trace', '/dev/full'), /Cannot write the trace \/dev\/full: it must be a file/],
  ['a trace into a folder', run('--trace', folder), /Cannot write .*: it is a folder/],
  ['a policy without a value', run('--policy', 'slots'), /NAME=VALUE/],
  ['a report of nothing', ['report'], /needs result files/],
  ['a report of something else', ['report', notJson], /not a result file/],
  ['a report of a missing file', ['report', '/nowhere/x.json'], /there is no such file/],
  ['micro guests without an image', ['microguests'], /needs an image/],
  ['an unknown micro guest', ['microguests', kernel, '--only', 'mfsrp'], /micro guest "mfsrp" \(did you mean "mfspr"\?\)/],
  ['an empty name', ['microguests', kernel, '--only', 'mfspr,,tlbwe'], /one of them is empty/],
  ['a bench of an unknown strategy', ['bench', '--strategies', 'native,magic'], /no strategy "magic"; choose among/],
  ['a bench of an unknown guest', ['bench', '--guests', 'cra'], /no guest "cra"/],
];

for (const [name, args, says] of MISTAKES) {
  test(`${name} gets one sentence and status 2`, async (t) => {
    const { status, stdout, stderr } = await cli(args);
    t.is(status, ExitStatus.badInput);
    t.is(stdout, '');
    t.regex(stderr, says);
    t.regex(stderr, /^exitlab: [^\n]*[.?]\n$/);
  });
}

test('the help names every command and every strategy, and each command explains all its options', async (t) => {
  const general = await cli(['--help']);
  t.is(general.status, ExitStatus.fine);
  for (const word of ['run', 'bench', 'report', 'microguests', 'native', 'trap', 'patched'])
    t.true(general.stdout.includes(`\n  ${word} `), word);
  const help = await cli(['run', '--help']);
  t.is(help.status, ExitStatus.fine);
  const options = [
    'strategy',
    'kernel',
    'initrd',
    'append',
    'dtb',
    'memory',
    'expect',
    'timeout',
    'max-instructions',
    'json',
    'unsupported',
    'policy',
  ];
  for (const option of options) t.true(help.stdout.includes(`\n  --${option} `), option);
});

test('the version is printed alone', async (t) => {
  t.deepEqual(await cli(['--version']), { status: ExitStatus.fine, stdout: '0.1.0\n', stderr: '' });
});

test('a fault of ours is not blamed on the user', async (t) => {
  const { status, stderr } = await cli(run(), { machines: { runGuest: () => Promise.reject(new TypeError('x is undefined')) } });
  t.is(status, ExitStatus.ownFault);
  t.regex(stderr, /fault of exitlab itself/);
});

test('what the machine says of wrong input gets status 2 as well', async (t) => {
  const error = Object.assign(new Error('The ELF image ends before its segment does; build it again.'), { name: 'UserError' });
  const { status, stderr } = await cli(run(), { machines: { runGuest: () => Promise.reject(error) } });
  t.deepEqual([status, stderr], [ExitStatus.badInput, `exitlab: ${error.message}\n`]);
});
