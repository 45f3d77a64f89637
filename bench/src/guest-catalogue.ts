/** The bare-metal guests, read from their one table, `bench/guests/guests.json`; `bench/guests/README.md` says how to add one. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputFileError } from './guest-run.js';

/**
 * What a guest is about: `console` greets and echoes, `compute` stays in user-level instructions, `instructions` checks forms that
 * compilers rarely emit, `devices` and `supervisor` exercise what a hypervisor must emulate, `kernel` is the small kernel with user
 * processes, `run-control` never ends by itself.
 */
export type GuestClass = 'console' | 'compute' | 'instructions' | 'devices' | 'supervisor' | 'kernel' | 'run-control';

/** A row of the table as it is written. */
interface GuestRow {
  readonly name: string;
  readonly class: GuestClass;
  readonly cpu: '440' | '440fp';
  readonly sources: readonly string[];
  readonly scale: number;
  readonly checksum: string;
  readonly description: string;
  /** C definitions beyond those every guest gets, as `NAME=VALUE`. */
  readonly defines?: readonly string[];
  readonly linkerScript?: string;
  /** `reset` where left out. */
  readonly ends?: 'reset' | 'never';
  readonly input?: string;
  readonly onQemu?: { readonly verdict: string; readonly reason: string };
}

/** A bare-metal guest. */
export interface Guest {
  readonly name: string;
  readonly class: GuestClass;
  /** Which compiler target it is built for; `440fp` uses the floating-point unit. */
  readonly cpu: '440' | '440fp';
  readonly description: string;
  /** The committed image, an absolute path. */
  readonly elfFile: string;
  /** Its sources, relative to `bench/guests`, without the runtime that all share. */
  readonly sources: readonly string[];
  /** Repetitions of its unit of work by default; the boot argument `scale=N` sets another number. */
  readonly scale: number;
  /** The line on the console, without its end, that says that the guest has started its work. */
  readonly startLine: string;
  /** The line on the console, without its end, that says that the guest is right; undefined for one that never ends. */
  readonly passLine: string | undefined;
  /** Whether it resets the board when done, or has to be stopped. */
  readonly ends: 'reset' | 'never';
  /** What to type into its console, if it reads it. */
  readonly consoleInput: string | undefined;
  /** What the reference machine prints instead of `passLine` where it departs from the manual, and why. */
  readonly qemuDifference: { readonly verdictLine: string; readonly reason: string } | undefined;
}

/** `bench/guests`, seen from the compiled file in `bench/dist/src`. */
const defaultFolder = fileURLToPath(new URL('../../guests/', import.meta.url));

/**
 * All guests in the order of the table.
 *
 * @param folder the folder with `guests.json` and `elf/`.
 * @throws InputFileError where the table is missing.
 */
export function readGuestCatalogue(folder: string = defaultFolder): readonly Guest[] {
  const file = path.join(folder, 'guests.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new InputFileError(`The table of guests ${file} is missing: this checkout is not complete.`, { cause });
  }
  const table = JSON.parse(text) as { readonly guests: readonly GuestRow[] };
  return table.guests.map((row) => toGuest(row, folder));
}

function toGuest(row: GuestRow, folder: string): Guest {
  const ends = row.ends ?? 'reset';
  return {
    name: row.name,
    class: row.class,
    cpu: row.cpu,
    description: row.description,
    elfFile: path.join(folder, 'elf', `${row.name}.elf`),
    sources: row.sources,
    scale: row.scale,
    startLine: startLine(row.name, row.scale),
    passLine: ends === 'reset' ? `PASS ${row.name} checksum=${row.checksum}` : undefined,
    ends,
    consoleInput: row.input,
    qemuDifference: row.onQemu === undefined ? undefined : { verdictLine: row.onQemu.verdict, reason: row.onQemu.reason },
  };
}

/** What a guest prints first when it runs at a scale, as `runtime/verdict.c` does. */
export function startLine(name: string, scale: number): string {
  return `START ${name} scale=${scale}`;
}
