/** A field of an event's record: what a reader of the format learns of it. */
interface EventField {
  readonly type: string;
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly signed: boolean;
}

/** The fields that every event of the format begins with. */
const COMMON_FIELDS: readonly EventField[] = [
  { type: 'unsigned short', name: 'common_type', offset: 0, sizeBytes: 2, signed: false },
  { type: 'unsigned char', name: 'common_flags', offset: 2, sizeBytes: 1, signed: false },
  { type: 'unsigned char', name: 'common_preempt_count', offset: 3, sizeBytes: 1, signed: false },
  { type: 'int', name: 'common_pid', offset: 4, sizeBytes: 4, signed: true },
];

/** What is told of an exit. Time is modelled time. */
export const EXIT_FIELDS = {
  /** The type by its number; readers print its name. */
  type: { type: 'u32', name: 'type', offset: 8, sizeBytes: 4, signed: false },
  /** Where the guest was. */
  pc: { type: 'u32', name: 'pc', offset: 12, sizeBytes: 4, signed: false },
  /** Nanoseconds from leaving the guest until it can go on, its sleep included. */
  duration: { type: 'u64', name: 'duration', offset: 16, sizeBytes: 8, signed: false },
} as const satisfies Record<string, EventField>;

export const EXIT_RECORD_BYTES = 24;
/** The event's number within the file, and its name there. */
export const EXIT_EVENT_ID = 1;
export const EXIT_SYSTEM = 'exitlab';
export const EXIT_EVENT = 'guest_exit';

const line = ({ type, name, offset, sizeBytes, signed }: EventField): string =>
  `\tfield:${type} ${name};\toffset:${offset};\tsize:${sizeBytes};\tsigned:${signed ? 1 : 0};\n`;

/** How the event is laid out and printed, as the kernel's events/…/format files say it. */
export function exitEventFormat(typeNames: readonly string[]): string {
  const names = typeNames.map((name, index) => `{ ${index}, "${name}" }`).join(', ');
  return (
    `name: ${EXIT_EVENT}\nID: ${EXIT_EVENT_ID}\nformat:\n` +
    `${COMMON_FIELDS.map(line).join('')}\n${Object.values(EXIT_FIELDS).map(line).join('')}\n` +
    `print fmt: "%s pc=0x%08x duration=%llu ns", __print_symbolic(REC->type, ${names}), REC->pc, REC->duration\n`
  );
}
