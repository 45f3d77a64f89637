import { linkSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import { cli, ExitStatus } from './fake-machines.js';

const folder = mkdtempSync(join(tmpdir(), 'exitlab-patch-'));
const SYSCALL = new URL('../../../../bench/guests/elf/syscall.elf', import.meta.url).pathname;
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
/** A copy of the guest with some bytes of its header changed. */
const damaged = (name: string, changes: Readonly<Record<number, number>>): string => {
  const bytes = Uint8Array.from(readFileSync(SYSCALL));
  for (const [offset, value] of Object.entries(changes)) bytes[Number(offset)] = value;
  return file(name, bytes);
};

test('patch writes a patched image, says what it did by instruction, and leaves the original alone', async (t) => {
  const original = readFileSync(SYSCALL);
  const out = join(folder, 'syscall.patched');
  const { status, stdout, stderr } = await cli(['patch', SYSCALL, '-o', out]);
  t.is(status, ExitStatus.fine);
  t.regex(stdout, /^mtspr SRR0 +(\d+) +\1 +0$/m, 'all sites of a rule are patched');
  t.regex(stdout, /^rfi +(\d+) +\d+ +\d+ {2}live-registers$/m, 'but for those behind joined tlbwe');
  t.regex(stdout, /^Why instructions stay as they are\n {2}live-registers +\w/m);
  t.regex(stderr, /^Patched \d+ of \d+ sensitive instructions: /);
  t.deepEqual(readFileSync(SYSCALL), original);
  t.notDeepEqual(readFileSync(out).subarray(0, original.length), original);
});

test('scan lists every site with its function and the instruction before and after', async (t) => {
  const { status, stdout } = await cli(['scan', SYSCALL, '--sites']);
  t.is(status, ExitStatus.fine);
  t.regex(stdout, /^\w+:\n(?: .*\n)* {2}000[0-9a-f]{5} {2}mtsrr0 r\d+ +-> stw r\d+,-4028\(0\) +# srr0$/m);
  t.regex(stdout, /^Trampoline for mtmsr, .*\n {2}stw r\d+,-3848\(0\)\n/m);
});

test('scan as JSON agrees with what patch does', async (t) => {
  const scan = JSON.parse((await cli(['scan', SYSCALL, '--json'])).stdout) as { patched: number };
  const patch = JSON.parse((await cli(['patch', SYSCALL, '--out', join(folder, 'again'), '--json'])).stdout) as { patched: number };
  t.deepEqual(scan, patch);
  t.true(scan.patched > 0);
});

const patchedOnce = join(folder, 'once');
const BAD_INPUT = [
  { what: 'a 64-bit ELF', path: () => damaged('elf64', { 4: 2 }), sentence: /a 64-bit ELF/ },
  { what: 'a position-independent ELF', path: () => damaged('pie', { 17: 3 }), sentence: /position-independent code/ },
  { what: 'a little-endian ELF', path: () => damaged('little', { 5: 1 }), sentence: /a little-endian ELF/ },
  { what: 'an ELF without sections', path: () => damaged('no-sections', { 32: 0, 33: 0, 34: 0, 35: 0 }), sentence: /no section table/ },
  { what: 'something that is no ELF', path: () => file('text', 'some text'), sentence: /Only an ELF image can be patched/ },
  { what: 'a truncated ELF', path: () => file('short', readFileSync(SYSCALL).subarray(0, 5000)), sentence: /truncated or damaged/ },
  { what: 'a missing file', path: () => join(folder, 'nowhere'), sentence: /there is no such file/ },
  {
    what: 'an image that is patched already',
    path: async () => {
      await cli(['patch', SYSCALL, '-o', patchedOnce]);
      return patchedOnce;
    },
    sentence: /patched already/,
  },
];

for (const { what, path, sentence } of BAD_INPUT) {
  test(`patch refuses ${what} in one sentence, with status 2`, async (t) => {
    const out = join(folder, `out of ${what}`);
    const { status, stdout, stderr } = await cli(['patch', await path(), '-o', out]);
    t.is(status, ExitStatus.badInput);
    t.is(stdout, '');
    t.regex(stderr, sentence);
    t.is(stderr.trimEnd().split('\n').length, 1);
    t.throws(() => readFileSync(out), { code: 'ENOENT' });
  });
}

for (const { what, link } of [
  { what: 'by its own name', link: (path: string) => path },
  { what: 'by another way to it', link: (path: string) => join(folder, '.', '..', basename(folder), basename(path)) },
  {
    what: 'by a symbolic link to it',
    link: (path: string) => {
      symlinkSync(path, join(folder, 'symbolic'));
      return join(folder, 'symbolic');
    },
  },
  {
    what: 'by a second name of the same file',
    link: (path: string) => {
      linkSync(path, join(folder, 'second'));
      return join(folder, 'second');
    },
  },
]) {
  test(`patch does not write over the image that it reads, ${what}`, async (t) => {
    const image = file(`original ${what}`, readFileSync(SYSCALL));
    const other = link(image);
    for (const [input, output] of [
      [image, other],
      [other, image],
    ] as const) {
      const { status, stderr } = await cli(['patch', input, '-o', output]);
      t.is(status, ExitStatus.badInput);
      t.regex(stderr, /cannot go over the original/);
    }
    t.deepEqual(readFileSync(image), readFileSync(SYSCALL));
  });
}

test('an output that cannot be written is said in one sentence, and nothing of it is left', async (t) => {
  for (const out of [folder, join(file('no-folder', ''), 'out')]) {
    const { status, stderr } = await cli(['patch', SYSCALL, '-o', out]);
    t.is(status, ExitStatus.badInput);
    t.regex(stderr, /^exitlab: Cannot write .*\.\n$/);
  }
});

test('an image that leaves no room for trampolines is patched in place, and says what stays', async (t) => {
  // Its first segment made 64 MB long in memory: there is no place in reach of a branch that it does not take.
  const bytes = Buffer.from(readFileSync(file('full', readFileSync(SYSCALL))));
  bytes.writeUInt32BE(0x0400_0000, bytes.readUInt32BE(28) + 20);
  const { status, stdout } = await cli(['patch', file('full', bytes), '-o', join(folder, 'full.patched')]);
  t.is(status, ExitStatus.fine);
  t.regex(stdout, /^mtmsr +1 +0 +1 {2}no-room$/m);
  t.regex(stdout, /^mtspr SRR0 +(\d+) +\1 +0$/m);
  t.regex(stdout, /^ {2}no-room +no free memory for its trampoline was found$/m);
});

/** The section headers of an ELF file whose type is `type`. */
function sectionHeaders(bytes: Buffer, type: number): number[] {
  const [offset, size, count] = [bytes.readUInt32BE(32), bytes.readUInt16BE(46), bytes.readUInt16BE(48)];
  return Array.from({ length: count }, (_, index) => offset + index * size).filter((at) => bytes.readUInt32BE(at + 4) === type);
}

test('an image stripped of its symbols is refused: data in its code could not be told apart', async (t) => {
  const bytes = Buffer.from(readFileSync(SYSCALL));
  for (const at of sectionHeaders(bytes, 2)) bytes.writeUInt32BE(0, at + 4);
  const out = join(folder, 'stripped.patched');
  const { status, stderr } = await cli(['patch', file('stripped', bytes), '-o', out]);
  t.is(status, ExitStatus.badInput);
  t.regex(stderr, /^exitlab: The image is stripped of its symbols, .*\.\n$/);
  t.throws(() => readFileSync(out), { code: 'ENOENT' });
});

test('scan refuses an image that is patched already: what it found would be what was left over', async (t) => {
  const out = join(folder, 'scanned');
  await cli(['patch', SYSCALL, '-o', out]);
  const { status, stderr } = await cli(['scan', out]);
  t.is(status, ExitStatus.badInput);
  t.regex(stderr, /patched already/);
});
