import type { HostFigure } from '@exitlab/results';
import type { Repetition } from './host-measurements.js';

/** What a section of the bench is given. */
export interface HostSurroundings {
  /** A folder for images and results that are made for the measurement. */
  readonly scratchFolder: string;
  /** Whether the reference machine can be started. */
  readonly hasQemu: boolean;
  /** The compute workloads compiled for this machine, by guest name; empty where there is no compiler. */
  readonly nativePrograms: ReadonlyMap<string, string>;
  /** Host seconds on each in-process case. */
  readonly caseSeconds: number;
  /** Says in a sentence what is left out, and why. */
  readonly omit: (sentence: string) => void;
}

export type SectionFigure = Omit<HostFigure, 'section'>;

/** A part of the bench that can be asked for alone. */
export interface HostSection {
  readonly name: string;
  readonly meaning: string;
  /** Its part of the time, relative to that of others. */
  readonly share: number;
  measure(surroundings: HostSurroundings, repetition: Repetition): Promise<SectionFigure[]>;
}

/** A figure without the samples that say nothing, since the host's noise was larger than the work. */
export function figure(what: string, unit: string, samples: readonly number[] = [], target?: HostFigure['target']): SectionFigure {
  return { what, unit, samples: samples.filter((sample) => Number.isFinite(sample) && sample > 0), ...(target && { target }) };
}
