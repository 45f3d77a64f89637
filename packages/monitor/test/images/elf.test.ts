import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../src/errors.js';
import { parseElf, readSymbols } from '../../src/images/elf.js';
import { sampleElf } from './sample-images.js';

const text = Uint8Array.from({ length: 64 }, (_, i) => i);
const kernel = { vaddr: 0xc000_0000, paddr: 0, bytes: text, memsz: 256 };
const SYMBOLS = [
  { name: '_start', value: 0xc000_0000, size: 64 },
  { name: 'counter', value: 0xc000_0040, size: 4, info: 0x11 },
  { name: 'undefined_one', value: 0, shndx: 0 },
];

const damaged = (change: (file: Buffer) => void): Uint8Array => {
  const file = Buffer.from(sampleElf(0xc000_0000, [kernel], SYMBOLS));
  change(file);
  return file;
};

test('segments load by physical address, with the size that memory needs', (t) => {
  const image = parseElf(sampleElf(0xc000_0000, [kernel, { vaddr: 0x8000, paddr: 0x9000, bytes: text }]));
  t.deepEqual(
    image.segments.map(({ pa, ea, sizeBytes }) => ({ pa, ea, sizeBytes })),
    [
      { pa: 0, ea: 0xc000_0000, sizeBytes: 256 },
      { pa: 0x9000, ea: 0x8000, sizeBytes: 64 },
    ],
  );
  t.deepEqual(Uint8Array.from(image.segments[0]!.bytes), text);
});

test('segments that are not loaded, or are empty, are left out', (t) => {
  const image = parseElf(
    sampleElf(0, [
      { type: 4, vaddr: 0, paddr: 0, bytes: text },
      { vaddr: 0, paddr: 0, bytes: new Uint8Array(0) },
      { vaddr: 0, paddr: 0, bytes: text },
    ]),
  );
  t.is(image.segments.length, 1);
});

for (const [description, entry, entryPa] of [
  ['a virtual entry moves with its segment', 0xc000_0010, 0x10],
  ['a physical entry stays', 0x20, 0x20],
] as const) {
  test(description, (t) => {
    t.is(parseElf(sampleElf(entry, [kernel])).entryPa, entryPa);
  });
}

test('defined symbols are listed with their kinds', (t) => {
  t.deepEqual(readSymbols(sampleElf(0, [kernel], SYMBOLS)), [
    { name: '_start', ea: 0xc000_0000, sizeBytes: 64, kind: 'function' },
    { name: 'counter', ea: 0xc000_0040, sizeBytes: 4, kind: 'object' },
  ]);
});

test('a stripped image has no symbols', (t) => {
  t.deepEqual(readSymbols(sampleElf(0, [kernel])), []);
});

for (const { description, bytes, kind, says } of [
  { description: 'an empty file', bytes: new Uint8Array(0), kind: 'image-foreign', says: /no ELF file/ },
  { description: 'a file cut inside its header', bytes: damaged(() => {}).subarray(0, 30), kind: 'image-truncated', says: /header/ },
  {
    description: 'a file cut inside its program headers',
    bytes: damaged(() => {}).subarray(0, 60),
    kind: 'image-truncated',
    says: /program header table/,
  },
  { description: 'a file cut inside a segment', bytes: damaged(() => {}).subarray(0, 100), kind: 'image-truncated', says: /segments/ },
  { description: 'a 64-bit ELF', bytes: damaged((file) => file.writeUInt8(2, 4)), kind: 'image-foreign', says: /a 64-bit ELF/ },
  {
    description: 'a little-endian ELF',
    bytes: damaged((file) => file.writeUInt8(1, 5)),
    kind: 'image-foreign',
    says: /a little-endian ELF/,
  },
  { description: 'an ELF for MIPS', bytes: damaged((file) => file.writeUInt16BE(8, 18)), kind: 'image-foreign', says: /a MIPS ELF/ },
  {
    description: 'an ELF for an odd machine',
    bytes: damaged((file) => file.writeUInt16BE(999, 18)),
    kind: 'image-foreign',
    says: /machine number 999/,
  },
  { description: 'an object file', bytes: damaged((file) => file.writeUInt16BE(1, 16)), kind: 'image-unsupported', says: /link it/ },
  { description: 'an ELF without segments', bytes: sampleElf(0, []), kind: 'image-malformed', says: /nothing to load/ },
  { description: 'an entry outside all segments', bytes: sampleElf(0x5000, [kernel]), kind: 'entry-outside', says: /0x5000/ },
  {
    description: 'a segment larger in the file than in memory',
    bytes: sampleElf(0, [{ ...kernel, memsz: 8 }]),
    kind: 'image-malformed',
    says: /larger in the file/,
  },
] as const) {
  test(`${description} is refused with advice`, (t) => {
    const error = t.throws(() => parseElf(bytes), { instanceOf: UserError });
    t.is(error.kind, kind);
    t.regex(error.message, says);
    t.regex(error.message, /^[^\n]+\.$/);
  });
}

/** Runs a parser over damaged bytes; whatever it throws must be meant for the user. */
const throwsOnlyUserErrors = (parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean => {
  try {
    parse(bytes);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return true;
};

test('whatever the damage, an ELF gives an image or a user error', (t) => {
  const sound = sampleElf(0xc000_0000, [kernel], SYMBOLS);
  const interesting = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), interesting), { maxLength: 8 }),
        fc.nat(sound.length),
        fc.boolean(),
        (mutations, length, truncate) => {
          const bytes = Uint8Array.from(sound);
          for (const [at, value] of mutations) bytes[at] = value;
          const input = truncate ? bytes.subarray(0, length) : bytes;
          return throwsOnlyUserErrors(parseElf, input) && throwsOnlyUserErrors(readSymbols, input);
        },
      ),
      { numRuns: 2000 },
    ),
  );
});
