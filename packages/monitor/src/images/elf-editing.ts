import { openElf, openSectionTable } from './elf.js';
import { HEADER, PROGRAM_HEADER, SECTION_HEADER, SECTION_PROGBITS, SEGMENT_LOAD } from './elf-layout.js';

const align = (offset: number): number => (offset + 3) & ~3;
const READ_AND_EXECUTE = 5;

/** A copy of an ELF image with one more section, which is not loaded: names and section headers are written anew at its end. */
export const withSection = (bytes: Uint8Array, name: string, content: Uint8Array): Uint8Array => {
  const { elf, count, namesIndex, names, headers } = openSectionTable(openElf(bytes));
  const oldNames = names().bytes;
  const newNames = new Uint8Array(oldNames.length + name.length + 1);
  newNames.set(oldNames);
  newNames.set(new TextEncoder().encode(name), oldNames.length);

  const contentAt = align(elf.bytes.length);
  const namesAt = contentAt + content.length;
  const headersAt = align(namesAt + newNames.length);
  const result = new Uint8Array(headersAt + (count + 1) * SECTION_HEADER.sizeBytes);
  result.set(elf.bytes);
  result.set(content, contentAt);
  result.set(newNames, namesAt);
  result.set(headers(), headersAt);

  const view = new DataView(result.buffer);
  const set = (section: number, offset: number, value: number): void =>
    view.setUint32(headersAt + section * SECTION_HEADER.sizeBytes + offset, value);
  set(namesIndex, SECTION_HEADER.offset, namesAt);
  set(namesIndex, SECTION_HEADER.size, newNames.length);
  set(count, SECTION_HEADER.name, oldNames.length);
  set(count, SECTION_HEADER.type, SECTION_PROGBITS);
  set(count, SECTION_HEADER.offset, contentAt);
  set(count, SECTION_HEADER.size, content.length);
  set(count, SECTION_HEADER.addralign, 1);
  view.setUint32(HEADER.shoff, headersAt);
  view.setUint16(HEADER.shnum, count + 1);
  return result;
};

/** A copy of an ELF image with one more segment to load; the program headers are written anew at its end. */
export const withSegment = (bytes: Uint8Array, segment: { ea: number; pa: number; bytes: Uint8Array }): Uint8Array => {
  const elf = openElf(bytes);
  const tableOffset = elf.u32(HEADER.phoff, 'header');
  const entrySize = elf.u16(HEADER.phentsize, 'header');
  const count = elf.u16(HEADER.phnum, 'header');
  const headers = elf.slice(tableOffset, count * entrySize, 'program header table');

  const contentAt = align(bytes.length);
  const headersAt = align(contentAt + segment.bytes.length);
  const result = new Uint8Array(headersAt + (count + 1) * entrySize);
  result.set(bytes);
  result.set(segment.bytes, contentAt);
  result.set(headers, headersAt);

  const view = new DataView(result.buffer);
  const set = (offset: number, value: number): void => view.setUint32(headersAt + count * entrySize + offset, value);
  set(PROGRAM_HEADER.type, SEGMENT_LOAD);
  set(PROGRAM_HEADER.offset, contentAt);
  set(PROGRAM_HEADER.vaddr, segment.ea);
  set(PROGRAM_HEADER.paddr, segment.pa);
  set(PROGRAM_HEADER.filesz, segment.bytes.length);
  set(PROGRAM_HEADER.memsz, segment.bytes.length);
  set(PROGRAM_HEADER.flags, READ_AND_EXECUTE);
  set(PROGRAM_HEADER.align, 4);
  view.setUint32(HEADER.phoff, headersAt);
  view.setUint16(HEADER.phnum, count + 1);
  return result;
};
