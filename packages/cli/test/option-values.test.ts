import test from 'ava';
import fc from 'fast-check';
import { parseCommandLine } from '../src/command-line.js';
import { parseCount, parseNames, parsePolicies, parseSeconds, parseSize } from '../src/option-values.js';
import { nearest } from '../src/suggestion.js';

const SIZES: readonly (readonly [string, number])[] = [
  ['64M', 67_108_864],
  ['64m', 67_108_864],
  ['64MB', 67_108_864],
  ['64MiB', 67_108_864],
  ['512K', 524_288],
  ['1G', 1_073_741_824],
  ['4G', 4_294_967_296],
  ['65536', 65_536],
];
for (const [text, bytes] of SIZES) test(`the size ${text} is ${bytes} bytes`, (t) => t.is(parseSize('memory', text), bytes));

test('counts are whole, also with an exponent', (t) => {
  t.deepEqual([parseCount('n', '1'), parseCount('n', '1e9'), parseCount('n', '250000000')], [1, 1e9, 250_000_000]);
  for (const text of ['0', '-1', '1.5', '1e-3', '1e99', '0x10', '', ' '])
    t.throws(() => parseCount('n', text), { name: 'UsageError' }, text);
});

test('seconds may have a fraction', (t) => {
  t.deepEqual([parseSeconds('t', '30'), parseSeconds('t', '0.5'), parseSeconds('t', '.25')], [30, 0.5, 0.25]);
  for (const text of ['0', '-1', '1s', 'Infinity', 'NaN', '.']) t.throws(() => parseSeconds('t', text), { name: 'UsageError' }, text);
});

test('names are separated by commas, and a repetition counts once', (t) => {
  t.deepEqual(parseNames('only', 'a, b,a'), ['a', 'b']);
});

test('a policy is a name and a value, which may hold an equals sign', (t) => {
  t.deepEqual(parsePolicies(['shadowSlots=31', 'x=a=b', 'shadowSlots=15']), { shadowSlots: '15', x: 'a=b' });
});

test('the text of an option reaches its command exactly as it was written', (t) => {
  const table = { append: { value: 'TEXT', help: '' } };
  for (const text of ['0x10', '007', '1e3', '-x', '', 'root=/dev/ram quiet', 'true', '--foo']) {
    t.is(parseCommandLine('run', table, ['--append', text]).text('append'), text);
    t.is(parseCommandLine('run', table, [`--append=${text}`]).text('append'), text);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.startsWith('--append'));
      t.is(parseCommandLine('run', table, ['--append', text]).text('append'), text);
    }),
    { numRuns: 200 },
  );
});

test('suggestions are near, and far words get none', (t) => {
  const names = ['run', 'bench', 'report', 'microguests'];
  t.deepEqual(
    ['rum', 'becnh', 'reprot', 'micro', 'microguest', 'xyz', 'compile'].map((text) => nearest(text, names)),
    ['run', 'bench', 'report', 'microguests', 'microguests', undefined, undefined],
  );
});
