import { computesOnly, decode, encode } from '@exitlab/core';
import { type CodeImage, type CodeRegion, type CodeWord, wordsOf } from './code-image.js';
import type { SymbolIndex } from './symbol-index.js';

/** Three `tlbwe` that write the three words of one entry, in the order in which they stand. */
export interface JoinedEntry {
  readonly region: CodeRegion;
  readonly eas: readonly [number, number, number];
  /** The return from interrupt behind them that can write the entry in their place, where there is one. */
  readonly returnEa?: number;
}

/** How far apart the first and the last may be, in instructions. */
const LONGEST = 24;
/** The smallest page: nothing in one of them can miss once its first instruction is fetched. */
const PAGE_BYTES = 1024;

const rs = (word: number): number => (word >>> 21) & 0x1f;
const ra = (word: number): number => (word >>> 16) & 0x1f;
const ws = (word: number): number => (word >>> 11) & 0x1f;

/** The bit of `tlbwe` and `rfi` that is reserved; set, it tells the hypervisor to write all three words. */
export const JOINED_MARK = 1;

/** Finds the joinable triples of an image. `isPageLoad` says of a word whether patching makes a load from the shared page of it. */
export function joinedEntries(
  image: CodeImage,
  regions: readonly CodeRegion[],
  symbols: SymbolIndex,
  isPageLoad: (word: number) => boolean,
): JoinedEntry[] {
  const found = regions.flatMap((region) => triplesOf(region, isPageLoad));
  const targets = branchTargets(image);
  const isWhole = (first: number, last: number): boolean =>
    !targets.some(({ from, to }) => to > first && to <= last && !(from > first && from < last)) &&
    symbols.functionAt(first) === symbols.functionAt(last);
  return found
    .filter(({ eas: [first, , last] }) => isWhole(first, last) && !symbols.isData(first))
    .map(({ returnEa, ...entry }) => (returnEa !== undefined && isWhole(entry.eas[0], returnEa) ? { ...entry, returnEa } : entry));
}

function triplesOf(region: CodeRegion, isPageLoad: (word: number) => boolean): JoinedEntry[] {
  const words = [...wordsOf(region)];
  const triples: JoinedEntry[] = [];
  for (let start = 0; start < words.length; start++) {
    if (!isTlbwe(words[start]!.word)) continue;
    const eas = tripleFrom(words, start);
    if (eas === undefined) continue;
    start = (eas[2] - region.ea) / 4;
    const returnEa = returnBehind(words, start, eas[0], isPageLoad);
    triples.push({ region, eas, ...(returnEa !== undefined && { returnEa }) });
  }
  return triples;
}

/**
 * The `rfi` behind the last of the three, at index `last`, with nothing before it but computing and loads from the shared page: then
 * nothing can use the entry before. The register that names the entry is kept with all from that of the word on, so it must not lie below.
 */
function returnBehind(
  words: readonly CodeWord[],
  last: number,
  firstEa: number,
  isPageLoad: (word: number) => boolean,
): number | undefined {
  if (rs(words[last]!.word) > ra(words[last]!.word)) return undefined;
  for (const { ea, word } of words.slice(last + 1, last + LONGEST)) {
    if (Math.floor(ea / PAGE_BYTES) !== Math.floor(firstEa / PAGE_BYTES)) return undefined;
    if (word === RFI) return ea;
    if (!computesOnly(word) && !isMoveToCr(word) && !isPageLoad(word)) return undefined;
  }
  return undefined;
}

const RFI = encode('rfi', {});
const isMoveToCr = (word: number): boolean => decode(word)?.mnemonic === 'mtcrf';

const isTlbwe = (word: number): boolean => decode(word)?.mnemonic === 'tlbwe' && (word & JOINED_MARK) === 0;

function tripleFrom(words: readonly CodeWord[], start: number): [number, number, number] | undefined {
  const first = words[start]!;
  const sites = [first];
  const branches: { readonly ea: number; readonly target: number }[] = [];
  for (const code of words.slice(start + 1, start + LONGEST)) {
    if (Math.floor(code.ea / PAGE_BYTES) !== Math.floor(first.ea / PAGE_BYTES)) return undefined;
    if (isTlbwe(code.word)) {
      if (ra(code.word) !== ra(first.word)) return undefined;
      sites.push(code);
      if (sites.length === 3) break;
      continue;
    }
    const target = forwardTarget(code);
    if (target !== undefined) branches.push({ ea: code.ea, target });
    else if (!computesOnly(code.word, `r${ra(first.word)}`)) return undefined;
  }
  const [, second, third] = sites;
  if (second === undefined || third === undefined) return undefined;
  const wordNumbers = new Set(sites.map(({ word }) => ws(word)));
  if (wordNumbers.size !== 3 || Math.max(...wordNumbers) > 2) return undefined;
  // A branch may skip computations, but none of the three.
  const next = (ea: number) => (ea < second.ea ? second.ea : third.ea);
  if (branches.some(({ ea, target }) => target > next(ea))) return undefined;
  return [first.ea, second.ea, third.ea];
}

/** The target of a conditional branch forward that leaves neither LR nor CTR changed. */
function forwardTarget({ ea, word }: CodeWord): number | undefined {
  if (word >>> 26 !== 16 || (word & 3) !== 0) return undefined;
  const countsDown = ((word >>> 21) & 4) === 0;
  const displacement = ((word & 0xfffc) << 16) >> 16;
  return countsDown || displacement <= 0 ? undefined : ea + displacement;
}

/** Every branch of the image, from where to where. */
function branchTargets(image: CodeImage): { readonly from: number; readonly to: number }[] {
  return image.regions.flatMap((region) =>
    [...wordsOf(region)].flatMap(({ ea, word }) => {
      const to = relativeTarget(ea, word);
      return to === undefined ? [] : [{ from: ea, to }];
    }),
  );
}

function relativeTarget(ea: number, word: number): number | undefined {
  const primary = word >>> 26;
  if ((word & 2) !== 0) return undefined;
  if (primary === 16) return ea + (((word & 0xfffc) << 16) >> 16);
  if (primary === 18) return ea + (((word & 0x03fffffc) << 6) >> 6);
  return undefined;
}

/** The number of the word that a `tlbwe` writes, the register that it comes from, and the one that names the entry. */
export const tlbweOperands = (word: number): { readonly wordNumber: 0 | 1 | 2; readonly source: number; readonly entry: number } => ({
  wordNumber: ws(word) as 0 | 1 | 2,
  source: rs(word),
  entry: ra(word),
});

/** The return that writes the entry whose last word `tlbwe` would have written: it has that one's operands in its reserved fields. */
export const joinedReturn = (tlbwe: number): number => (RFI | (tlbwe & OPERAND_FIELDS) | JOINED_MARK) >>> 0;
const OPERAND_FIELDS = 0x03fff800;
