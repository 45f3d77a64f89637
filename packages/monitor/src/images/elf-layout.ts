// Field values and offsets: System V ABI, chapters 4 and 5, and its PowerPC supplement.
export const MAGIC = 0x7f454c46;
export const CLASS_32 = 1;
export const DATA_BIG_ENDIAN = 2;
export const MACHINE_PPC = 20;
export const TYPE_EXECUTABLE = 2;
export const TYPE_SHARED = 3;
export const SEGMENT_LOAD = 1;
export const SECTION_SYMTAB = 2;

export const HEADER = {
  class: 4,
  data: 5,
  type: 16,
  machine: 18,
  entry: 24,
  phoff: 28,
  shoff: 32,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  shnum: 48,
  shstrndx: 50,
};
export const PROGRAM_HEADER = { type: 0, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20, flags: 24, align: 28, sizeBytes: 32 };
export const SECTION_HEADER = {
  name: 0,
  type: 4,
  flags: 8,
  addr: 12,
  offset: 16,
  size: 20,
  link: 24,
  addralign: 32,
  entsize: 36,
  sizeBytes: 40,
};
export const SECTION_PROGBITS = 1;
export const FLAG_EXECUTABLE = 4;
export const SYMBOL = { name: 0, value: 4, size: 8, info: 12, shndx: 14, sizeBytes: 16 };
