import { assemble, encode } from '@exitlab/core';
import type { Trampoline } from './patch-rule.js';
import { displacementOf, type PageField, type SharedPageLayout } from './shared-page-layout.js';

/** A trampoline in its place. */
export interface PlacedTrampoline {
  readonly pa: number;
  readonly words: readonly number[];
  /** Where the instruction is that it stands for, and its word. */
  readonly sitePa: number;
  readonly original: number;
  /** The registers that its first instructions save in the page, each by one. */
  readonly temporaries: readonly number[];
  /** Index of the word that makes the effect visible. */
  readonly commit: number;
}

/** The memory that trampolines take: one page of the 440, so that a single TLB entry can map it. */
export interface TrampolineArea {
  readonly pa: number;
  readonly sizeBytes: number;
}

/** The smallest mapping: no trampoline crosses one, so that no translation miss can come inside once its first instruction is fetched. */
const PAGE_BYTES = 4096;
/** Page sizes that an area can have (PowerPC 440x5 User's Manual, TLB entry, SIZE). */
const AREA_BYTES = [4096, 16384, 65536, 262144, 1048576] as const;
/** How far a branch reaches to either side. */
export const BRANCH_REACH_BYTES = 2 ** 25;

const TEMPORARIES = [31, 30, 29] as const;

/** How many bytes a trampoline takes, its branch back included. */
const lengthBytes = ({ lines }: Trampoline): number => (lines.length + 1) * 4;

/** Offsets in the area for trampolines in the given order, and what the area must hold. */
export function packTrampolines(trampolines: readonly Trampoline[]): { readonly offsets: readonly number[]; readonly sizeBytes: number } {
  let end = 0;
  const offsets = trampolines.map((trampoline) => {
    const length = lengthBytes(trampoline);
    const left = PAGE_BYTES - (end % PAGE_BYTES);
    const offset = length > left ? end + left : end;
    end = offset + length;
    return offset;
  });
  return { offsets, sizeBytes: end };
}

/** The size of the area that holds so many bytes; undefined where that is too much. */
export const areaBytesFor = (neededBytes: number): number | undefined => AREA_BYTES.find((bytes) => bytes >= neededBytes);

/** Whether a branch at `fromPa` can lead to `toPa`. Code and trampolines are mapped alike, so physical distance is what counts. */
export const reaches = (fromPa: number, toPa: number): boolean =>
  toPa - fromPa >= -BRANCH_REACH_BYTES && toPa - fromPa < BRANCH_REACH_BYTES;

/** A branch from one physical address to another. */
export const branch = (fromPa: number, toPa: number): number => encode('b', { LI: toPa - fromPa });

/** Writes the trampoline for the instruction `original`, with register `register`, that stands at `sitePa`. */
export function placeTrampoline(
  { lines, commit }: Trampoline,
  site: { readonly sitePa: number; readonly original: number; readonly register: number },
  pa: number,
  layout: SharedPageLayout,
): PlacedTrampoline {
  const [first, second] = TEMPORARIES.filter((register) => register !== site.register) as [number, number];
  const operand = (name: string): string => {
    if (name === 'T') return `r${first}`;
    if (name === 'U') return `r${second}`;
    if (name === 'S') return `r${site.register}`;
    return `${displacementOf(layout, name as PageField)}(0)`;
  };
  const words = lines.map((line) => assemble(line.replace(/\{(\w+)\}/g, (_, name: string) => operand(name))));
  words.push(branch(pa + words.length * 4, site.sitePa + 4));
  const temporaries = lines.some((line) => line.includes('{U}')) ? [first, second] : [first];
  return { pa, words, sitePa: site.sitePa, original: site.original, temporaries, commit };
}
