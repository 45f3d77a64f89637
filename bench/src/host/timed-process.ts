import { spawnSync } from 'node:child_process';

/** A program to be run as a whole process. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
}

const TIMEOUT_MS = 300_000;

/** Whether a program can be started. */
export function isInstalled(file: string): boolean {
  return spawnSync(file, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/**
 * Host time of a process from its start to its end, in seconds.
 * @throws Error where it does not end by itself with status 0
 */
export function timeProcess({ file, args }: ProcessCommand, secondsNow: () => number): number {
  const began = secondsNow();
  const { status, signal, error, stderr } = spawnSync(file, [...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS });
  const seconds = secondsNow() - began;
  if (status !== 0) {
    throw new Error(
      `${[file, ...args].join(' ')} ended with ${signal ?? error?.message ?? `status ${status}`}: ${stderr.toString().slice(-300)}`,
    );
  }
  return seconds;
}
