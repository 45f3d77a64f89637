import * as v from 'valibot';
import { END_REASONS, type EndReason } from './end-reasons.js';
import { measurementEntries } from './measurement.js';
import { count, quantity } from './numbers.js';
import { ProfileSchema } from './profile.js';

/** The format's name and version, first in every file. The version goes up whenever an older reader would misread the file. */
export const RUN_SCHEMA = 'exitlab/run@1';

const text = v.string();
const fileIdentity = v.strictObject({
  /** The file's name without folders, so that a result does not depend on where a checkout lies. */
  file: text,
  /** SHA-256 of the file's bytes, lower-case hexadecimal. */
  sha256: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hexadecimal')),
});

/** Which guest ran. `family` and `variant` tie together builds of one guest that a report shows side by side. */
export const GuestSchema = v.strictObject({
  name: text,
  ...fileIdentity.entries,
  family: v.exactOptional(text),
  variant: v.exactOptional(text),
  initrd: v.exactOptional(fileIdentity),
  dtb: v.exactOptional(fileIdentity),
  append: v.exactOptional(text),
  memoryBytes: count,
});
export type Guest = v.InferOutput<typeof GuestSchema>;

/** A part of a run between two stamps that the guest made, with what the guest said about it. */
export const PhaseSchema = v.strictObject({
  name: text,
  ...measurementEntries,
});
export type Phase = v.InferOutput<typeof PhaseSchema>;

/** The host that a run happened on. */
export const HostMachineSchema = v.strictObject({
  os: text,
  architecture: text,
  cpuModel: text,
  cpuCount: count,
  memoryBytes: count,
  nodeVersion: text,
});
export type HostMachine = v.InferOutput<typeof HostMachineSchema>;

/** All that depends on the host: the only part of a result that differs between two runs of the same guest. */
export const RunHostSchema = v.strictObject({
  /** When the run began: ISO 8601, UTC. */
  date: v.pipe(text, v.isoTimestamp()),
  machine: HostMachineSchema,
  /** Host time from the first guest instruction to the end. */
  wallSeconds: quantity,
  /** CPU time of the process between the same moments, all its threads, user and system. */
  cpuSeconds: v.exactOptional(quantity),
  /** Host time from the start of the process to the first guest instruction, where it is known. */
  startSeconds: v.exactOptional(quantity),
  peakMemoryBytes: v.exactOptional(count),
  /** What the engine says of its own work, by name. */
  engineStatistics: v.exactOptional(v.record(text, v.number())),
});
export type RunHost = v.InferOutput<typeof RunHostSchema>;

const measuredRunEntries = {
  toolVersion: text,
  guest: GuestSchema,
  strategy: text,
  board: text,
  cpu: text,
  /** The policy by its named values. */
  policy: v.record(text, v.union([text, v.number(), v.boolean()])),
  costProfile: v.strictObject({ name: text, version: text }),
  /** Present where exits were counted but their durations not kept: all durations are 0 then. */
  exitTiming: v.exactOptional(v.literal('off')),
  engine: text,
  end: v.strictObject({
    reason: v.picklist(Object.keys(END_REASONS) as EndReason[]),
    /** One sentence: the text seen, the address of an endless fault, the limit. */
    detail: text,
  }),
  ...measurementEntries,
  /** The modelled core's clock, by which cycles become time. */
  coreHz: v.pipe(count, v.minValue(1)),
  /**
   * Exits broken down as `kvmtrace_format -s` does: table name (`mnemonic`, `spr`, `dcr`, `tlb`) to row name to count.
   */
  byInstruction: v.record(text, v.record(text, count)),
  phases: v.array(PhaseSchema),
  /** Where the exits came from, if that was asked for. */
  profile: v.exactOptional(ProfileSchema),
  warnings: v.array(text),
} as const;

/** A run without its host part: what must be identical in every repetition. */
export const MeasuredRunSchema = v.strictObject(measuredRunEntries);
export type MeasuredRun = v.InferOutput<typeof MeasuredRunSchema>;

/** The result of one run of one guest under one strategy. */
export const RunResultSchema = v.strictObject({ schema: v.literal(RUN_SCHEMA), ...measuredRunEntries, host: RunHostSchema });
export type RunResult = v.InferOutput<typeof RunResultSchema>;

/** `result` without what depends on the host. */
export function measuredRun(result: RunResult): MeasuredRun {
  const { schema: _schema, host: _host, ...run } = result;
  return run;
}
