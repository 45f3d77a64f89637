import { EXIT_EVENTS, EXIT_SYSTEM, exitEventFormat, VCPU_PID } from './trace-event.js';

/**
 * A page of records, and how it begins: the time of its first record, and the bytes of records in it. Larger than any kernel's, since
 * each page takes an exit the long way, and small enough for a processor's second-level cache.
 */
export const PAGE_BYTES = 1 << 19;
export const PAGE_HEADER_BYTES = 16;

const HEADER_PAGE =
  '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n' +
  '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n' +
  '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n' +
  `\tfield: char data;\toffset:${PAGE_HEADER_BYTES};\tsize:${PAGE_BYTES - PAGE_HEADER_BYTES};\tsigned:1;\n`;

const HEADER_EVENT =
  '# compressed entry header\n' +
  '\ttype_len    :    5 bits\n' +
  '\ttime_delta  :   27 bits\n' +
  '\tarray       :   32 bits\n\n' +
  '\tpadding     : type == 29\n' +
  '\ttime_extend : type == 30\n' +
  '\ttime_stamp : type == 31\n' +
  '\tdata max type_len  == 28\n';

const MAGIC = [0x17, 0x08, 0x44];
const VERSION = '6';
const LITTLE_ENDIAN = 0;
const LONG_BYTES = 8;

/** Where things stand in a file whose records are those of one virtual CPU. */
export interface TraceHeader {
  /** What the file begins with. */
  readonly bytes: Uint8Array;
  /** Where the first page of records goes: at a page's border. */
  readonly pagesOffset: number;
  /** Where the number of bytes of all pages goes, 64 bits. */
  readonly sizeOffset: number;
}

const u32 = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const u64 = (value: number): Uint8Array => Buffer.concat([u32(value % 2 ** 32), u32(Math.floor(value / 2 ** 32))]);
const text = (value: string): Uint8Array => Buffer.from(value);
const zeroTerminated = (value: string): Uint8Array => text(`${value}\0`);
const sized = (value: string): Uint8Array => Buffer.concat([u64(Buffer.byteLength(value)), text(value)]);
/** Nothing of a kind: no events of ftrace itself, no kernel symbols, no formats of trace_printk. */
const NONE = u32(0);
const ONE = u32(1);

/**
 * The head of a trace.dat file as trace-cmd 6 has it (trace-cmd.dat.v6(5)): the formats of pages and events, then one CPU's place of
 * records.
 * @param task what the virtual CPU is called in a listing
 */
export function traceHeader(typeNames: readonly string[], task: string): TraceHeader {
  const formats = Buffer.concat([
    Uint8Array.from(MAGIC),
    text('tracing'),
    zeroTerminated(VERSION),
    Uint8Array.of(LITTLE_ENDIAN, LONG_BYTES),
    u32(PAGE_BYTES),
    zeroTerminated('header_page'),
    sized(HEADER_PAGE),
    zeroTerminated('header_event'),
    sized(HEADER_EVENT),
    NONE,
    ONE, // system of events
    zeroTerminated(EXIT_SYSTEM),
    u32(EXIT_EVENTS.length),
    ...EXIT_EVENTS.map((event) => sized(exitEventFormat(event, typeNames))),
    NONE,
    NONE,
    sized(`${VCPU_PID} ${task}\n`),
    ONE, // CPU
    zeroTerminated('flyrecord'),
  ]);
  const sizeOffset = formats.length + 8;
  const pagesOffset = Math.ceil((sizeOffset + 8) / PAGE_BYTES) * PAGE_BYTES;
  return { bytes: Buffer.concat([formats, u64(pagesOffset), u64(0)]), sizeOffset, pagesOffset };
}
