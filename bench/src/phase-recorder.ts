import type { Measurement, Phase } from '@exitlab/results';

/** The lines by which a guest says that a workload begins and ends (bench/guests/linux-init). */
const START = /^EXITLAB-START (\S+)/;
const END = /^RESULT (\S+)/;

/** What a measurement is taken from; it must be a snapshot, not a live view. */
export type TakeMeasurement = () => Measurement;

/** The phase from the machine's start to the guest's first stamp. */
export const BOOT_PHASE = 'boot';
/** What is in no phase: after boot, outside the workloads. */
export const BETWEEN_PHASES = '(between)';

/**
 * Cuts a run into phases: watches the console byte by byte, and measures at the very byte that completes a stamp. A phase of a name that has
 * been before is another part of it.
 */
export class PhaseRecorder {
  readonly #measure: TakeMeasurement;
  readonly #difference: (end: Measurement, start: Measurement) => Measurement;
  readonly #sum: (a: Measurement, b: Measurement) => Measurement;
  readonly phases: Phase[] = [];
  #line = '';
  #open: { name: string; start: Measurement } | undefined;

  constructor(
    measure: TakeMeasurement,
    difference: (end: Measurement, start: Measurement) => Measurement,
    sum: (a: Measurement, b: Measurement) => Measurement,
  ) {
    this.#measure = measure;
    this.#difference = difference;
    this.#sum = sum;
  }

  /** The phase that the guest is in. */
  get current(): string {
    return this.#open?.name ?? (this.phases.length === 0 ? BOOT_PHASE : BETWEEN_PHASES);
  }

  push(byte: number): void {
    if (byte !== 0x0a) {
      if (byte !== 0x0d && this.#line.length < 256) this.#line += String.fromCharCode(byte);
      return;
    }
    const started = START.exec(this.#line)?.[1];
    const ended = END.exec(this.#line)?.[1];
    this.#line = '';
    if (started !== undefined) {
      const start = this.#measure();
      if (this.phases.length === 0 && this.#open === undefined) this.phases.push({ name: BOOT_PHASE, ...start });
      this.#open = { name: started, start };
    }
    if (ended === undefined || ended !== this.#open?.name) return;
    this.#add(ended, this.#difference(this.#measure(), this.#open.start));
    this.#open = undefined;
  }

  #add(name: string, part: Measurement): void {
    const index = this.phases.findIndex((phase) => phase.name === name);
    if (index < 0) this.phases.push({ name, ...part });
    else this.phases[index] = { name, ...this.#sum(this.phases[index]!, part) };
  }
}
