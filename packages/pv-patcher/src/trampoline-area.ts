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
  /** The register that it saves in the page before its first other instruction. */
  readonly temporary: number;
  /** Index of the word that makes the effect visible. */
  readonly commit: number;
}

/** The memory that trampolines take. */
export interface TrampolineArea {
  readonly pa: number;
  readonly sizeBytes: number;
}

/**
 * Trampolines begin at multiples of a power of two that holds them, so that none crosses a page: once its first instruction is fetched,
 * no translation miss can come inside.
 */
const SLOT_BYTES = [32, 64] as const;
const PAGE_BYTES = 4096;
const BRANCH_REACH_BYTES = 2 ** 25;

/** How many bytes a trampoline takes, its branch back included. */
export function slotBytes({ lines }: Trampoline): number {
  const needed = (lines.length + 1) * 4;
  const slot = SLOT_BYTES.find((bytes) => bytes >= needed);
  if (slot === undefined) throw new Error(`A trampoline of ${needed} bytes fits into no slot.`);
  return slot;
}

/** The area of whole pages below `endPa` that holds trampolines of the given sizes. */
export function areaBelow(endPa: number, sizes: readonly number[]): TrampolineArea {
  const sizeBytes = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / PAGE_BYTES) * PAGE_BYTES;
  return { pa: endPa - sizeBytes, sizeBytes };
}

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
  const temporary = site.register === 31 ? 30 : 31;
  const operand = (name: string): string => {
    if (name === 'T') return `r${temporary}`;
    if (name === 'S') return `r${site.register}`;
    return `${displacementOf(layout, name as PageField)}(0)`;
  };
  const words = lines.map((line) => assemble(line.replace(/\{(\w+)\}/g, (_, name: string) => operand(name))));
  words.push(branch(pa + words.length * 4, site.sitePa + 4));
  return { pa, words, sitePa: site.sitePa, original: site.original, temporary, commit };
}
