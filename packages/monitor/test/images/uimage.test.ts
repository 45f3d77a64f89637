import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../src/errors.js';
import { parseUImage } from '../../src/images/uimage.js';
import { sampleUImage } from './sample-images.js';

const data = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
const image = { load: 0x40_0000, entry: 0x40_0010, data };
const MEMORY_BYTES = 2 ** 24;

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 0x01;
  return copy;
};

for (const gzip of [false, true]) {
  test(`a uImage ${gzip ? 'compressed with gzip' : 'without compression'} loads at its address`, (t) => {
    const { segments, entryPa } = parseUImage(sampleUImage({ ...image, gzip }), MEMORY_BYTES);
    t.is(entryPa, 0x40_0010);
    t.is(segments[0]!.pa, 0x40_0000);
    t.deepEqual(Uint8Array.from(segments[0]!.bytes), data);
  });
}

test('reading a uImage leaves its bytes as they were', (t) => {
  const bytes = Buffer.from(sampleUImage(image));
  const before = Uint8Array.from(bytes);
  parseUImage(bytes, MEMORY_BYTES);
  t.deepEqual(Uint8Array.from(bytes), before);
});

for (const { description, bytes, kind, says } of [
  { description: 'a uImage cut inside its header', bytes: sampleUImage(image).subarray(0, 40), kind: 'image-truncated', says: /header/ },
  { description: 'a uImage cut inside its data', bytes: sampleUImage(image).subarray(0, 500), kind: 'image-truncated', says: /data/ },
  { description: 'a damaged header', bytes: flipped(sampleUImage(image), 16), kind: 'image-malformed', says: /checksum of its header/ },
  { description: 'damaged data', bytes: flipped(sampleUImage(image), 100), kind: 'image-malformed', says: /checksum of its data/ },
  {
    description: 'a uImage for ARM',
    bytes: sampleUImage({ ...image, architecture: 2 }),
    kind: 'image-foreign',
    says: /architecture number 2/,
  },
  { description: 'a RAM disk uImage', bytes: sampleUImage({ ...image, type: 3 }), kind: 'image-unsupported', says: /type 3/ },
  {
    description: 'a bzip2 uImage',
    bytes: sampleUImage({ ...image, compression: 2 }),
    kind: 'image-unsupported',
    says: /gzip or not at all/,
  },
  {
    description: 'data that is no gzip',
    bytes: sampleUImage({ ...image, compression: 1 }),
    kind: 'image-malformed',
    says: /do not unpack/,
  },
  { description: 'an entry outside the data', bytes: sampleUImage({ ...image, entry: 0x100 }), kind: 'entry-outside', says: /0x100/ },
  {
    description: 'a uImage that unpacks to more than the memory',
    bytes: sampleUImage({ ...image, data: new Uint8Array(MEMORY_BYTES + 1), gzip: true }),
    kind: 'image-malformed',
    says: /more than the memory/,
  },
] as const) {
  test(`${description} is refused with advice`, (t) => {
    const error = t.throws(() => parseUImage(bytes, MEMORY_BYTES), { instanceOf: UserError });
    t.is(error.kind, kind);
    t.regex(error.message, says);
  });
}

test('whatever the damage, a uImage gives an image or a user error', (t) => {
  for (const gzip of [false, true]) {
    const sound = sampleUImage({ ...image, gzip });
    t.notThrows(() =>
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 4 }),
          fc.nat(sound.length),
          (mutations, length) => {
            const bytes = Uint8Array.from(sound.subarray(0, length));
            for (const [at, value] of mutations) if (at < length) bytes[at] = value;
            try {
              parseUImage(bytes, MEMORY_BYTES);
            } catch (error) {
              if (!(error instanceof UserError)) throw error;
            }
          },
        ),
        { numRuns: 1000 },
      ),
    );
  }
});

test('a sound checksum does not protect from damaged gzip data: that is a user error, too', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
        try {
          parseUImage(sampleUImage({ ...image, data: content, compression: 1 }), MEMORY_BYTES);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
    ),
  );
});
