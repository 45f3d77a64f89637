import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StopReason } from '../../src/hardware.js';
import { Processor440 } from '../../src/processor/processor-440.js';
import type { EngineName, Processor440Options } from '../../src/processor/processor-options.js';
import type { Case } from './case-generator.js';
import {
  COUNT_PA,
  END_BY_WAIT_PA,
  FIRST_RECORD_EA,
  MOST_CASES,
  RAM_BYTES,
  RECORD_POINTER_PA,
  RECORD_WORDS,
  recordPa,
  SLOT_ENTRY_WORD,
  SLOT_WORDS,
  slotPa,
  TRAP,
} from './layout.js';

const GUEST_FOLDER = fileURLToPath(new URL('../../../test/differential/guest', import.meta.url));
const CORE_HZ = 400_000_000;
const QEMU_TIMEOUT_MS = 120_000;
/** The runner needs some hundred instructions a case; more means that it is lost. */
const MOST_INSTRUCTIONS_A_CASE = 2_000;

/** The runner as QEMU takes it (ELF) and as plain bytes for address 0. */
export interface RunnerImage {
  readonly elfPath: string;
  readonly bytes: Uint8Array;
}

/** A folder for the duration of `use`. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'differential-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds a runner of the folder `guest` with the cross compiler. */
export function buildRunner(folder: string, name: 'runner' | 'program-runner' = 'runner'): RunnerImage {
  const object = join(folder, 'runner.o');
  const elfPath = join(folder, 'runner.elf');
  const binary = join(folder, 'runner.bin');
  execFileSync('powerpc-linux-gnu-gcc', ['-c', '-mcpu=440fp', '-Wa,-m440', '-o', object, join(GUEST_FOLDER, `${name}.S`)]);
  execFileSync('powerpc-linux-gnu-ld', ['-N', '--no-warn-rwx-segments', '-Ttext=0', '-e', '_start', '-o', elfPath, object]);
  execFileSync('powerpc-linux-gnu-objcopy', ['-O', 'binary', elfPath, binary]);
  return { elfPath, bytes: readFileSync(binary) };
}

/** A part of the memory image. */
export interface Piece {
  readonly pa: number;
  readonly bytes: Buffer;
}

export function bigEndian(words: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  for (let index = 0; index < words.length; index++) bytes.writeUInt32BE(words[index]! >>> 0, index * 4);
  return bytes;
}

/** All that the runner finds in memory. */
function memoryImage(cases: readonly Case[]): Piece[] {
  if (cases.length > MOST_CASES) throw new Error(`at most ${MOST_CASES} cases fit, not ${cases.length}`);
  const slots = new Uint32Array(cases.length * SLOT_WORDS).fill(TRAP);
  const records = new Uint32Array(cases.length * RECORD_WORDS);
  cases.forEach(({ words, record }, index) => {
    slots.set(words, index * SLOT_WORDS + SLOT_ENTRY_WORD);
    records.set(record, index * RECORD_WORDS);
  });
  return [
    { pa: RECORD_POINTER_PA, bytes: bigEndian([FIRST_RECORD_EA, cases.length]) },
    { pa: slotPa(0), bytes: bigEndian(slots) },
    { pa: recordPa(0), bytes: bigEndian(records) },
  ];
}

export interface MemoryRange {
  readonly pa: number;
  readonly lengthBytes: number;
}

function splitRecords(bytes: Buffer, count: number): Uint32Array[] {
  return Array.from({ length: count }, (_, index) =>
    Uint32Array.from({ length: RECORD_WORDS }, (_unused, word) => bytes.readUInt32BE((index * RECORD_WORDS + word) * 4)),
  );
}

/** Runs an image on QEMU's bamboo and returns what it leaves in `result`. RAM is a file, so all goes in and comes out without a device. */
export function runImageOnQemu(runner: RunnerImage, image: readonly Piece[], result: MemoryRange, folder: string): Buffer {
  const ramPath = join(folder, 'ram');
  const ram = openSync(ramPath, 'w+');
  try {
    ftruncateSync(ram, RAM_BYTES);
    for (const { pa, bytes } of image) writeSync(ram, bytes, 0, bytes.length, pa);
    execFileSync(
      'qemu-system-ppc',
      [
        ...['-M', 'bamboo,memory-backend=ram', '-object', `memory-backend-file,id=ram,size=${RAM_BYTES},mem-path=${ramPath},share=on`],
        ...['-m', `${RAM_BYTES >> 20}`, '-nographic', '-net', 'none', '-no-reboot', '-kernel', runner.elfPath],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], timeout: QEMU_TIMEOUT_MS },
    );
    const bytes = Buffer.alloc(result.lengthBytes);
    readSync(ram, bytes, 0, bytes.length, result.pa);
    return bytes;
  } finally {
    closeSync(ram);
  }
}

function recordsOf(count: number): MemoryRange {
  return { pa: recordPa(0), lengthBytes: count * RECORD_WORDS * 4 };
}

/** The records as QEMU leaves them. */
export function runOnQemu(runner: RunnerImage, cases: readonly Case[], folder: string): Uint32Array[] {
  return splitRecords(runImageOnQemu(runner, memoryImage(cases), recordsOf(cases.length), folder), cases.length);
}

/** The first line of `qemu-system-ppc --version`. */
export function qemuVersion(): string {
  return execFileSync('qemu-system-ppc', ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
}

export interface OwnMachine {
  engine: EngineName;
  /** How often the cases run, each time from the same records; the translator takes up what has run often. */
  rounds: number;
}

/** A processor of ours with a runner in its memory. */
export function processorWith(
  runner: RunnerImage,
  options: Pick<Processor440Options, 'engine' | 'translationThresholds' | 'countInstructions'>,
): Processor440 {
  const processor = new Processor440({
    ramSizeBytes: RAM_BYTES,
    coreHz: CORE_HZ,
    timebaseHz: CORE_HZ,
    devices: { read: () => 0, write: () => {} },
    dcrs: { read: () => 0, write: () => {} },
    ...options,
  });
  processor.memory.writeBytes(0, runner.bytes);
  return processor;
}

/** Runs what is in memory from the start of the runner to its end. */
export function runToEnd(processor: Processor440, mostInstructions: number): void {
  const { memory } = processor;
  memory.write32(END_BY_WAIT_PA, 1);
  // As the board leaves it: 256 MB at 0 for the supervisor.
  processor.writeTlb(0, 0, 0x00000290);
  processor.writeTlb(0, 1, 0x00000000);
  processor.writeTlb(0, 2, 0x00000007);
  processor.msr = 0;
  processor.pc = 0;
  const reason = processor.run(mostInstructions);
  if (reason === StopReason.wait) return;
  throw new Error(`the runner stopped (${reason}) at 0x${processor.pc.toString(16)} with ${memory.read32(COUNT_PA)} left`);
}

/** The records as our processor leaves them after the last round. */
export function runOnProcessor(
  runner: RunnerImage,
  cases: readonly Case[],
  { engine, rounds }: OwnMachine = { engine: 'interpreter', rounds: 1 },
): Uint32Array[] {
  const processor = processorWith(runner, { engine });
  const { memory } = processor;
  const [variables, slots, records] = memoryImage(cases);
  memory.writeBytes(slots!.pa, slots!.bytes);
  for (let round = 0; round < rounds; round++) {
    for (const { pa, bytes } of [variables!, records!]) memory.writeBytes(pa, bytes);
    runToEnd(processor, cases.length * MOST_INSTRUCTIONS_A_CASE + 10_000);
  }
  const { pa, lengthBytes } = recordsOf(cases.length);
  return splitRecords(Buffer.from(memory.readBytes(pa, lengthBytes)), cases.length);
}
