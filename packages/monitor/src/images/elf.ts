import { UserError } from '../errors.js';
import { BigEndianReader } from './big-endian-reader.js';
import {
  CLASS_32,
  DATA_BIG_ENDIAN,
  FLAG_EXECUTABLE,
  HEADER,
  MACHINE_PPC,
  MAGIC,
  PROGRAM_HEADER,
  SECTION_HEADER,
  SECTION_PROGBITS,
  SECTION_SYMTAB,
  SEGMENT_LOAD,
  SYMBOL,
  TYPE_EXECUTABLE,
  TYPE_SHARED,
} from './elf-layout.js';
import type { GuestImage, ImageSegment } from './guest-image.js';

/** The longest symbol name that is believed; a damaged string table could otherwise ask for gigabytes. */
const MAX_NAME_BYTES = 4096;

const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: 'an x86 ELF',
  8: 'a MIPS ELF',
  21: 'a 64-bit PowerPC ELF',
  40: 'an ARM ELF',
  62: 'an x86-64 ELF',
};

const reader = (bytes: Uint8Array): BigEndianReader =>
  new BigEndianReader(bytes, (part) => UserError.of('image-truncated', { format: 'ELF', part }));

const malformed = (problem: string): UserError => UserError.of('image-malformed', { format: 'ELF', problem });

export const isElf = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0) === MAGIC;

/** Checks the identification of a 32-bit big-endian PowerPC executable. */
export const openElf = (bytes: Uint8Array): BigEndianReader => {
  if (!isElf(bytes)) throw UserError.of('image-foreign', { found: 'no ELF file' });
  const elf = reader(bytes);
  if (elf.u8(HEADER.class, 'header') !== CLASS_32) throw UserError.of('image-foreign', { found: 'a 64-bit ELF' });
  if (elf.u8(HEADER.data, 'header') !== DATA_BIG_ENDIAN) throw UserError.of('image-foreign', { found: 'a little-endian ELF' });
  const machine = elf.u16(HEADER.machine, 'header');
  if (machine !== MACHINE_PPC) {
    throw UserError.of('image-foreign', { found: MACHINE_NAMES[machine] ?? `an ELF for machine number ${machine}` });
  }
  const type = elf.u16(HEADER.type, 'header');
  if (type === TYPE_SHARED) {
    throw UserError.of('image-unsupported', {
      feature: 'position-independent code, which its loader must relocate',
      advice: 'link it for a fixed address, a Linux kernel without CONFIG_RELOCATABLE',
    });
  }
  if (type !== TYPE_EXECUTABLE) {
    throw UserError.of('image-unsupported', {
      feature: `ELF type ${type}`,
      advice: 'link it as an executable, not as an object or library',
    });
  }
  elf.u16(HEADER.shnum, 'header');
  return elf;
};

/** Loads by physical address, as QEMU's and U-Boot's loaders do. Throws {@link UserError} for anything but a sound PowerPC executable. */
export const parseElf = (bytes: Uint8Array): GuestImage => {
  const elf = openElf(bytes);
  const tableOffset = elf.u32(HEADER.phoff, 'header');
  const entrySize = elf.u16(HEADER.phentsize, 'header');
  const count = elf.u16(HEADER.phnum, 'header');
  if (count > 0 && entrySize < PROGRAM_HEADER.sizeBytes) throw malformed(`its program headers are ${entrySize} bytes long`);

  const segments: ImageSegment[] = [];
  for (let i = 0; i < count; i++) {
    const segment = parseProgramHeader(elf, tableOffset + i * entrySize);
    if (segment !== undefined && segment.sizeBytes > 0) segments.push(segment);
  }
  if (segments.length === 0) throw malformed('it has nothing to load');
  return { format: 'elf', segments, entryPa: physicalEntry(elf.u32(HEADER.entry, 'header'), segments) };
};

const parseProgramHeader = (elf: BigEndianReader, at: number): ImageSegment | undefined => {
  const field = (offset: number): number => elf.u32(at + offset, 'program header table');
  if (field(PROGRAM_HEADER.type) !== SEGMENT_LOAD) return undefined;
  const fileBytes = field(PROGRAM_HEADER.filesz);
  const sizeBytes = field(PROGRAM_HEADER.memsz);
  if (fileBytes > sizeBytes) throw malformed('a segment is larger in the file than in memory');
  const bytes = elf.slice(field(PROGRAM_HEADER.offset), fileBytes, 'segments');
  return { pa: field(PROGRAM_HEADER.paddr), ea: field(PROGRAM_HEADER.vaddr), bytes, sizeBytes };
};

/** An entry inside a segment's link addresses is virtual and moves with the segment; otherwise it must be physical already. */
const physicalEntry = (entry: number, segments: readonly ImageSegment[]): number => {
  const inside = (start: number, segment: ImageSegment): boolean => entry >= start && entry < start + segment.sizeBytes;
  const linked = segments.find((segment) => inside(segment.ea, segment));
  if (linked !== undefined) return entry - linked.ea + linked.pa;
  if (segments.some((segment) => inside(segment.pa, segment))) return entry;
  throw UserError.of('entry-outside', { entry });
};

export interface ImageSection {
  readonly name: string;
  /** The address it is linked for; 0 if it is not loaded. */
  readonly ea: number;
  /** Where its bytes are in the file. */
  readonly fileOffset: number;
  readonly bytes: Uint8Array;
  /** Holds instructions (SHF_EXECINSTR). */
  readonly isCode: boolean;
}

/** The sections of an ELF image that have bytes; none if it has no section table. Throws {@link UserError} as {@link parseElf} does. */
export const readSections = (bytes: Uint8Array): ImageSection[] => {
  const table = openSectionTable(openElf(bytes));
  if (table.count === 0) return [];
  const { field } = table;
  const names = table.names();
  const sections: ImageSection[] = [];
  for (let section = 0; section < table.count; section++) {
    if (field(section, SECTION_HEADER.type) !== SECTION_PROGBITS) continue;
    const fileOffset = field(section, SECTION_HEADER.offset);
    sections.push({
      name: names.text(field(section, SECTION_HEADER.name), names.bytes.length, 'section names'),
      ea: field(section, SECTION_HEADER.addr),
      fileOffset,
      bytes: table.elf.slice(fileOffset, field(section, SECTION_HEADER.size), 'sections'),
      isCode: (field(section, SECTION_HEADER.flags) & FLAG_EXECUTABLE) !== 0,
    });
  }
  return sections;
};

export interface SectionTable {
  readonly elf: BigEndianReader;
  readonly count: number;
  /** Which section holds the names of all. */
  readonly namesIndex: number;
  readonly field: (section: number, offset: number) => number;
  readonly names: () => BigEndianReader;
  readonly headers: () => Uint8Array;
}

export const openSectionTable = (elf: BigEndianReader): SectionTable => {
  const tableOffset = elf.u32(HEADER.shoff, 'header');
  const entrySize = elf.u16(HEADER.shentsize, 'header');
  const count = tableOffset === 0 ? 0 : elf.u16(HEADER.shnum, 'header');
  const namesIndex = elf.u16(HEADER.shstrndx, 'header');
  if (count > 0 && entrySize !== SECTION_HEADER.sizeBytes) throw malformed(`its section headers are ${entrySize} bytes long`);
  const field = (section: number, offset: number): number => elf.u32(tableOffset + section * entrySize + offset, 'section header table');
  return {
    elf,
    count,
    namesIndex,
    field,
    names: () => {
      if (namesIndex >= count) throw malformed('its section names are in no section');
      return reader(elf.slice(field(namesIndex, SECTION_HEADER.offset), field(namesIndex, SECTION_HEADER.size), 'section names'));
    },
    headers: () => elf.slice(tableOffset, count * entrySize, 'section header table'),
  };
};

export interface ImageSymbol {
  readonly name: string;
  /** The address it is linked for. */
  readonly ea: number;
  readonly sizeBytes: number;
  readonly kind: 'object' | 'function' | 'section' | 'file' | 'other';
}

const SYMBOL_KINDS: Readonly<Record<number, ImageSymbol['kind']>> = { 1: 'object', 2: 'function', 3: 'section', 4: 'file' };

/** The defined symbols of an ELF image in table order; none if it is stripped. Throws {@link UserError} as {@link parseElf} does. */
export const readSymbols = (bytes: Uint8Array): ImageSymbol[] => {
  const { elf, count, field } = openSectionTable(openElf(bytes));
  const symbols: ImageSymbol[] = [];
  for (let section = 0; section < count; section++) {
    if (field(section, SECTION_HEADER.type) !== SECTION_SYMTAB) continue;
    const strings = field(section, SECTION_HEADER.link);
    if (strings >= count) throw malformed('its symbol table names no string table');
    const table = elf.slice(field(section, SECTION_HEADER.offset), field(section, SECTION_HEADER.size), 'symbol table');
    const names = elf.slice(field(strings, SECTION_HEADER.offset), field(strings, SECTION_HEADER.size), 'string table');
    if (field(section, SECTION_HEADER.entsize) !== SYMBOL.sizeBytes) throw malformed('its symbols have a wrong size');
    for (const symbol of parseSymbols(reader(table), reader(names))) symbols.push(symbol);
  }
  return symbols;
};

function* parseSymbols(table: BigEndianReader, names: BigEndianReader): Generator<ImageSymbol> {
  for (let at = 0; at + SYMBOL.sizeBytes <= table.bytes.length; at += SYMBOL.sizeBytes) {
    const isDefined = table.u16(at + SYMBOL.shndx, 'symbol table') !== 0;
    const nameOffset = table.u32(at + SYMBOL.name, 'symbol table');
    if (!isDefined || nameOffset === 0) continue;
    yield {
      name: names.text(nameOffset, Math.min(names.bytes.length, nameOffset + MAX_NAME_BYTES), 'symbol names'),
      ea: table.u32(at + SYMBOL.value, 'symbol table'),
      sizeBytes: table.u32(at + SYMBOL.size, 'symbol table'),
      kind: SYMBOL_KINDS[table.u8(at + SYMBOL.info, 'symbol table') & 0xf] ?? 'other',
    };
  }
}
