import { assemble } from '@exitlab/core';

/** A program that makes one kind of event happen again and again, and then resets the machine. */
export interface EventProgram {
  readonly name: string;
  /** What one event is, for people. */
  readonly event: string;
  /** ELF image with so many events. */
  image(events: number): Uint8Array;
}

const BASE = 0x00100000;
/** The same memory again, for problem state; the lower half belongs to the entry that the machine starts with. */
const USER_ALIAS = 0x90000000;
const VECTOR_BYTES = 0x100;
const MAIN_OFFSET = 0x2000;
const PAGES = 0xa0000000;
const PAGE_COUNT = 128;
/** TLB entries below this one are fixed; the refill handler rotates through the others. */
const FIRST_ROTATED = 8;
const VECTOR = { program: 6, systemCall: 8, dataTlbError: 13 } as const;
const TLB_VALID_16M = 0x270;
const TLB_USER_AND_SUPERVISOR = 0x3f;

const loadConstant = (register: string, value: number): string[] => [
  `lis ${register},${((value >>> 16) << 16) >> 16}`,
  `ori ${register},${register},${value & 0xffff}`,
];
const RESET = ['lis r3,0x3000', 'mtdbcr0 r3', 'b 0'];
const RETURN = ['rfi'];
const SKIP = ['mfsrr0 r9', 'addi r9,r9,4', 'mtsrr0 r9', 'rfi'];
/** Enters the page that DEAR names, one to one, at the next of the rotated entries (r20). */
const REFILL = [
  'mfdear r9',
  'rlwinm r9,r9,0,0,19',
  'rlwinm r10,r9,0,4,31',
  'ori r9,r9,0x210',
  'addi r20,r20,1',
  'cmpwi r20,63',
  'ble 8',
  `li r20,${FIRST_ROTATED}`,
  'tlbwe r9,r20,0',
  'tlbwe r10,r20,1',
  'li r10,63',
  'tlbwe r10,r20,2',
  'rfi',
];

/** Vectors, an alias that users may use, and the loop. */
function program(handlers: Readonly<Record<number, readonly string[]>>, main: readonly string[]): readonly number[] {
  const words: number[] = [];
  const place = (offset: number, lines: readonly string[]) => {
    for (const [index, line] of lines.entries()) words[offset / 4 + index] = assemble(line);
  };
  for (const [vector, lines] of Object.entries(handlers)) place(Number(vector) * VECTOR_BYTES, lines);
  const vectors = Object.keys(handlers).flatMap((vector) => [`li r3,${Number(vector) * VECTOR_BYTES}`, `mtspr ${400 + Number(vector)},r3`]);
  const alias = [
    'li r3,0',
    'mtspr 946,r3',
    'li r4,1',
    ...loadConstant('r5', USER_ALIAS | TLB_VALID_16M),
    'tlbwe r5,r4,0',
    'tlbwe r3,r4,1',
    `li r5,${TLB_USER_AND_SUPERVISOR}`,
    'tlbwe r5,r4,2',
  ];
  place(MAIN_OFFSET, [...loadConstant('r3', BASE), 'mtspr 63,r3', ...vectors, ...alias, `li r20,${FIRST_ROTATED}`, ...main]);
  return Array.from(words, (word) => word ?? 0);
}

const counted = (events: number): string[] => [...loadConstant('r3', events), 'mtctr r3'];
/** Goes on behind itself in the alias and in problem state. */
const ENTER_USER = [
  'mfmsr r4',
  'ori r4,r4,0x4000',
  'mtsrr1 r4',
  'bl 4',
  'mflr r5',
  `addis r5,r5,${USER_ALIAS >> 16}`,
  'addi r5,r5,24',
  'mtsrr0 r5',
  'isync',
  'rfi',
];

export const EVENT_PROGRAMS: readonly EventProgram[] = [
  eventProgram('sc-supervisor', 'sc and rfi, supervisor', { [VECTOR.systemCall]: RETURN }, (events) => [
    ...counted(events),
    'sc',
    'bdnz -4',
    ...RESET,
  ]),
  eventProgram('sc-user', 'sc and rfi, user', { [VECTOR.systemCall]: RETURN, [VECTOR.program]: RESET }, (events) => [
    ...counted(events),
    ...ENTER_USER,
    'sc',
    'bdnz -4',
    'mfmsr r3',
  ]),
  eventProgram('privileged', 'privileged trap, skip, rfi', { [VECTOR.program]: SKIP, [VECTOR.systemCall]: RESET }, (events) => [
    ...counted(events),
    ...ENTER_USER,
    'mfsprg r6,0',
    'bdnz -4',
    'sc',
  ]),
  eventProgram('tlb-refill', 'DTLB miss, refill, retry', { [VECTOR.dataTlbError]: REFILL }, (events) => [
    ...loadConstant('r7', Math.ceil(events / PAGE_COUNT)),
    ...loadConstant('r8', PAGES),
    `li r3,${PAGE_COUNT}`,
    'mtctr r3',
    'lwz r6,0(r8)',
    'addi r8,r8,4096',
    'bdnz -8',
    'addi r7,r7,-1',
    'cmpwi r7,0',
    'bgt -36',
    ...RESET,
  ]),
  eventProgram('mfspr', 'mfspr SPRG0, supervisor', {}, (events) => [...counted(events), 'mfsprg r6,0', 'bdnz -4', ...RESET]),
];

/** The console's data register, where the first TLB entries map it. */
const UART = 0xef600300;

/** Sends a byte to the console by its fourth instruction, and resets the machine. */
export const START_PROGRAM: Uint8Array = elfImage(
  [...loadConstant('r4', UART), 'li r3,33', 'stb r3,0(r4)', ...RESET].map((line) => assemble(line)),
  0,
);

function eventProgram(
  name: string,
  event: string,
  handlers: Readonly<Record<number, readonly string[]>>,
  main: (events: number) => readonly string[],
): EventProgram {
  return { name, event, image: (events) => elfImage(program(handlers, main(events)), MAIN_OFFSET) };
}

/** A statically linked big-endian ELF file with one segment at BASE, entered at an offset into it. */
function elfImage(words: readonly number[], entryOffset: number): Uint8Array {
  const HEADER_BYTES = 84;
  const image = new Uint8Array(HEADER_BYTES + 4 * words.length);
  const view = new DataView(image.buffer);
  image.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1]);
  view.setUint16(16, 2); // executable
  view.setUint16(18, 20); // PowerPC
  view.setUint32(20, 1);
  view.setUint32(24, BASE + entryOffset);
  view.setUint32(28, 52); // program headers
  view.setUint16(40, 52);
  view.setUint16(42, 32);
  view.setUint16(44, 1);
  view.setUint16(46, 40);
  const segment = [1, HEADER_BYTES, BASE, BASE, 4 * words.length, 4 * words.length, 7, 4];
  for (const [index, value] of segment.entries()) view.setUint32(52 + 4 * index, value);
  for (const [index, word] of words.entries()) view.setUint32(HEADER_BYTES + 4 * index, word);
  return image;
}
