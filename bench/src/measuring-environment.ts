import type { RunGuest } from './guest-run.js';

/** What every way of measuring needs from outside. */
export interface MeasuringEnvironment {
  readonly toolVersion: string;
  readonly runGuest: RunGuest;
  /** Host time in seconds, monotonic. */
  readonly secondsNow: () => number;
  readonly dateNow: () => Date;
  readonly signal: AbortSignal;
}
