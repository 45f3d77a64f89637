import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type MicroguestOptions, runMicroguests } from '../src/index.js';
import { type OracleRow, oracleImage, oracleRows } from './oracle-rows.js';

/**
 * The guests of the oracle, built anew with changes that the mechanism of KVM does not care about, or of which it says what they do. A
 * hypervisor fitted to the rows would show here.
 */
type Change = readonly [from: string, to: string];

const source = (name: string): string => readFileSync(new URL(`../../oracle/${name}`, import.meta.url), 'utf8');

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the source of the micro guests has no "${from}"`);
    return result.replaceAll(from, to);
  }, text);
}

/** Assembles and links the guests with textual changes to their source and to the linker's script. */
function build(assembly: readonly Change[], linking: readonly Change[] = []): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'exitlab-microguests-'));
  const file = (name: string) => join(folder, name);
  try {
    writeFileSync(file('guests.S'), changed(source('microguests.S'), assembly));
    writeFileSync(file('guests.lds'), changed(source('microguests.lds'), linking));
    execFileSync('powerpc-linux-gnu-gcc', ['-c', '-Wa,-m440', '-o', file('guests.o'), file('guests.S')]);
    execFileSync('powerpc-linux-gnu-ld', ['-T', file('guests.lds'), '-o', file('guests.elf'), file('guests.o')], { stdio: 'pipe' });
    execFileSync('powerpc-linux-gnu-objcopy', ['-O', 'binary', file('guests.elf'), file('guests.bin')]);
    return new Uint8Array(readFileSync(file('guests.bin')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const oracle = oracleRows('exit-counts.csv');
const exitColumns = Object.keys(oracle[0] as object).filter((column) => !['guest', 'n', 'host_instructions_total'].includes(column));
/** Ticks of the host's scheduler are left out: a DEC beyond the guest's own expiries. */
const ownExpiries = (row: OracleRow): number => (row.guest?.startsWith('dec_spin') ? Number(row.n) : 0);

/** What the oracle counted of a guest, types that did not occur left out. */
function countsOf(row: OracleRow): Record<string, number> {
  const counts = exitColumns.map((type): [string, number] => [type, type === 'DEC' ? ownExpiries(row) : Number(row[type])]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function exitsByName(image: Uint8Array, options: MicroguestOptions = {}): Map<string, Readonly<Record<string, number>>> {
  return new Map(runMicroguests(image, options).map(({ name, exits }) => [name, exits]));
}

test('the build is the one that the oracle was measured with', (t) => {
  t.deepEqual(build([]), oracleImage());
});

const VARIANTS: readonly { name: string; image: () => Uint8Array; options?: MicroguestOptions; prefix?: string }[] = [
  { name: 'under other names', image: () => build([['.asciz "\\name"', '.asciz "another_\\name"']]), prefix: 'another_' },
  {
    name: 'linked and loaded elsewhere',
    // The vectors, and the page that the user's code is seen through, move with the image.
    image: () =>
      build(
        [
          ['lis 4,0x0001\n', 'lis 4,0x0004\n'],
          ['lis 4,0x0201\n', 'lis 4,0x0204\n'],
        ],
        [['0x10000', '0x40000']],
      ),
    options: { loadAddress: 0x40000 },
  },
  { name: 'with less RAM', image: oracleImage, options: { ramBytes: 12 * 1024 * 1024 } },
];

for (const { name, image, options, prefix } of VARIANTS) {
  test(`guests ${name} make the same exits`, (t) => {
    const exits = exitsByName(image(), options);
    for (const row of oracle) t.deepEqual(exits.get(`${prefix ?? ''}${row.guest}`), countsOf(row), row.guest);
  });
}

/** Guests whose loop makes the same exits each time round: every count is a multiple of N. */
const proportional = oracle.filter((row) => row.n === '1000' && Object.values(countsOf(row)).every((count) => count % 1000 === 0));

test('guests that turn their loop another number of times make exits in proportion', (t) => {
  const turns = 617;
  const exits = exitsByName(build([['n=1000', `n=${turns}`]]));
  t.true(proportional.length > 50);
  for (const row of proportional) {
    const expected = Object.entries(countsOf(row)).map(([type, count]) => [type, (count / 1000) * turns]);
    t.deepEqual(exits.get(row.guest as string), Object.fromEntries(expected), row.guest);
  }
});
