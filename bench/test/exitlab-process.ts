import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkout } from './reference-machine.js';

const exitlab = join(checkout, 'packages/cli/bin/exitlab.mjs');

export interface ProcessOutcome {
  /** The exit status, or undefined where a signal ended the process. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the installed command in a process of its own, as a user does, with nothing to read. */
export function exitlabProcess(args: readonly string[], timeoutMs: number): Promise<ProcessOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [exitlab, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? undefined, stdout, stderr }));
  });
}
