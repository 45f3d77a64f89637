import type { TranslationThresholds } from '../../src/translator/translator.js';
import { RandomWords } from '../random-words.js';
import { handlerWords, randomCodeAddress, randomMsr, randomPlaces } from './random-handlers.js';
import { BASES, CODE_WORDS, Layout, TlbSlots } from './random-layout.js';
import { ProgramWriter } from './random-program.js';

const PAGE_BYTES = 4096;
const ALL = 0x3f;
const VALID_16M = 0x270;
const VALID_64K = 0x230;
const ADDRESS_SPACE_1 = 0x100;
const SUPERVISOR_ALL = 0x07;

/** TLB entries that a program needs to get anywhere: the vectors' page, and the large pages. */
export const FIXED_PAGES: readonly { readonly index: number; readonly words: readonly [number, number, number] }[] = [
  { index: TlbSlots.vectors, words: [VALID_64K, 0, SUPERVISOR_ALL] },
  { index: TlbSlots.linear, words: [Layout.linear | VALID_16M, 0, ALL] },
  { index: TlbSlots.linear + 1, words: [Layout.linear | VALID_16M | ADDRESS_SPACE_1, 0, ALL] },
];

/** A random program with all that belongs to it. */
export interface RandomImage {
  readonly handlers: Uint8Array;
  readonly program: Uint8Array;
  readonly data: Uint8Array;
  /** Words of the program to which control often comes. */
  readonly places: readonly number[];
  readonly gprs: readonly number[];
  readonly fprs: readonly bigint[];
  readonly timebaseHz: number;
  /** So low that all code is translated while it is compared, at times with room for little of it. */
  readonly thresholds: TranslationThresholds;
}

/** @param processesApart whether every page that a program fills into its TLB belongs to a process; else to all in some programs */
export function randomImage(seed: number, processesApart = false): RandomImage {
  const random = new RandomWords(seed);
  const places = randomPlaces(random);
  const gprs = Array.from({ length: 32 }, () => (random.oneIn(3) ? random.below(64) : random.next()));
  for (const [register, value] of BASES) gprs[register] = value;
  return {
    handlers: makeHandlers(random, places, processesApart),
    program: bytesOf(new ProgramWriter(random, places).write()),
    data: bytesOf(Array.from({ length: (Layout.dataPages * PAGE_BYTES) / 4 }, () => randomHighHalf(random))),
    places,
    gprs,
    fprs: Array.from({ length: 32 }, () => (BigInt(randomHighHalf(random)) << 32n) | BigInt(random.next())),
    timebaseHz: random.oneIn(2) ? 400e6 : 100e6,
    thresholds: {
      warm: random.pick([2, 2, 4, 16]),
      ...(random.oneIn(2) && { fall: { halvedAfter: random.pick([100, 1000, 5000]), least: 2 } }),
      hot: random.pick([4, 16, 64]),
      ...(random.oneIn(3) && { keptInstructions: random.pick([100, 500, 2000]) }),
    },
  };
}

function makeHandlers(random: RandomWords, places: readonly number[], apart: boolean): Uint8Array {
  const words = new Array<number>(Layout.handlersBytes / 4).fill(0);
  const place = (address: number, values: readonly number[]) => void words.splice(address >>> 2, values.length, ...values);
  for (let vector = 0; vector < 16; vector++) place(vector * Layout.vectorBytes, handlerWords(vector, random, apart));
  place(
    Layout.restarts,
    Array.from({ length: Layout.restartCount }, () => randomCodeAddress(random, places)),
  );
  place(
    Layout.restarts + 4 * Layout.restartCount,
    Array.from({ length: Layout.restartCount }, () => randomMsr(random)),
  );
  for (const space of [0, 1]) place(Layout.pageTable + 512 * space, pageTable(space, random));
  return bytesOf(words);
}

/** The address of a word of code that is likely to run. */
export function likelyCodePa({ places }: RandomImage, value: number): number {
  return Layout.code + 4 * ((places[value % places.length]! + ((value >>> 8) % 64)) % CODE_WORDS);
}

/** Words 1 and 2 of the TLB entries for 64 pages of an address space. */
function pageTable(space: number, random: RandomWords): number[] {
  const { code, codePages, data, dataPages, codeAlias, devices, devicesPa } = Layout;
  return Array.from({ length: 64 }, (_, page) => {
    const ea = page * PAGE_BYTES;
    // In address space 1 the pages of code come in another order.
    const turned = (offset: number, pages: number) => ((offset / PAGE_BYTES + space) % pages) * PAGE_BYTES;
    const permissions = random.oneIn(12) ? random.pick([0x2d, 0x1b, 0x07, 0x36]) : ALL;
    if (ea >= code && ea < code + codePages * PAGE_BYTES) return [code + turned(ea - code, codePages), permissions];
    if (ea >= codeAlias && ea < codeAlias + codePages * PAGE_BYTES) return [code + turned(ea - codeAlias, codePages), permissions];
    if (ea >= data && ea < data + dataPages * PAGE_BYTES) return [ea, permissions];
    if (ea === devices) return [devicesPa, ALL];
    // The rest: mostly data, at times little-endian, write-through, not cached, without permissions or nowhere.
    const word2 = random.pick([ALL, ALL, 0x1b, 0x09, 0, ALL | 0x80, ALL | 0x400, ALL | 0x800]);
    const pa = random.pick([data, data, code, devicesPa, 0x100000]) + PAGE_BYTES * random.below(4);
    return [pa, word2];
  }).flat();
}

/** The upper half of a double: one with an ordinary exponent, an infinity or a NaN of either kind, or any. */
function randomHighHalf(random: RandomWords): number {
  switch (random.below(4)) {
    case 0:
      return random.pick([0x7ff00000, 0x7ff80000, 0x7ff00001, 0xfff00000, 0, 0x80000000, 0x00000001, 0x000fffff]);
    case 1:
      return random.next();
    default:
      return 0x3f000000 + random.below(1 << 24);
  }
}

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => void view.setUint32(4 * index, word));
  return bytes;
}

/** A word of a program, whatever the index. */
export function wordAt(bytes: Uint8Array, index: number): number {
  return new DataView(bytes.buffer).getUint32(4 * ((index >>> 0) % (bytes.length / 4)));
}

export function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}
