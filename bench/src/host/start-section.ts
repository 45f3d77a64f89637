import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { START_PROGRAM } from './event-programs.js';
import { measureInterleaved } from './host-measurements.js';
import { figure, type HostSection } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { exitlab, qemu } from './peers.js';
import { timeFirstOutput } from './timed-process.js';

/** Starts are short and noisy. */
const FEWEST_REPETITIONS = 11;

/**
 * From the start of a process to the first guest instruction, seen from outside: the guest's fourth instruction sends a byte to its
 * console, and the time is taken when that byte arrives on the process's standard output. So it is a little more than what it is called.
 */
export const startSection: HostSection = {
  name: 'start',
  meaning: 'from the start of the process to the first guest instruction',
  share: 1,
  async measure({ scratchFolder, hasQemu }, repetition) {
    const kernel = join(scratchFolder, 'start.elf');
    writeFileSync(kernel, START_PROGRAM);
    const guest = { kernel, append: '' };
    const { secondsNow } = repetition;
    const bareNode = { file: process.execPath, args: ['-e', 'process.stdout.write("!")'] };
    const commands = [
      { key: 'exitlab native', command: exitlab('native').command(guest), target: HOST_TARGETS.processStart },
      { key: 'exitlab trap', command: exitlab('trap').command(guest), target: HOST_TARGETS.processStart },
      { key: 'Node.js alone, to its first output', command: bareNode },
      ...(hasQemu ? [{ key: 'QEMU', command: qemu('QEMU', '-serial', 'stdio').command(guest) }] : []),
    ];
    const samples = await measureInterleaved(
      commands.map(({ key, command }) => ({ key, sample: () => timeFirstOutput(command, secondsNow) })),
      { ...repetition, repetitions: Math.max(repetition.repetitions, FEWEST_REPETITIONS) },
    );
    return commands.map(({ key, target }) =>
      figure(`start of the process to the first guest instruction: ${key}`, 's', samples.get(key), target),
    );
  },
};
