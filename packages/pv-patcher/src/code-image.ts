/** What the patcher needs to know of a guest image, whatever its file format. Effective addresses are those that it is linked for. */

/** A stretch of executable bytes: an ELF section with SHF_EXECINSTR. */
export interface CodeRegion {
  readonly name: string;
  readonly ea: number;
  /** Where it is loaded. */
  readonly pa: number;
  readonly bytes: Uint8Array;
}

export interface CodeSymbol {
  readonly name: string;
  readonly ea: number;
  readonly sizeBytes: number;
  readonly kind: 'object' | 'function' | 'section' | 'file' | 'other';
}

export interface CodeImage {
  readonly regions: readonly CodeRegion[];
  readonly symbols: readonly CodeSymbol[];
}

/** One instruction word and where it is. */
export interface CodeWord {
  readonly region: CodeRegion;
  readonly ea: number;
  readonly word: number;
}

/** The words of a region in order; bytes behind the last whole word are no code. */
export function* wordsOf(region: CodeRegion): Generator<CodeWord> {
  const view = new DataView(region.bytes.buffer, region.bytes.byteOffset, region.bytes.byteLength);
  for (let offset = 0; offset + 4 <= region.bytes.length; offset += 4) {
    yield { region, ea: region.ea + offset, word: view.getUint32(offset) };
  }
}

/** Where a region's instruction at `ea` is loaded. */
export const physicalAddress = (region: CodeRegion, ea: number): number => ea - region.ea + region.pa;
