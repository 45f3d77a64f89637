import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readGuestCatalogue } from '../guest-catalogue.js';
import { type Measured, measureInterleaved, quotients } from './host-measurements.js';
import type { HostSection, SectionFigure } from './host-section.js';
import { HOST_TARGETS } from './host-targets.js';
import { linuxFiles, NO_LINUX } from './linux-section.js';
import { exitlab, type GuestFiles } from './peers.js';
import { timeProcess } from './timed-process.js';

/** The guest that does little but make exits, and how often it makes its system calls: nine million exits. */
const EXIT_HEAVY = 'syscall';
const EXIT_HEAVY_SCALE = 1000;

/** A few per cent cannot be told from noise by as few samples as a multiple can. */
const REPETITIONS_FACTOR = 3;

/** What is on in a run beside what is always on. */
const OBSERVERS = { none: ['--exit-timing', 'off'], timing: [], 'timing and trace': ['--trace'] } as const;

const PERCENT = 100;

/**
 * What it costs to observe exits, by runs with and without next to each other under trap. The cost is small, and the wall time of a shared
 * machine is not that steady; so this is CPU time, all threads, from the first guest instruction to the end.
 */
export const observationSection: HostSection = {
  name: 'observation',
  meaning: 'what exit timing and tracing cost',
  share: 6,
  async measure({ scratchFolder, omit }, repetition) {
    const linux = linuxFiles();
    if (linux === undefined) omit(NO_LINUX);
    const exitHeavy = readGuestCatalogue().find(({ name }) => name === EXIT_HEAVY)!;
    const guests: readonly { readonly name: string; readonly files: GuestFiles }[] = [
      { name: EXIT_HEAVY, files: { kernel: exitHeavy.elfFile, append: `scale=${EXIT_HEAVY_SCALE}` } },
      ...(linux ? [{ name: 'Linux', files: linux }] : []),
    ];
    const keyOf = (guest: string, observer: keyof typeof OBSERVERS) => `${guest}: ${observer}`;
    const runs = guests.flatMap(({ name, files }) =>
      Object.entries(OBSERVERS).map(([observer, options]): Measured => {
        const trace = options.some((option) => option === '--trace') ? [join(scratchFolder, 'observed.dat')] : [];
        const result = join(scratchFolder, 'observed.json');
        const command = exitlab('trap', ...options, ...trace, '--json', result).command(files);
        return {
          key: keyOf(name, observer as keyof typeof OBSERVERS),
          sample: () => {
            timeProcess(command, repetition.secondsNow);
            return (JSON.parse(readFileSync(result, 'utf8')) as { host: { cpuSeconds: number } }).host.cpuSeconds;
          },
        };
      }),
    );
    const samples = await measureInterleaved(runs, { ...repetition, repetitions: REPETITIONS_FACTOR * repetition.repetitions });
    return guests.flatMap(({ name }): SectionFigure[] => {
      const of = (observer: keyof typeof OBSERVERS) => samples.get(keyOf(name, observer));
      // A cost may come out below nothing, by noise; so no sample is left out.
      const cost = (what: string, on: keyof typeof OBSERVERS, off: keyof typeof OBSERVERS): SectionFigure => ({
        what: `${what}, ${name} under trap: additional CPU time`,
        unit: '%',
        samples: quotients(of(on), of(off)).map((quotient) => (quotient - 1) * PERCENT),
        target: HOST_TARGETS.observationCost,
      });
      return [cost('exit timing', 'timing', 'none'), cost('tracing', 'timing and trace', 'timing')];
    });
  },
};
