import type { PatchEdit, PatchedGuest, PatchTrampoline } from '@exitlab/hypervisor';
import { UserError } from '../errors.js';
import { isElf, readSections } from '../images/elf.js';

/** The section that marks a patched image, and tells the hypervisor what it must know: JSON, numbers only. */
export const PATCH_RECORD_SECTION = '.exitlab.patched';

/** What a patched image carries beside its code. */
export interface PatchRecord {
  /** Version of the shared page's layout. */
  readonly layoutVersion: number;
  readonly guest: PatchedGuest;
}

interface RecordFile {
  readonly layoutVersion: number;
  readonly executionOffsets: readonly number[];
  readonly area?: { readonly pa: number; readonly sizeBytes: number };
  readonly uninterrupted: PatchedGuest['uninterrupted'];
  /** pa, length in words, site's pa, original word, index of the commit, and the temporary registers. */
  readonly trampolines: readonly (readonly number[])[];
  /** pa, word before, word after, and the group's name if it has one. */
  readonly pendingEdits: readonly (readonly [number, number, number, string?])[];
}

/** A record as the bytes of its section. */
export function encodePatchRecord({ layoutVersion, guest }: PatchRecord): Uint8Array {
  const file: RecordFile = {
    layoutVersion,
    executionOffsets: guest.executionOffsets,
    ...(guest.area && { area: guest.area }),
    uninterrupted: guest.uninterrupted,
    trampolines: guest.trampolines.map((each) => [each.pa, each.lengthWords, each.sitePa, each.original, each.commit, ...each.temporaries]),
    pendingEdits: guest.pendingEdits.map(({ pa, before, after, group }) =>
      group === undefined ? [pa, before, after] : [pa, before, after, group],
    ),
  };
  return new TextEncoder().encode(JSON.stringify(file));
}

/** The record of an image; undefined if it is not patched, or no ELF file. Throws a {@link UserError} for one that is damaged. */
export function readPatchRecord(image: Uint8Array): PatchRecord | undefined {
  if (!isElf(image)) return undefined;
  const section = readSections(image).find(({ name }) => name === PATCH_RECORD_SECTION);
  return section && decode(section.bytes);
}

function decode(bytes: Uint8Array): PatchRecord {
  try {
    const file = JSON.parse(Buffer.from(bytes).toString('utf8')) as RecordFile;
    const { layoutVersion, executionOffsets, area, uninterrupted } = file;
    return {
      layoutVersion: number(layoutVersion),
      guest: {
        executionOffsets: executionOffsets.map(number),
        ...(area && { area: { pa: number(area.pa), sizeBytes: number(area.sizeBytes) } }),
        uninterrupted: uninterrupted.map(({ firstPa, lastPa }) => ({ firstPa: number(firstPa), lastPa: number(lastPa) })),
        trampolines: file.trampolines.map(trampoline),
        pendingEdits: file.pendingEdits.map(edit),
      },
    };
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) throw UserError.of('patch-record-bad', {});
    throw cause;
  }
}

function trampoline(values: readonly number[]): PatchTrampoline {
  const [pa, lengthWords, sitePa, original, commit, ...temporaries] = values;
  return {
    pa: number(pa),
    lengthWords: number(lengthWords),
    sitePa: number(sitePa),
    original: number(original),
    commit: number(commit),
    temporaries: temporaries.map((register) => number(register) & 0x1f),
  };
}

function edit([pa, before, after, group]: readonly [number, number, number, string?]): PatchEdit {
  return { pa: number(pa), before: number(before), after: number(after), ...(group !== undefined && { group: String(group) }) };
}

/** A whole number from 0, or a TypeError. */
function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new TypeError('not a number');
  return value;
}
