import * as v from 'valibot';
import { count, quantity } from './numbers.js';
import { HostMachineSchema, MeasuredRunSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const BENCH_SCHEMA = 'exitlab/bench@1';

/** A host-time estimate from samples, with the method's confidence. Seconds. */
export const HostTimeSummarySchema = v.strictObject({
  medianSeconds: quantity,
  /** Median absolute deviation from the median. */
  madSeconds: quantity,
  /** 95 % confidence interval of the median, by seeded bootstrap. */
  lowSeconds: quantity,
  highSeconds: quantity,
});
export type HostTimeSummary = v.InferOutput<typeof HostTimeSummarySchema>;

/** All host-time samples of one guest under one strategy, in the order of measurement. */
export const HostSamplesSchema = v.strictObject({
  guest: v.string(),
  strategy: v.string(),
  wallSeconds: v.array(quantity),
  summary: HostTimeSummarySchema,
});
export type HostSamples = v.InferOutput<typeof HostSamplesSchema>;

/** A combination that gave no usable measurement, and why in one sentence. */
export const BenchFailureSchema = v.strictObject({ guest: v.string(), strategy: v.string(), reason: v.string() });
export type BenchFailure = v.InferOutput<typeof BenchFailureSchema>;

/** The result of a bench: guests under strategies, each repeated. */
export const BenchResultSchema = v.strictObject({
  schema: v.literal(BENCH_SCHEMA),
  toolVersion: v.string(),
  /** The bench's name. */
  name: v.string(),
  repetitions: count,
  /** False where the bench was ended early; `runs` then holds what was complete until then. */
  complete: v.boolean(),
  /** One for each guest and strategy: all repetitions agreed on it. */
  runs: v.array(MeasuredRunSchema),
  failures: v.array(BenchFailureSchema),
  host: v.strictObject({
    date: v.pipe(v.string(), v.isoTimestamp()),
    machine: HostMachineSchema,
    wallSeconds: quantity,
    samples: v.array(HostSamplesSchema),
  }),
});
export type BenchResult = v.InferOutput<typeof BenchResultSchema>;
