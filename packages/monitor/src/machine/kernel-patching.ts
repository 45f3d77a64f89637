import { MAGIC_PAGE_EA, SHARED_PAGE_VERSION, SharedField } from '@exitlab/hypervisor';
import { type CodeImage, type PageAccess, type PatchPlan, patchedBytes, planPatches, type SharedPageLayout } from '@exitlab/pv-patcher';
import { UserError } from '../errors.js';
import { isElf, readSections, readSymbols, withSection } from '../images/elf.js';

/** The page as our hypervisor lays it out. */
export const SHARED_PAGE_LAYOUT: SharedPageLayout = { ea: MAGIC_PAGE_EA, version: SHARED_PAGE_VERSION, offsets: SharedField };

/** The section that marks a patched image; it holds the version of the page's layout as text. */
const MARK = '.exitlab.patched';
/** Linux's own templates for guests that patch themselves access the same page, and run only if a hypervisor offers it. */
const OWN_TEMPLATES = { first: 'kvm_template_start', end: 'kvm_template_end' };

/** A kernel after patching, and what was done to it. */
export interface PatchedKernel {
  readonly bytes: Uint8Array;
  readonly plan: PatchPlan;
}

/** The layout version that an image is patched for; undefined if it is not patched, or no ELF file. */
export function patchedForVersion(kernel: Uint8Array): string | undefined {
  if (!isElf(kernel)) return undefined;
  const mark = readSections(kernel).find(({ name }) => name === MARK);
  return mark && Buffer.from(mark.bytes).toString('latin1');
}

/** Plans the patching of an ELF kernel. Throws a {@link UserError} for an image in which code cannot be told from data. */
export function planKernelPatches(kernel: Uint8Array): PatchPlan {
  return planPatches(codeImage(kernel), SHARED_PAGE_LAYOUT);
}

/** A patched copy of an ELF kernel; the given bytes stay as they are. Throws a {@link UserError} where it must not be patched. */
export function patchKernel(kernel: Uint8Array): PatchedKernel {
  if (patchedForVersion(kernel) !== undefined) throw UserError.of('already-patched', {});
  const image = codeImage(kernel);
  const plan = planPatches(image, SHARED_PAGE_LAYOUT);
  const conflict = plan.pageAccesses.find((access) => !isInOwnTemplates(image, access));
  if (conflict !== undefined) throw UserError.of('page-in-use', { at: conflict.ea, symbol: conflict.symbol });
  const bytes = withSection(kernel, MARK, new TextEncoder().encode(String(SHARED_PAGE_LAYOUT.version)));
  for (const region of image.regions) bytes.set(patchedBytes(plan, region), region.fileOffset);
  return { bytes, plan };
}

/**
 * The kernel as a strategy runs it: patched now, or, if it was before, checked against the hypervisor's layout.
 * Throws a {@link UserError} for a patched kernel under a strategy without the page.
 */
export function kernelForStrategy(kernel: Uint8Array, strategy: { readonly name: string; readonly patched: boolean }): Uint8Array {
  const version = patchedForVersion(kernel);
  if (version === undefined) return strategy.patched ? patchKernel(kernel).bytes : kernel;
  if (!strategy.patched) throw UserError.of('patched-elsewhere', { strategy: strategy.name });
  if (version === String(SHARED_PAGE_LAYOUT.version)) return kernel;
  throw UserError.of('patched-for-other-layout', { found: version, wanted: SHARED_PAGE_LAYOUT.version });
}

function isInOwnTemplates({ symbols }: CodeImage, { ea }: PageAccess): boolean {
  const eaOf = (name: string): number | undefined => symbols.find((symbol) => symbol.name === name)?.ea;
  const first = eaOf(OWN_TEMPLATES.first);
  const end = eaOf(OWN_TEMPLATES.end);
  return first !== undefined && end !== undefined && ea >= first && ea < end;
}

interface ElfCodeImage extends CodeImage {
  readonly regions: readonly (CodeImage['regions'][number] & { readonly fileOffset: number })[];
}

function codeImage(kernel: Uint8Array): ElfCodeImage {
  if (!isElf(kernel)) throw UserError.of('not-patchable-format', {});
  const sections = readSections(kernel);
  if (sections.length === 0) throw UserError.of('no-sections', {});
  const symbols = readSymbols(kernel);
  if (symbols.length === 0) throw UserError.of('no-symbols', {});
  const regions = sections.filter(({ isCode }) => isCode);
  if (regions.length === 0) throw UserError.of('nothing-to-patch', {});
  return { regions, symbols };
}
