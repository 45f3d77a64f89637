import { fileURLToPath } from 'node:url';
import type { ProcessCommand } from './timed-process.js';

/** A guest as every machine takes it. */
export interface GuestFiles {
  readonly kernel: string;
  readonly initrd?: string;
  readonly append: string;
}

/** Something that runs guests as a whole process. */
export interface Peer {
  readonly name: string;
  command(guest: GuestFiles): ProcessCommand;
}

const CLI = fileURLToPath(new URL('../../../../packages/cli/bin/exitlab.mjs', import.meta.url));
export const QEMU = 'qemu-system-ppc';

const bootFiles = ({ kernel, initrd, append }: GuestFiles, dash: string): string[] => [
  `${dash}kernel`,
  kernel,
  ...(initrd === undefined ? [] : [`${dash}initrd`, initrd]),
  `${dash}append`,
  append,
];

/** This program under a strategy. */
export function exitlab(strategy: string, ...options: string[]): Peer {
  return {
    name: `exitlab ${strategy}`,
    command: (guest) => ({ file: process.execPath, args: [CLI, 'run', '--strategy', strategy, ...bootFiles(guest, '--'), ...options] }),
  };
}

/** The reference machine with further options, and its console where they put it (`-serial`), or nowhere. */
export function qemu(name: string, ...options: string[]): Peer {
  const machine = ['-M', 'bamboo', '-m', '64', '-display', 'none', '-monitor', 'none', '-net', 'none', '-no-reboot'];
  const console = options.includes('-serial') ? [] : ['-serial', 'null'];
  return { name, command: (guest) => ({ file: QEMU, args: [...machine, ...console, ...options, ...bootFiles(guest, '-')] }) };
}
