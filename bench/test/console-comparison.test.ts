import { readFileSync } from 'node:fs';
import test from 'ava';
import { compareConsoles, type VolatileConsole } from '../src/console-comparison.js';

// Compiled tests lie in bench/dist/test.
const volatileConsole = JSON.parse(
  readFileSync(new URL('../../../scripts/linux-guest/volatile-console.json', import.meta.url), 'utf8'),
) as VolatileConsole;

const compare = (expected: string[], actual: string[]) => compareConsoles(expected.join('\n'), actual.join('\n'), volatileConsole);

const masked: [string, string, string][] = [
  ['a kernel time stamp', '[    0.048130] Serial: 8250/16550 driver', '[    1.700000] Serial: 8250/16550 driver'],
  ['a kernel time stamp on one side only', '[    0.048130] Serial: 8250/16550 driver', 'Serial: 8250/16550 driver'],
  ["a workload's duration", 'RESULT crc ok checksum=0x5a6ee476 us=4761', 'RESULT crc ok checksum=0x5a6ee476 us=7786'],
  ['a calibrated delay loop', 'delay loop.. 66.56 BogoMIPS (lpj=133120)', 'delay loop.. 800.00 BogoMIPS (lpj=1600000)'],
  ['a carriage return', 'Run /init as init process\r', 'Run /init as init process'],
];
for (const [what, expected, actual] of masked) {
  test(`${what} makes no difference`, (t) => t.deepEqual(compare(['first', expected, 'last'], ['first', actual, 'last']), []));
}

test('a checksum makes a difference, with its line and both sides', (t) => {
  t.deepEqual(compare(['first', 'RESULT crc ok checksum=0x5a6ee476 us=1'], ['first', 'RESULT crc ok checksum=0x5a6ee477 us=1']), [
    { line: 2, expected: 'RESULT crc ok checksum=0x5a6ee476 us=*', actual: 'RESULT crc ok checksum=0x5a6ee477 us=*' },
  ]);
});

test('a number that only looks like a duration is compared', (t) => {
  t.is(compare(['buffer us=12 bytes'], ['buffer us=13 bytes']).length, 1);
});

test('a line that one console lacks is a difference with one side', (t) => {
  t.deepEqual(compare(['first', 'second'], ['first']), [{ line: 2, expected: 'second' }]);
  t.deepEqual(compare(['first'], ['first', 'second']), [{ line: 2, actual: 'second' }]);
});

test('a floating line may stand anywhere but must come', (t) => {
  const floating = 'Freeing initrd memory: 4K';
  const volatile = {
    fields: [],
    floatingLines: [{ name: 'freed', pattern: '^Freeing initrd memory: \\d+K$', reason: 'a thread of its own' }],
  };
  const differences = (actual: string) => compareConsoles(`a\n${floating}\nb`, actual, volatile);
  t.deepEqual(differences(`a\nb\n${floating}`), []);
  t.deepEqual(differences('a\nb'), [{ line: 3, expected: floating }]);
  t.is(differences('a\nb\nFreeing initrd memory: 8K').length, 1);
});

test('a line that may be absent is not missed', (t) => {
  t.deepEqual(compare(['a', 'random: crng init done', 'b'], ['a', 'b']), []);
});

test('a floating line that both consoles of a kernel print counts once', (t) => {
  const volatileConsole = { fields: [], floatingLines: [{ name: 'freed', pattern: '^Freeing', reason: 'a thread of its own' }] };
  t.deepEqual(compareConsoles('a\nFreeing 4K\nFreeing 4K\nb', 'a\nb\nFreeing 4K', volatileConsole), []);
  t.is(compareConsoles('a\nFreeing 4K\nb', 'a\nb', volatileConsole).length, 1);
});
