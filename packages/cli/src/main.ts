import { readFileSync } from 'node:fs';
import { benchGuests, useBranchHints } from '@exitlab/bench';
import { runCli } from './cli.js';
import type { Output } from './command.js';
import { ExitStatus } from './exit-status.js';
import { assembleMachines } from './machine-assembly.js';

/** The process around the command: streams, Ctrl-C, exit status. */
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const interruption = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks the run to end and keep its results; the second does not wait for it.
    if (interruption.signal.aborted) process.exit(ExitStatus.interrupted);
    interruption.abort();
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our output has gone, as "| head" does: there is nobody left to tell.
  if (error.code === 'EPIPE') process.exit(ExitStatus.fine);
  throw error;
});

useBranchHints();
const surroundings = { secondsNow: () => performance.now() / 1e3, dateNow: () => new Date() };
const cpuSecondsNow = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

process.exitCode = await runCli(process.argv.slice(2), {
  version: manifest.version,
  machines: assembleMachines({ toolVersion: manifest.version, cpuSecondsNow, ...surroundings }),
  availableGuests: benchGuests,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  stdin: process.stdin,
  signal: interruption.signal,
  ...surroundings,
});
// A guest may have been given standard input, which would keep the process waiting for more of it.
process.stdin.destroy();

function output(stream: NodeJS.WriteStream): Output {
  return { write: (data) => void stream.write(data), isTerminal: stream.isTTY === true };
}
