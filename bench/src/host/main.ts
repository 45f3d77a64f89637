import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkWritable, HOST_BENCH_SCHEMA, type HostBenchResult, ResultFileError, writeResult } from '@exitlab/results';
import { readGuestCatalogue } from '../guest-catalogue.js';
import { useBranchHints } from '../host-flags.js';
import { hostMachine } from '../host-machine.js';
import { runHostBench } from './host-bench.js';
import { HOST_BENCH_HELP, type HostBenchCommand, HostBenchUsageError, readHostBenchCommand } from './host-bench-command.js';
import { hostSurroundings, hostTables } from './host-table.js';

/** The process around the host bench: options, progress on standard error, the table on standard output. */
const BUILD_GUESTS = fileURLToPath(new URL('../../../../scripts/build-guests.mjs', import.meta.url));
const MANIFEST = new URL('../../../package.json', import.meta.url);
const secondsNow = () => performance.now() / 1e3;

try {
  const command = readHostBenchCommand(process.argv.slice(2));
  if (command === undefined) process.stdout.write(HOST_BENCH_HELP);
  else await measure(command);
} catch (error) {
  if (!(error instanceof HostBenchUsageError || error instanceof ResultFileError)) throw error;
  console.error(`bench:host: ${error.message}`);
  process.exitCode = 2;
}

async function measure(command: HostBenchCommand): Promise<void> {
  if (command.jsonFile !== undefined) await checkWritable(command.jsonFile);
  useBranchHints();
  const scratchFolder = mkdtempSync(join(tmpdir(), 'exitlab-host-bench-'));
  const date = new Date().toISOString();
  const loadAverage = loadavg()[0] ?? 0;
  try {
    const { figures, omissions } = await runHostBench({
      ...command,
      scratchFolder,
      nativePrograms: nativePrograms(join(scratchFolder, 'native')),
      secondsNow,
      progress: (text) => console.error(`[${secondsNow().toFixed(0).padStart(4)} s] ${text}`),
    });
    const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
    const result: HostBenchResult = {
      schema: HOST_BENCH_SCHEMA,
      toolVersion: version,
      repetitions: command.repetitions,
      figures: [...figures],
      omissions: [...omissions],
      host: { date, machine: hostMachine(), loadAverage, wallSeconds: secondsNow() },
    };
    console.log(`${hostSurroundings(result)}\n\n${hostTables(figures)}`);
    if (command.jsonFile === undefined) return;
    await writeResult(command.jsonFile, result);
    console.error(`Result: ${command.jsonFile}`);
  } finally {
    rmSync(scratchFolder, { recursive: true });
  }
}

/** The compute workloads compiled for this machine, by guest name; those that cannot be are missing. */
function nativePrograms(folder: string): Map<string, string> {
  mkdirSync(folder);
  spawnSync(process.execPath, [BUILD_GUESTS, '--native', folder], { stdio: 'ignore' });
  const files = readGuestCatalogue().map(({ name }): [string, string] => [name, join(folder, name)]);
  return new Map(files.filter(([, file]) => existsSync(file)));
}
