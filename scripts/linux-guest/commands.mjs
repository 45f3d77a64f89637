import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { UserError } from './user-error.mjs';

export const CROSS_PREFIX = 'powerpc-linux-gnu-';
const LOG_LINES_SHOWN = 20;

/** Standard output of a command that answers at once. Fails with `advice` when it can't be run or ends with another status than 0. */
export function query(command, args, advice) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new UserError(`${command} ${args.join(' ')} failed: ${advice}.`);
  return stdout;
}

/**
 * Runs a command to its end, its output appended to `logFile`. Resolves when it ends with status 0; else rejects with the end of the log.
 * @param {{ cwd?: string, env?: Record<string, string>, logFile: string, stop: AbortSignal }} options `stop` ends the command
 */
export function runLogged(command, args, { cwd, env, logFile, stop }) {
  const log = openSync(logFile, 'a');
  return new Promise((resolve, reject) => {
    // A group of its own: make passes a signal to its shells, but what those started would go on and keep make waiting.
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', log, log], detached: true });
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    };
    stop.addEventListener('abort', end, { once: true });
    child.on('error', (error) =>
      reject(new UserError(`${command} could not be started (${error.message}): run scripts/install-wide-tools.sh.`)),
    );
    child.on('close', (status, signal) => {
      stop.removeEventListener('abort', end);
      if (stop.aborted) return reject(new UserError('Stopped: what was under way is discarded.', 130));
      if (status === 0) return resolve();
      const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
      reject(new UserError(`${command} ended with ${signal ?? `status ${status}`}; the end of its log ${logFile}:\n${tail}`));
    });
  }).finally(() => closeSync(log));
}

/** First lines of the cross compiler's and linker's version texts: what a build depends on beside its sources. */
export function toolchainVersion() {
  const advice = 'install the tools with scripts/install-wide-tools.sh';
  const firstLine = (tool) => query(`${CROSS_PREFIX}${tool}`, ['--version'], advice).split('\n', 1)[0];
  return { compiler: firstLine('gcc'), linker: firstLine('ld') };
}
