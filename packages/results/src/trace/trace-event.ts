/** A field of an event's record: what a reader of the format learns of it. */
interface EventField {
  readonly type: string;
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly signed: boolean;
}

/**
 * The fields that every event of the format begins with, in as few bytes as they need: readers go by what the file's head says of them.
 * Flags and preemption count are the same byte, as both are always 0.
 */
const COMMON_FIELDS = {
  event: { type: 'unsigned char', name: 'common_type', offset: 0, sizeBytes: 1, signed: false },
  flags: { type: 'unsigned char', name: 'common_flags', offset: 1, sizeBytes: 1, signed: false },
  preemptCount: { type: 'unsigned char', name: 'common_preempt_count', offset: 1, sizeBytes: 1, signed: false },
  pid: { type: 'unsigned char', name: 'common_pid', offset: 2, sizeBytes: 1, signed: false },
} as const satisfies Record<string, EventField>;

/** What is told of an exit. Time is modelled time. */
const EXIT_FIELDS = {
  /** The type by its number; readers print its name. */
  type: { type: 'u8', name: 'type', offset: 3, sizeBytes: 1, signed: false },
  /** Where the guest was. */
  pc: { type: 'u32', name: 'pc', offset: 4, sizeBytes: 4, signed: false },
} as const satisfies Record<string, EventField>;

/** Nanoseconds from leaving the guest until it can go on, its sleep included. */
const DURATION = { name: 'duration', offset: 8, signed: false } as const;

/** An event as it is recorded; what differs is how long the duration may be. Both have one name, and so the same filters hold for them. */
export interface ExitEvent {
  /** The event's number within the file. */
  readonly id: number;
  readonly duration: EventField;
  readonly recordBytes: number;
}
const event = (id: number, type: string, sizeBytes: number): ExitEvent => ({
  id,
  duration: { ...DURATION, type, sizeBytes },
  recordBytes: DURATION.offset + sizeBytes,
});
export const EXIT_EVENT = event(1, 'u32', 4);
/** For a duration of more than four seconds: a guest that slept. */
export const LONG_EXIT_EVENT = event(2, 'u64', 8);
export const EXIT_EVENTS = [EXIT_EVENT, LONG_EXIT_EVENT] as const;
export const EXIT_SYSTEM = 'exitlab';
const EXIT_EVENT_NAME = 'guest_exit';

/** The task that a virtual CPU is in a trace. */
export const VCPU_PID = 1;

const BITS_A_BYTE = 8;
/** How far left a byte of a record stands in its word. */
const shiftOf = ({ offset }: EventField): number => BITS_A_BYTE * (offset % 4);
/** The first word of an event's record but for the exit's type, which goes above by {@link TYPE_SHIFT}. */
export const firstWord = ({ id }: ExitEvent): number => (id << shiftOf(COMMON_FIELDS.event)) | (VCPU_PID << shiftOf(COMMON_FIELDS.pid));
export const TYPE_SHIFT = shiftOf(EXIT_FIELDS.type);
export const PC_OFFSET = EXIT_FIELDS.pc.offset;
export const DURATION_OFFSET = DURATION.offset;

const line = ({ type, name, offset, sizeBytes, signed }: EventField): string =>
  `\tfield:${type} ${name};\toffset:${offset};\tsize:${sizeBytes};\tsigned:${signed ? 1 : 0};\n`;

/** How an event is laid out and printed, as the kernel's events/…/format files say it. */
export function exitEventFormat({ id, duration }: ExitEvent, typeNames: readonly string[]): string {
  const names = typeNames.map((name, index) => `{ ${index}, "${name}" }`).join(', ');
  const format = duration.sizeBytes === 8 ? '%llu' : '%u';
  return (
    `name: ${EXIT_EVENT_NAME}\nID: ${id}\nformat:\n` +
    `${Object.values(COMMON_FIELDS).map(line).join('')}\n${[...Object.values(EXIT_FIELDS), duration].map(line).join('')}\n` +
    `print fmt: "%s pc=0x%08x duration=${format} ns", __print_symbolic(REC->type, ${names}), REC->pc, REC->duration\n`
  );
}
