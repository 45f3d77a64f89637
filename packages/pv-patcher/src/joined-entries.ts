import { computesOnly, decode } from '@exitlab/core';
import { type CodeImage, type CodeRegion, type CodeWord, wordsOf } from './code-image.js';
import type { SymbolIndex } from './symbol-index.js';

/** Three `tlbwe` that write the three words of one entry, in the order in which they stand. */
export interface JoinedEntry {
  readonly region: CodeRegion;
  readonly eas: readonly [number, number, number];
}

/** How far apart the first and the last may be, in instructions. */
const LONGEST = 24;
/** The smallest page: nothing in one of them can miss once its first instruction is fetched. */
const PAGE_BYTES = 1024;

const rs = (word: number): number => (word >>> 21) & 0x1f;
const ra = (word: number): number => (word >>> 16) & 0x1f;
const ws = (word: number): number => (word >>> 11) & 0x1f;

/** The bit of `tlbwe` that is reserved; set, it tells the hypervisor to write all three words. */
export const JOINED_MARK = 1;

/** Finds the joinable triples of an image. */
export function joinedEntries(image: CodeImage, regions: readonly CodeRegion[], symbols: SymbolIndex): JoinedEntry[] {
  const found = regions.flatMap((region) => triplesOf(region));
  const entered = branchTargetsInside(image, found);
  return found.filter(
    ({ eas: [first, , last] }, index) =>
      !entered.has(index) && symbols.functionAt(first) === symbols.functionAt(last) && !symbols.isData(first),
  );
}

function triplesOf(region: CodeRegion): JoinedEntry[] {
  const words = [...wordsOf(region)];
  const triples: JoinedEntry[] = [];
  for (let start = 0; start < words.length; start++) {
    if (!isTlbwe(words[start]!.word)) continue;
    const triple = tripleFrom(words, start);
    if (triple === undefined) continue;
    triples.push({ region, eas: triple });
    start = (triple[2] - region.ea) / 4;
  }
  return triples;
}

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

/** Indexes of the triples into which a branch from outside leads. */
function branchTargetsInside(image: CodeImage, triples: readonly JoinedEntry[]): ReadonlySet<number> {
  const entered = new Set<number>();
  if (triples.length === 0) return entered;
  for (const region of image.regions) {
    for (const { ea, word } of wordsOf(region)) {
      const target = relativeTarget(ea, word);
      if (target === undefined) continue;
      triples.forEach(({ eas: [first, , last] }, index) => {
        const fromInside = ea > first && ea < last;
        if (!fromInside && target > first && target <= last) entered.add(index);
      });
    }
  }
  return entered;
}

function relativeTarget(ea: number, word: number): number | undefined {
  const primary = word >>> 26;
  if ((word & 2) !== 0) return undefined;
  if (primary === 16) return ea + (((word & 0xfffc) << 16) >> 16);
  if (primary === 18) return ea + (((word & 0x03fffffc) << 6) >> 6);
  return undefined;
}

/** The number of the word that a `tlbwe` writes, and the register that it comes from. */
export const tlbweOperands = (word: number): { readonly wordNumber: 0 | 1 | 2; readonly source: number } => ({
  wordNumber: ws(word) as 0 | 1 | 2,
  source: rs(word),
});
