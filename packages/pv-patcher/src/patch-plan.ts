import { encode } from '@exitlab/core';
import { type CodeImage, type CodeRegion, type CodeWord, physicalAddress, wordsOf } from './code-image.js';
import { JOINED_MARK, type JoinedEntry, joinedEntries, joinedReturn, tlbweOperands } from './joined-entries.js';
import { type KernelInstruction, kernelInstruction } from './kernel-instruction.js';
import type { PatchRule, Trampoline } from './patch-rule.js';
import { PATCH_RULES } from './patch-rules.js';
import { type Refusal, refusalWithoutRule } from './refusals.js';
import { displacementOf, type SharedPageLayout } from './shared-page-layout.js';
import { SymbolIndex } from './symbol-index.js';
import {
  areaBytesFor,
  branch,
  type PlacedTrampoline,
  packTrampolines,
  placeTrampoline,
  reaches,
  type TrampolineArea,
} from './trampoline-area.js';

/** An instruction of the image that patching is about, and what becomes of it. */
export interface PatchSite {
  readonly ea: number;
  readonly region: CodeRegion;
  /** The word before. */
  readonly word: number;
  /** As {@link KernelInstruction.name}. */
  readonly instruction: string;
  /** The function or label it belongs to. */
  readonly symbol: string | undefined;
  /** Sites of one group are patched together or not at all. */
  readonly group?: string;
  readonly outcome: PatchOutcome;
}

export type PatchOutcome =
  | { readonly kind: 'patched'; readonly rule: PatchRule; readonly word: number; readonly trampoline?: PlacedTrampoline }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One word of the image to write; edits of one group are made together. */
export interface WordEdit {
  readonly pa: number;
  readonly before: number;
  readonly after: number;
  readonly group?: string;
}

/** Code in which interrupts wait: after the instruction at `firstPa`, up to that at `lastPa`. */
export interface UninterruptedCode {
  readonly firstPa: number;
  readonly lastPa: number;
}

/** What is to be done to an image. */
export interface PatchPlan {
  readonly layout: SharedPageLayout;
  /** By ascending address within each region. */
  readonly sites: readonly PatchSite[];
  readonly edits: readonly WordEdit[];
  /** Absent where no trampoline is needed. */
  readonly area: TrampolineArea | undefined;
  readonly trampolines: readonly PlacedTrampoline[];
  readonly uninterrupted: readonly UninterruptedCode[];
  /** Instructions that already access the place of the page: it is in use, or these are Linux's own templates for it. */
  readonly pageAccesses: readonly PageAccess[];
}

export interface PageAccess {
  readonly ea: number;
  readonly word: number;
  readonly symbol: string | undefined;
}

export interface PatchOptions {
  readonly layout: SharedPageLayout;
  /** Finds a place for an area of trampolines: its physical address, a multiple of its size; undefined where there is none. */
  readonly findArea: (sizeBytes: number) => number | undefined;
  /** Sites to patch, by address; all where absent. What must be patched together is, if one of it is chosen. */
  readonly only?: ReadonlySet<number>;
}

/** A site with a rule, before places are given to trampolines. */
interface Candidate {
  readonly code: CodeWord;
  readonly instruction: KernelInstruction;
  readonly decision: PatchRule | Refusal;
  readonly group?: string;
}

const RULES = new Map(PATCH_RULES.map((rule) => [rule.pattern, rule]));

/** Linux keeps its user code outside executable sections (the vDSO is data); our own bare-metal guests name such sections so. */
const isUserCode = ({ name }: CodeRegion): boolean => name.startsWith('.user');

/** Decides what becomes of every sensitive instruction of an image. Pure: the image is not changed. */
export function planPatches(image: CodeImage, { layout, findArea, only }: PatchOptions): PatchPlan {
  const symbols = new SymbolIndex(image.symbols);
  const kernelRegions = image.regions.filter((region) => !isUserCode(region));
  const joined = joinedEntries(image, kernelRegions, symbols, isPageLoad);
  const joinedWords = new Map(joined.flatMap((entry) => wordsOfJoined(entry, layout)));
  const entryAt = new Map(
    joined.flatMap(({ eas, returnEa }) => [...eas, returnEa].map((ea) => [ea, `entry at ${eas[0].toString(16)}`] as const)),
  );
  const found: Candidate[] = [];
  const pageAccesses: PageAccess[] = [];
  for (const region of image.regions) {
    for (const code of wordsOf(region)) {
      const instruction = kernelInstruction(code.word);
      if (instruction === undefined) {
        if (accessesPage(code.word, layout) && !symbols.isData(code.ea)) {
          pageAccesses.push({ ea: code.ea, word: code.word, symbol: symbols.functionAt(code.ea) });
        }
        continue;
      }
      const decision = decide(code, instruction, symbols, joinedWords);
      const group = typeof decision === 'string' ? undefined : (decision.group ?? entryAt.get(code.ea));
      found.push({ code, instruction, decision, ...(group !== undefined && { group }) });
    }
  }
  // What does not trap is worth a word only where it is patched.
  const candidates = chosen(found, only).filter(({ instruction, decision }) => instruction.traps || typeof decision !== 'string');

  const needed = candidates.flatMap(({ decision }) => trampolineOf(decision) ?? []);
  const { offsets, sizeBytes } = packTrampolines(needed);
  const area = needed.length > 0 ? placedArea(areaBytesFor(sizeBytes), findArea) : undefined;
  const nextOffset = offsets.values();
  const sites = candidates.map(({ code: { ea, region, word }, instruction, decision, group }): PatchSite => {
    const site = { ea, region, word, instruction: instruction.name, symbol: symbols.functionAt(ea), ...(group !== undefined && { group }) };
    if (typeof decision === 'string') return { ...site, outcome: { kind: 'refused', refusal: decision } };
    const sitePa = physicalAddress(region, ea);
    const trampoline = trampolineOf(decision);
    if (trampoline === undefined) {
      const after = joinedWords.get(ea) ?? rewrittenWord(decision, instruction.register, layout);
      return { ...site, outcome: { kind: 'patched', rule: decision, word: after } };
    }
    if (area === undefined) return { ...site, outcome: { kind: 'refused', refusal: 'no-room' } };
    const pa = area.pa + nextOffset.next().value!;
    if (!reaches(sitePa, pa)) return { ...site, outcome: { kind: 'refused', refusal: 'no-reach' } };
    const placed = placeTrampoline(trampoline, { sitePa, original: word, register: instruction.register }, pa, layout);
    return { ...site, outcome: { kind: 'patched', rule: decision, word: branch(sitePa, pa), trampoline: placed } };
  });

  const patchedEas = new Set(sites.flatMap(({ ea, outcome }) => (outcome.kind === 'patched' ? [ea] : [])));
  return {
    layout,
    sites,
    edits: sites.flatMap(({ ea, region, word, group, outcome }): WordEdit[] => {
      if (outcome.kind === 'refused') return [];
      return [{ pa: physicalAddress(region, ea), before: word, after: outcome.word, ...(group !== undefined && { group }) }];
    }),
    area,
    trampolines: sites.flatMap(({ outcome }) => (outcome.kind === 'patched' ? (outcome.trampoline ?? []) : [])),
    uninterrupted: joined
      .filter(({ eas }) => patchedEas.has(eas[0]))
      .map(({ region, eas, returnEa }) => ({
        firstPa: physicalAddress(region, eas[0]),
        lastPa: physicalAddress(region, returnEa ?? eas[2]),
      })),
    pageAccesses,
  };
}

function placedArea(sizeBytes: number | undefined, findArea: PatchOptions['findArea']): TrampolineArea | undefined {
  const pa = sizeBytes === undefined ? undefined : findArea(sizeBytes);
  return sizeBytes === undefined || pa === undefined ? undefined : { pa, sizeBytes };
}

/** The candidates with only those to be patched that were asked for, and what must be patched with them. */
function chosen(found: readonly Candidate[], only: ReadonlySet<number> | undefined): readonly Candidate[] {
  if (only === undefined) return found;
  const groups = new Set(found.flatMap(({ code, group }) => (group !== undefined && only.has(code.ea) ? [group] : [])));
  return found.map((candidate) => {
    const { code, instruction, decision, group } = candidate;
    const isChosen = only.has(code.ea) || (group !== undefined && groups.has(group));
    return isChosen || typeof decision === 'string' ? candidate : { code, instruction, decision: 'unchosen' };
  });
}

function trampolineOf(decision: PatchRule | Refusal): Trampoline | undefined {
  return typeof decision !== 'string' && decision.rewrite.kind === 'trampoline' ? decision.rewrite.trampoline : undefined;
}

function decide(
  { region, ea }: CodeWord,
  { name }: KernelInstruction,
  symbols: SymbolIndex,
  joinedWords: ReadonlyMap<number, number>,
): PatchRule | Refusal {
  const rule = RULES.get(name);
  if (rule === undefined || (rule.rewrite.kind === 'join-return' && !joinedWords.has(ea))) return refusalWithoutRule(name);
  if (symbols.isData(ea)) return 'data';
  if (isUserCode(region)) return 'user-mode';
  return rule.rewrite.kind === 'join' && !joinedWords.has(ea) ? 'alone' : rule;
}

/** Whether patching makes a load from the shared page of a word. */
function isPageLoad(word: number): boolean {
  const name = kernelInstruction(word)?.name;
  return name !== undefined && RULES.get(name)?.rewrite.kind === 'load';
}

/** The words that take the places of joined `tlbwe`, and of the return behind them, by address. */
function wordsOfJoined({ region, eas, returnEa }: JoinedEntry, layout: SharedPageLayout): [ea: number, word: number][] {
  const wordAt = (ea: number): number => new DataView(region.bytes.buffer, region.bytes.byteOffset).getUint32(ea - region.ea);
  const waiting = eas.slice(0, 2).map((ea): [number, number] => {
    const { wordNumber, source } = tlbweOperands(wordAt(ea));
    return [ea, encode('stw', { RS: source, D: displacementOf(layout, `joinedWord${wordNumber}`), RA: 0 })];
  });
  const lastEa = eas[2];
  const last = wordAt(lastEa);
  if (returnEa === undefined) return [...waiting, [lastEa, (last | JOINED_MARK) >>> 0]];
  const { source } = tlbweOperands(last);
  // All registers from the word's on, each at its own place: that of the entry is among them.
  const keep = encode('stmw', { RS: source, D: displacementOf(layout, 'joinedRegisters') + 4 * source, RA: 0 });
  return [...waiting, [lastEa, keep], [returnEa, joinedReturn(last)]];
}

/** The word that stands at the site of an in-place rule afterwards. */
function rewrittenWord({ rewrite }: PatchRule, register: number, layout: SharedPageLayout): number {
  switch (rewrite.kind) {
    case 'load':
      return encode('lwz', { RT: register, D: displacementOf(layout, rewrite.field), RA: 0 });
    case 'store':
      return encode('stw', { RS: register, D: displacementOf(layout, rewrite.field), RA: 0 });
    case 'nop':
      return encode('ori', {});
    case 'join':
    case 'join-return':
      throw new Error('What is joined has words of its own.');
    case 'trampoline':
      throw new Error('A trampoline is not in place.');
  }
}

const FIRST_D_FORM = 32;
const LAST_D_FORM = 55;
const PAGE_BYTES = 4096;

/** Whether a load or store with a displacement from 0 reaches the page (primary opcodes 32 to 55 are the D-form loads and stores). */
function accessesPage(word: number, { ea }: SharedPageLayout): boolean {
  const primary = word >>> 26;
  if (primary < FIRST_D_FORM || primary > LAST_D_FORM || ((word >>> 16) & 0x1f) !== 0) return false;
  const target = ((word << 16) >> 16) >>> 0;
  return target >= ea && target < ea + PAGE_BYTES;
}

/** A region's bytes as they are after patching. */
export function patchedBytes(plan: PatchPlan, region: CodeRegion): Uint8Array {
  const bytes = Uint8Array.from(region.bytes);
  const view = new DataView(bytes.buffer);
  for (const site of plan.sites) {
    if (site.region === region && site.outcome.kind === 'patched') view.setUint32(site.ea - region.ea, site.outcome.word);
  }
  return bytes;
}

/** The bytes of the trampoline area; what no trampoline takes is 0, which is no instruction. */
export function areaBytes({ area, trampolines }: PatchPlan): Uint8Array {
  const bytes = new Uint8Array(area?.sizeBytes ?? 0);
  const view = new DataView(bytes.buffer);
  for (const { pa, words } of trampolines) {
    words.forEach((word, index) => {
      view.setUint32(pa - area!.pa + index * 4, word);
    });
  }
  return bytes;
}
