import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readGuestCatalogue } from '../guest-catalogue.js';
import { useBranchHints } from '../host-flags.js';
import { hostMachine } from '../host-machine.js';
import { runHostBench } from './host-bench.js';
import { formatTable } from './host-table.js';

/** `pnpm bench:host [--repetitions N] [--case-seconds S]`: how fast this program is on this machine, beside its peers. */
const BUILD_GUESTS = fileURLToPath(new URL('../../../../scripts/build-guests.mjs', import.meta.url));

function nativePrograms(folder: string): Map<string, string> {
  mkdirSync(folder);
  spawnSync(process.execPath, [BUILD_GUESTS, '--native', folder], { stdio: 'ignore' });
  const files = readGuestCatalogue().map(({ name }): [string, string] => [name, join(folder, name)]);
  return new Map(files.filter(([, file]) => existsSync(file)));
}

/** The options, or undefined where the command line has others. */
function readOptions(): { repetitions: number; caseSeconds: number } | undefined {
  try {
    const { values } = parseArgs({
      options: { repetitions: { type: 'string', default: '5' }, 'case-seconds': { type: 'string', default: '1' } },
    });
    return { repetitions: Number(values.repetitions), caseSeconds: Number(values['case-seconds']) };
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return undefined;
    throw error;
  }
}

const { repetitions, caseSeconds } = readOptions() ?? { repetitions: Number.NaN, caseSeconds: Number.NaN };
if (!Number.isInteger(repetitions) || repetitions < 1 || !(caseSeconds > 0)) {
  console.error('Usage: pnpm bench:host [--repetitions N] [--case-seconds S], both above 0.');
  process.exitCode = 2;
} else {
  useBranchHints();
  const scratchFolder = mkdtempSync(join(tmpdir(), 'exitlab-host-bench-'));
  try {
    const rows = await runHostBench({
      repetitions,
      scratchFolder,
      nativePrograms: nativePrograms(join(scratchFolder, 'native')),
      caseSeconds,
      secondsNow: () => performance.now() / 1e3,
      progress: (text) => console.error(text),
    });
    const { cpuModel, cpuCount, nodeVersion } = hostMachine();
    console.log(`Host time on ${cpuModel}, ${cpuCount} CPUs, Node.js ${nodeVersion}; medians of ${repetitions} interleaved repetitions.\n`);
    console.log(formatTable(rows));
  } finally {
    rmSync(scratchFolder, { recursive: true });
  }
}
