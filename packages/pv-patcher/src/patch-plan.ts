import { type CodeImage, type CodeRegion, type CodeWord, wordsOf } from './code-image.js';
import { type PatchRule, rewrittenWord } from './patch-rule.js';
import { PATCH_RULES } from './patch-rules.js';
import type { Refusal } from './refusals.js';
import { type SensitiveInstruction, sensitiveInstruction } from './sensitive-instruction.js';
import type { SharedPageLayout } from './shared-page-layout.js';
import { SymbolIndex } from './symbol-index.js';

/** A sensitive instruction of the image, and what becomes of it. */
export interface PatchSite {
  readonly ea: number;
  readonly region: CodeRegion;
  /** The word before. */
  readonly word: number;
  /** As {@link SensitiveInstruction.name}. */
  readonly instruction: string;
  /** The function or label it belongs to. */
  readonly symbol: string | undefined;
  readonly outcome:
    | { readonly kind: 'patched'; readonly rule: PatchRule; readonly word: number }
    | { readonly kind: 'refused'; readonly refusal: Refusal };
}

/** What is to be done to an image. */
export interface PatchPlan {
  readonly layout: SharedPageLayout;
  /** By ascending address within each region. */
  readonly sites: readonly PatchSite[];
  /** Addresses of instructions that already access the place of the page: it is in use, or Linux's own templates for it. */
  readonly pageAccesses: readonly PageAccess[];
}

export interface PageAccess {
  readonly ea: number;
  readonly word: number;
  readonly symbol: string | undefined;
}

const RULES = new Map(PATCH_RULES.map((rule) => [rule.pattern, rule]));

/** Linux keeps its user code outside executable sections (the vDSO is data); our own bare-metal guests name such sections so. */
const isUserCode = ({ name }: CodeRegion): boolean => name.startsWith('.user');

/** Decides what becomes of every sensitive instruction of an image. Pure: the image is not changed. */
export function planPatches(image: CodeImage, layout: SharedPageLayout): PatchPlan {
  const symbols = new SymbolIndex(image.symbols);
  const sites: PatchSite[] = [];
  const pageAccesses: PageAccess[] = [];
  for (const region of image.regions) {
    for (const code of wordsOf(region)) {
      const { ea, word } = code;
      const sensitive = sensitiveInstruction(word);
      if (sensitive !== undefined) {
        const outcome = decide(code, sensitive, symbols, layout);
        sites.push({ ea, region, word, instruction: sensitive.name, symbol: symbols.functionAt(ea), outcome });
      } else if (accessesPage(word, layout) && !symbols.isData(ea)) {
        pageAccesses.push({ ea, word, symbol: symbols.functionAt(ea) });
      }
    }
  }
  return { layout, sites, pageAccesses };
}

function decide(
  { region, ea }: CodeWord,
  found: SensitiveInstruction,
  symbols: SymbolIndex,
  layout: SharedPageLayout,
): PatchSite['outcome'] {
  const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;
  const rule = RULES.get(found.name);
  if (rule === undefined) return refused('no-rule');
  if (symbols.isData(ea)) return refused('data');
  if (isUserCode(region)) return refused('user-mode');
  return { kind: 'patched', rule, word: rewrittenWord(rule, found.register, layout) };
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
