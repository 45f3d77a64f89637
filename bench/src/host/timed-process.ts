import { spawn, spawnSync } from 'node:child_process';

/** A program to be run as a whole process. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** A process that did not do its work. The message is one sentence for whoever reads the table. */
export class ProcessFailure extends Error {
  override readonly name = 'ProcessFailure';

  constructor({ file, args }: ProcessCommand, why: string, said: string) {
    super(`${[file, ...args].join(' ')} ended with ${why}${said === '' ? '' : `: ${said.trim().slice(-300)}`}`);
  }
}

const TIMEOUT_MS = 300_000;

/** Whether a program can be started. */
export function isInstalled(file: string): boolean {
  return spawnSync(file, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/**
 * Host time of a process from its start to its end, in seconds.
 * @throws ProcessFailure where it does not end by itself with status 0
 */
export function timeProcess(command: ProcessCommand, secondsNow: () => number): number {
  const began = secondsNow();
  const { status, signal, error, stderr } = spawnSync(command.file, [...command.args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const seconds = secondsNow() - began;
  if (status !== 0) throw new ProcessFailure(command, signal ?? error?.message ?? `status ${status}`, String(stderr ?? ''));
  return seconds;
}

/**
 * Host time from the start of a process to the first byte on its standard output, in seconds.
 * @throws ProcessFailure where it ends without one
 */
export function timeFirstOutput(command: ProcessCommand, secondsNow: () => number): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = secondsNow();
    let seconds: number | undefined;
    const child = spawn(command.file, [...command.args], { stdio: ['ignore', 'pipe', 'ignore'] });
    // Not spawn's own limit of time: where the program cannot be started, that goes on waiting for its end.
    const limit = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.stdout.on('data', () => {
      seconds ??= secondsNow() - began;
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(new ProcessFailure(command, error.message, ''));
    });
    child.on('close', (status, signal) => {
      clearTimeout(limit);
      if (seconds === undefined) reject(new ProcessFailure(command, signal ?? `status ${status}`, 'it wrote nothing'));
      else resolve(seconds);
    });
  });
}
