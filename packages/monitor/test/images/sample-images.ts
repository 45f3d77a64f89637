import { crc32, gzipSync } from 'node:zlib';
import { cells, type DeviceTree, flag, node, strings } from '../../src/images/device-tree.js';

/** Small sound images, made field by field so that a test can damage a single one. */

export interface SampleSegment {
  readonly type?: number;
  readonly vaddr: number;
  readonly paddr: number;
  readonly bytes: Uint8Array;
  readonly memsz?: number;
}

export interface SampleSymbol {
  readonly name: string;
  readonly value: number;
  readonly size?: number;
  readonly info?: number;
  readonly shndx?: number;
}

const ELF_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
const SECTION_HEADER_BYTES = 40;
const SYMBOL_BYTES = 16;

/** A section of code: all of one segment. */
export interface SampleSection {
  readonly name: string;
  readonly segment: number;
}

/** Sections are written only where there are symbols. */
export const sampleElf = (
  entry: number,
  segments: readonly SampleSegment[],
  symbols: readonly SampleSymbol[] = [],
  codeSections: readonly SampleSection[] = [],
): Uint8Array => {
  const dataOffset = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES * segments.length;
  const dataBytes = segments.reduce((sum, segment) => sum + segment.bytes.length, 0);
  const names = Buffer.from(`\0${[...symbols, ...codeSections].map(({ name }) => `${name}\0`).join('')}`, 'latin1');
  const symtabOffset = dataOffset + dataBytes;
  const strtabOffset = symtabOffset + SYMBOL_BYTES * (symbols.length + 1);
  const sectionsOffset = strtabOffset + names.length;
  const sectionCount = symbols.length > 0 ? 3 + codeSections.length : 0;
  const file = Buffer.alloc(sectionsOffset + SECTION_HEADER_BYTES * sectionCount);

  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1]);
  file.writeUInt16BE(2, 16);
  file.writeUInt16BE(20, 18);
  file.writeUInt32BE(1, 20);
  file.writeUInt32BE(entry, 24);
  file.writeUInt32BE(ELF_HEADER_BYTES, 28);
  file.writeUInt32BE(sectionCount > 0 ? sectionsOffset : 0, 32);
  file.writeUInt16BE(PROGRAM_HEADER_BYTES, 42);
  file.writeUInt16BE(segments.length, 44);
  file.writeUInt16BE(SECTION_HEADER_BYTES, 46);
  file.writeUInt16BE(sectionCount, 48);
  file.writeUInt16BE(sectionCount > 0 ? 2 : 0, 50);

  const offsets: number[] = [];
  let offset = dataOffset;
  segments.forEach((segment, i) => {
    offsets.push(offset);
    const memsz = segment.memsz ?? segment.bytes.length;
    const fields = [segment.type ?? 1, offset, segment.vaddr, segment.paddr, segment.bytes.length, memsz, 7, 4];
    fields.forEach((field, word) => {
      file.writeUInt32BE(field, ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES * i + 4 * word);
    });
    file.set(segment.bytes, offset);
    offset += segment.bytes.length;
  });

  if (sectionCount > 0) {
    let nameOffset = 1;
    symbols.forEach((symbol, i) => {
      const at = symtabOffset + SYMBOL_BYTES * (i + 1);
      file.writeUInt32BE(nameOffset, at);
      file.writeUInt32BE(symbol.value, at + 4);
      file.writeUInt32BE(symbol.size ?? 0, at + 8);
      file.writeUInt8(symbol.info ?? 2, at + 12);
      file.writeUInt16BE(symbol.shndx ?? 1, at + 14);
      nameOffset += symbol.name.length + 1;
    });
    file.set(names, strtabOffset);
    const section = (index: number, type: number, at: number, size: number, link: number, entsize: number): void =>
      [0, type, 0, 0, at, size, link, 0, 0, entsize].forEach((field, word) => {
        file.writeUInt32BE(field, sectionsOffset + SECTION_HEADER_BYTES * index + 4 * word);
      });
    section(1, 2, symtabOffset, SYMBOL_BYTES * (symbols.length + 1), 2, SYMBOL_BYTES);
    section(2, 3, strtabOffset, names.length, 0, 0);
    codeSections.forEach(({ name, segment }, i) => {
      const { vaddr, bytes } = segments[segment]!;
      [nameOffset, 1, 6, vaddr, offsets[segment]!, bytes.length].forEach((field, word) => {
        file.writeUInt32BE(field, sectionsOffset + SECTION_HEADER_BYTES * (3 + i) + 4 * word);
      });
      nameOffset += name.length + 1;
    });
  }
  return file;
};

export interface SampleUImage {
  readonly load: number;
  readonly entry: number;
  readonly data: Uint8Array;
  readonly gzip?: boolean;
  readonly architecture?: number;
  readonly type?: number;
  readonly compression?: number;
}

export const sampleUImage = (image: SampleUImage): Uint8Array => {
  const data = image.gzip === true ? gzipSync(image.data) : image.data;
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x27051956, 0);
  header.writeUInt32BE(data.length, 12);
  header.writeUInt32BE(image.load, 16);
  header.writeUInt32BE(image.entry, 20);
  header.writeUInt32BE(crc32(data), 24);
  header.set([5, image.architecture ?? 7, image.type ?? 2, image.compression ?? (image.gzip === true ? 1 : 0)], 28);
  header.write('sample', 32);
  header.writeUInt32BE(crc32(header), 4);
  return Buffer.concat([header, data]);
};

export const sampleTree: DeviceTree = {
  root: node(
    '',
    [cells('#address-cells', 2), cells('#size-cells', 1), strings('compatible', 'amcc,bamboo', 'second')],
    [
      node('memory', [strings('device_type', 'memory'), cells('reg', 0, 0, 0)]),
      node(
        'plb',
        [flag('ranges')],
        [node('serial@ef600300', [cells('reg', 0xef60_0300, 8), { name: 'odd', value: Uint8Array.of(1, 2, 3) }])],
      ),
      node('chosen', []),
    ],
  ),
  reservations: [{ address: 0x1000n, sizeBytes: 0x2000n }],
  bootCpu: 0,
};
