import { MAGIC_PAGE_EA, type PatchedGuest, SHARED_PAGE_VERSION, SharedField } from '@exitlab/hypervisor';
import {
  areaBytes,
  BRANCH_REACH_BYTES,
  type CodeImage,
  type CodeRegion,
  type PageAccess,
  type PatchPlan,
  patchedBytes,
  planPatches,
  type SharedPageLayout,
} from '@exitlab/pv-patcher';
import { BAMBOO } from '../board/bamboo.js';
import { UserError } from '../errors.js';
import { isElf, parseElf, readSections, readSymbols } from '../images/elf.js';
import { withSection, withSegment } from '../images/elf-editing.js';
import type { ImageSegment } from '../images/guest-image.js';
import { encodePatchRecord, PATCH_RECORD_SECTION, readPatchRecord } from './patch-record.js';

/** The page as our hypervisor lays it out. */
export const SHARED_PAGE_LAYOUT: SharedPageLayout = { ea: MAGIC_PAGE_EA, version: SHARED_PAGE_VERSION, offsets: SharedField };

/** Linux's own templates for guests that patch themselves access the same page, and run only if a hypervisor offers it. */
const OWN_TEMPLATES = { first: 'kvm_template_start', end: 'kvm_template_end' };

/**
 * When sites are patched: `static`, in the file, beforehand; `load`, when the machine loads it; `trap`, each at its first trap. The
 * first two give the same code.
 */
export type PatchTime = 'static' | 'load' | 'trap';
export const PATCH_TIMES: readonly PatchTime[] = ['static', 'load', 'trap'];

/** A kernel after patching, and what was done to it. */
export interface PatchedKernel {
  readonly bytes: Uint8Array;
  readonly plan: PatchPlan;
}

/** A kernel as a strategy runs it. */
export interface StrategyKernel {
  readonly bytes: Uint8Array;
  readonly patchedGuest?: PatchedGuest;
}

/** Plans the patching of an ELF kernel. Throws a {@link UserError} for an image in which code cannot be told from data. */
export function planKernelPatches(kernel: Uint8Array): PatchPlan {
  if (readPatchRecord(kernel) !== undefined) throw UserError.of('already-patched', {});
  return planFor(codeImage(kernel), undefined);
}

/**
 * A patched copy of an ELF kernel; the given bytes stay as they are. `only` names the sites to patch by their addresses, all where it is
 * absent. Throws a {@link UserError} where it must not be patched.
 */
export function patchKernel(kernel: Uint8Array, when: PatchTime = 'static', only?: ReadonlySet<number>): PatchedKernel {
  if (readPatchRecord(kernel) !== undefined) throw UserError.of('already-patched', {});
  const image = codeImage(kernel);
  const plan = planFor(image, only);
  const conflict = plan.pageAccesses.find((access) => !isInOwnTemplates(image, access));
  if (conflict !== undefined) throw UserError.of('page-in-use', { at: conflict.ea, symbol: conflict.symbol });

  const { area, uninterrupted } = plan;
  const offsets = plan.sites.flatMap(({ region, outcome }) => (outcome.kind === 'patched' ? [region.ea - region.pa] : []));
  const guest: PatchedGuest = {
    executionOffsets: [...new Set([0, ...offsets])],
    ...(area && { area }),
    uninterrupted,
    trampolines: plan.trampolines.map(({ words, ...trampoline }) => ({ ...trampoline, lengthWords: words.length })),
    pendingEdits: when === 'trap' ? plan.edits : [],
  };
  const record = encodePatchRecord({ layoutVersion: SHARED_PAGE_LAYOUT.version, guest });
  const loaded =
    area === undefined ? kernel : withSegment(kernel, { pa: area.pa, ea: area.pa + (offsets[0] ?? 0), bytes: areaBytes(plan) });
  const bytes = withSection(loaded, PATCH_RECORD_SECTION, record);
  if (when !== 'trap') for (const region of image.regions) bytes.set(patchedBytes(plan, region), region.fileOffset);
  return { bytes, plan };
}

/**
 * The kernel as a strategy runs it: patched now, or, if it was before, checked against the hypervisor's layout.
 * Throws a {@link UserError} for a patched kernel under a strategy without the page, and for one to be patched that cannot be.
 */
export function kernelForStrategy(
  kernel: Uint8Array,
  strategy: { readonly name: string; readonly patched: boolean },
  when: PatchTime = 'load',
): StrategyKernel {
  const record = readPatchRecord(kernel);
  if (record === undefined) {
    if (!strategy.patched) return { bytes: kernel };
    if (when === 'static') throw UserError.of('not-patched', {});
    const { bytes } = patchKernel(kernel, when);
    return { bytes, patchedGuest: readPatchRecord(bytes)!.guest };
  }
  if (!strategy.patched) throw UserError.of('patched-elsewhere', { strategy: strategy.name });
  if (record.layoutVersion !== SHARED_PAGE_LAYOUT.version) {
    throw UserError.of('patched-for-other-layout', { found: record.layoutVersion, wanted: SHARED_PAGE_LAYOUT.version });
  }
  return { bytes: kernel, patchedGuest: record.guest };
}

const planFor = (image: ElfCodeImage, only: ReadonlySet<number> | undefined): PatchPlan =>
  planPatches(image, {
    layout: SHARED_PAGE_LAYOUT,
    findArea: (sizeBytes) => freeArea(image.segments, sizeBytes),
    ...(only && { only }),
  });

/** A built-in device tree is smaller than this; whether one of the user's is, too, is checked when the image is loaded. */
const DEVICE_TREE_ROOM_BYTES = 0x1_0000;

/**
 * Where trampolines can lie: right below the device tree, where a board's loader puts nothing; where the image is there, behind the image;
 * or behind the device tree. Whether memory and initial RAM disk leave that place free is checked when the image is loaded.
 */
function freeArea(segments: readonly ImageSegment[], sizeBytes: number): number | undefined {
  const { deviceTree } = BAMBOO.boot;
  const taken = [...segments, { pa: deviceTree, sizeBytes: DEVICE_TREE_ROOM_BYTES }];
  const isFree = (pa: number): boolean => taken.every((each) => each.pa + each.sizeBytes <= pa || pa + sizeBytes <= each.pa);
  const isNear = (pa: number): boolean => segments.some((each) => Math.abs(pa - each.pa) < BRANCH_REACH_BYTES);
  const imageEnd = Math.max(...segments.map((each) => each.pa + each.sizeBytes));
  return [deviceTree - sizeBytes, imageEnd + sizeBytes - 1, deviceTree + DEVICE_TREE_ROOM_BYTES + sizeBytes - 1]
    .map((pa) => pa - (pa % sizeBytes))
    .find((pa) => isFree(pa) && isNear(pa));
}

function isInOwnTemplates({ symbols }: CodeImage, { ea }: PageAccess): boolean {
  const eaOf = (name: string): number | undefined => symbols.find((symbol) => symbol.name === name)?.ea;
  const first = eaOf(OWN_TEMPLATES.first);
  const end = eaOf(OWN_TEMPLATES.end);
  return first !== undefined && end !== undefined && ea >= first && ea < end;
}

interface ElfCodeImage extends CodeImage {
  readonly segments: readonly ImageSegment[];
  readonly regions: readonly (CodeRegion & { readonly fileOffset: number })[];
}

function codeImage(kernel: Uint8Array): ElfCodeImage {
  if (!isElf(kernel)) throw UserError.of('not-patchable-format', {});
  const { segments } = parseElf(kernel);
  const sections = readSections(kernel);
  if (sections.length === 0) throw UserError.of('no-sections', {});
  const symbols = readSymbols(kernel);
  if (symbols.length === 0) throw UserError.of('no-symbols', {});
  const regions = sections.flatMap(({ name, ea, bytes, fileOffset, isCode }) => {
    const segment = segments.find((each) => ea >= each.ea && ea + bytes.length <= each.ea + each.bytes.length);
    return isCode && segment !== undefined ? [{ name, ea, pa: ea - segment.ea + segment.pa, bytes, fileOffset }] : [];
  });
  if (regions.length === 0) throw UserError.of('nothing-to-patch', {});
  return { segments, regions, symbols };
}
