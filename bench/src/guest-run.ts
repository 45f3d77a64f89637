import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EngineName, TranslatorStatistics } from '@exitlab/core';
import type { PatchTime } from '@exitlab/monitor';
import type { RunResult, TraceOrigin, TraceRecorder } from '@exitlab/results';

/** A file given to a run: its path as the user wrote it, and its bytes. */
export interface InputFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What to run and how: everything that decides the guest's behaviour. Sizes in bytes, times in host seconds. */
export interface GuestRunSpec {
  /** The guest's name in results; the kernel's file name where nothing else is known. */
  readonly name: string;
  /** Builds of one guest share a family and differ in the variant: Linux with and without KUAP. */
  readonly family?: string;
  readonly variant?: string;
  readonly strategy: string;
  readonly kernel: InputFile;
  readonly initrd?: InputFile;
  readonly dtb?: InputFile;
  readonly append?: string;
  readonly memoryBytes: number;
  /** UARTs that are fitted: 1 if absent, as in QEMU's bamboo with -nographic. */
  readonly uartCount?: 1 | 2;
  /** The physical address at which the kernel's file is loaded raw, and entered; absent where the file says that itself. */
  readonly rawAddress?: number;
  /** What executes the guest's instructions; the default where absent. */
  readonly engine?: EngineName;
  /** The run ends when console output matches; without it, when the guest ends. */
  readonly expect?: RegExp;
  /** Host time after which the run ends. */
  readonly timeoutSeconds?: number;
  readonly maxInstructions?: number;
  /** What Linux's KVM leaves out: `fill` handles it with exits of ours, `as-kvm` ends the run as that KVM did. */
  readonly unsupported: 'fill' | 'as-kvm';
  /** Count executed instructions by mnemonic and by timing class. */
  readonly instructionMix?: boolean;
  /** `off`: exits are counted, and their durations not kept. */
  readonly exitTiming?: 'off';
  /** Record where the exits come from, for the patcher; slower. */
  readonly profile?: boolean;
  /** The generation of KVM whose costs are charged, and whose policy holds where {@link policy} says nothing; Linux 3.4's by default. */
  readonly costProfile?: string;
  /** When the strategy `patched` patches its guest; at load by default. */
  readonly patchTime?: PatchTime;
  /** Other policies by name, as given; whoever runs the guest knows and validates them. */
  readonly policy: Readonly<Record<string, string>>;
}

/** A run's connections to the outside. */
export interface GuestRunIo {
  /** Takes what the guest writes to its console. */
  console(bytes: Uint8Array): void;
  /** What the user types; absent where the guest gets no input. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Asked before a run under a hypervisor: what it returns takes every exit, in order. */
  readonly trace?: (origin: TraceOrigin) => TraceRecorder;
  /** When aborted the run ends soon, with the reason `interrupted` and what was measured until then. */
  readonly signal: AbortSignal;
  /** Told at the end what the translator did, where the engine has one. */
  readonly onTranslatorStatistics?: (statistics: TranslatorStatistics) => void;
}

/**
 * Runs a guest to its end. A guest that fails is a result; only wrong input throws, with a typed error whose message is one sentence.
 */
export type RunGuest = (spec: GuestRunSpec, io: GuestRunIo) => Promise<RunResult>;

/** A file that a run needs and that cannot be read. The message is one sentence for the user. */
export class InputFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputFileError';
  }
}

/**
 * Reads a file for a run; `role` is what the user calls it, such as "kernel".
 * @throws InputFileError
 */
export async function readInputFile(path: string, role: string): Promise<InputFile> {
  try {
    return { path, bytes: await readFile(path) };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `it cannot be read (${String(code)})`;
    throw new InputFileError(`Cannot use ${path} as ${role}: ${reason}.`, { cause });
  }
}

/** A file as results name it. */
export function fileIdentity(input: InputFile): { file: string; sha256: string } {
  return { file: basename(input.path), sha256: createHash('sha256').update(input.bytes).digest('hex') };
}
