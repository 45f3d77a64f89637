import type { HostFigure } from '@exitlab/results';
import { computeSection } from './compute-section.js';
import { engineSection } from './engine-section.js';
import { eventSection } from './event-section.js';
import { exitSection } from './exit-section.js';
import type { HostSection, HostSurroundings } from './host-section.js';
import { interpreterSection } from './interpreter-section.js';
import { linuxSection } from './linux-section.js';
import { observationSection } from './observation-section.js';
import { QEMU } from './peers.js';
import { startSection } from './start-section.js';
import { isInstalled } from './timed-process.js';

/** The parts of the bench, in the order of the table. */
export const HOST_SECTIONS: readonly HostSection[] = [
  computeSection,
  eventSection,
  linuxSection,
  exitSection,
  startSection,
  observationSection,
  interpreterSection,
  engineSection,
];

export interface HostBenchOptions extends Omit<HostSurroundings, 'hasQemu' | 'omit'> {
  readonly sections: readonly HostSection[];
  readonly repetitions: number;
  /** Host time for all; every section measures once, whatever it takes. */
  readonly budgetSeconds: number;
  readonly secondsNow: () => number;
  readonly progress: (text: string) => void;
}

export interface HostBenchOutcome {
  readonly figures: readonly HostFigure[];
  /** What was left out or failed, a sentence each. */
  readonly omissions: readonly string[];
}

/** Measures everything that this machine has the peers for, and says in a sentence what it leaves out. */
export async function runHostBench(options: HostBenchOptions): Promise<HostBenchOutcome> {
  const { sections, budgetSeconds, secondsNow, progress } = options;
  const omissions: string[] = [];
  const omit = (sentence: string) => {
    omissions.push(sentence);
    progress(sentence);
  };
  const hasQemu = isInstalled(QEMU);
  if (!hasQemu) omit(`${QEMU} is not installed, so the rows that compare with it are left out.`);
  if (options.nativePrograms.size === 0) omit('There is no C compiler here, so the physical limit beside the compute guests is left out.');
  const figures: HostFigure[] = [];
  const began = secondsNow();
  const all = sections.reduce((sum, { share }) => sum + share, 0);
  let shares = 0;
  for (const section of sections) {
    // What a section does not use is the next one's.
    shares += section.share;
    const measured = await section.measure(
      { ...options, hasQemu, omit },
      {
        repetitions: options.repetitions,
        deadlineSeconds: began + (budgetSeconds * shares) / all,
        secondsNow,
        progress: (text) => progress(`${section.name}: ${text}`),
        omit,
      },
    );
    figures.push(...measured.map((each) => ({ section: section.name, ...each })));
  }
  return { figures, omissions };
}
