import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '@exitlab/results';
import { linuxGuests } from '../linux-guests.js';
import { type Measured, measureInterleaved, quotients } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab, type GuestFiles, qemu } from './peers.js';
import { timeProcess } from './timed-process.js';

const BYTES_A_MEGABYTE = 1e6;

/** The Linux guest of the bench, or undefined where none has been built. */
export function linuxFiles(): GuestFiles | undefined {
  const [linux] = linuxGuests();
  return linux && { kernel: linux.kernel, ...(linux.initrd && { initrd: linux.initrd }), append: linux.append ?? '' };
}

export const NO_LINUX = 'No Linux guest has been built (node scripts/build-linux-guest.mjs), so its rows are left out.';

/**
 * Per cent of instructions that the interpreter retired although their code had been translated: before an event, after an instruction
 * that is left to it, and for accesses that are. NaN where the engine tells nothing of it.
 */
export function interpretedThoughWarm(statistics: Readonly<Record<string, number>>): number {
  const count = (name: string) => statistics[name] ?? Number.NaN;
  const interpreted = (['nearEvent', 'fallBack', 'access'] as const).reduce((sum, why) => sum + count(`interpretedInstructions.${why}`), 0);
  return (100 * interpreted) / (count('retiredInstructions') - count('interpretedInstructions.cold'));
}

/** Per cent of instructions that ran in translated code, in the windows in which nothing was translated (`TranslatorStatistics`). */
export function translatedOnceSettled(statistics: Readonly<Record<string, number>>): number {
  const count = (name: string) => statistics[`settledInstructions.${name}`] ?? Number.NaN;
  const interpreted = (['cold', 'nearEvent', 'fallBack', 'access'] as const).reduce((sum, why) => sum + count(why), 0);
  return 100 - (100 * interpreted) / count('instructions');
}

/** Linux from the start of the process to its end: boot and the workloads of its init. */
export const linuxSection: HostSection = {
  name: 'linux',
  meaning: 'Linux boot and workloads natively, under trap and under QEMU, and the memory that they take',
  share: 4,
  async measure({ scratchFolder, hasQemu, omit }, repetition) {
    const guest = linuxFiles();
    if (guest === undefined) {
      omit(NO_LINUX);
      return [];
    }
    const { secondsNow } = repetition;
    const memory = new Map<string, number[]>();
    const interpreted = new Map<string, number[]>();
    const settled = new Map<string, number[]>();
    const ours = ['native', 'trap'].map((strategy): Measured => {
      const result = join(scratchFolder, `linux-${strategy}.json`);
      const command = exitlab(strategy, '--json', result).command(guest);
      const megabytes: number[] = [];
      memory.set(strategy, megabytes);
      const percentInterpreted: number[] = [];
      interpreted.set(strategy, percentInterpreted);
      const percentSettled: number[] = [];
      settled.set(strategy, percentSettled);
      return {
        key: strategy,
        sample: () => {
          const seconds = timeProcess(command, secondsNow);
          const { host } = JSON.parse(readFileSync(result, 'utf8')) as RunResult;
          megabytes.push((host.peakMemoryBytes ?? Number.NaN) / BYTES_A_MEGABYTE);
          percentInterpreted.push(interpretedThoughWarm(host.engineStatistics ?? {}));
          percentSettled.push(translatedOnceSettled(host.engineStatistics ?? {}));
          return seconds;
        },
      };
    });
    const theirs: Measured[] = hasQemu ? [{ key: 'QEMU', sample: () => timeProcess(qemu('QEMU').command(guest), secondsNow) }] : [];
    const samples = await measureInterleaved([...ours, ...theirs], repetition);
    const [native, trap] = [samples.get('native'), samples.get('trap')];
    const whole = 'Linux boot and workloads, whole process';
    return [
      ...(hasQemu
        ? [figure(`${whole}: times the speed of QEMU`, '×', quotients(samples.get('QEMU'), native), HOST_TARGETS.linuxAgainstQemu)]
        : []),
      figure('Linux under trap: wall time, times that of native', '×', quotients(trap, native), HOST_TARGETS.linuxUnderTrap),
      ...['native', 'trap'].map((strategy) =>
        figure(`Linux with 64 MB, ${strategy}: peak memory`, 'MB', memory.get(strategy), HOST_TARGETS.linuxMemory),
      ),
      ...['native', 'trap'].map((strategy) =>
        figure(
          `Linux, ${strategy}: instructions of translated code that the interpreter retired`,
          '%',
          interpreted.get(strategy),
          HOST_TARGETS.interpretedThoughWarm,
        ),
      ),
      ...['native', 'trap'].map((strategy) =>
        figure(`Linux, ${strategy}: instructions in translated code where nothing new was translated`, '%', settled.get(strategy)),
      ),
      figure(`${whole}: exitlab native`, 's', native),
      figure(`${whole}: exitlab trap`, 's', trap),
      ...(hasQemu ? [figure(`${whole}: QEMU`, 's', samples.get('QEMU'))] : []),
    ];
  },
};
