import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bundledGuests, fileIdentity, linuxGuests, readInputFile } from '../src/index.js';

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'exitlab-guests-'));

test('the bundled workloads are those of the table that end by themselves and need nobody', async (t) => {
  const folder = await temporaryFolder();
  const row = (name: string, more: object) => ({ name, class: 'compute', checksum: '0x1', description: '', ...more });
  const guests = [
    row('crc', {}),
    row('hello', { class: 'console' }),
    row('mac', { class: 'instructions' }),
    row('spin', { ends: 'never' }),
    row('echo', { input: 'q' }),
    row('kernel', { class: 'kernel' }),
  ];
  await writeFile(join(folder, 'guests.json'), JSON.stringify({ guests }));
  t.deepEqual(
    bundledGuests(folder).map(({ name, kernel, verdict }) => ({ name, kernel, verdict })),
    ['crc', 'kernel'].map((name) => ({ name, kernel: join(folder, 'elf', `${name}.elf`), verdict: `PASS ${name} checksum=0x1` })),
  );
});

test('a checkout without the table of guests says so', async (t) => {
  const folder = await temporaryFolder();
  t.throws(() => bundledGuests(folder), { name: 'InputFileError', message: /not complete\.$/ });
});

test('Linux guests are there when both of their files are', async (t) => {
  const folder = await temporaryFolder();
  t.deepEqual(linuxGuests(folder), []);
  await mkdir(join(folder, 'linux-6.12'));
  await writeFile(join(folder, 'linux-6.12', 'vmlinux'), '');
  t.deepEqual(linuxGuests(folder), []);
  await writeFile(join(folder, 'linux-6.12', 'initrd.gz'), '');
  t.deepEqual(
    linuxGuests(folder).map(({ name, family, variant }) => ({ name, family, variant })),
    [{ name: 'linux-6.12', family: 'linux-6.12', variant: 'KUAP' }],
  );
});

test('a file is named in results without its folder, and by its content', async (t) => {
  const path = join(await temporaryFolder(), 'abc');
  await writeFile(path, 'abc');
  // The example of FIPS 180-4.
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  t.deepEqual(fileIdentity(await readInputFile(path, 'the kernel')), { file: 'abc', sha256 });
});

test('a folder is no file', async (t) => {
  await t.throwsAsync(readInputFile(tmpdir(), 'the kernel'), { message: /as the kernel: it is a folder\.$/ });
});
