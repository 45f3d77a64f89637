import * as v from 'valibot';
import { count, quantity } from './numbers.js';
import { GuestSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const PREDICTION_SCHEMA = 'exitlab/prediction@1';

const cycles = v.pipe(v.number(), v.finite());

/** What can be patched by itself: one site, or some that are patched together. */
export const RankedPatchSchema = v.strictObject({
  sites: v.array(v.strictObject({ ea: count, instruction: v.string(), symbol: v.exactOptional(v.string()) })),
  /** Exits that it takes away in the profiled run. */
  exits: count,
  /** Modelled cycles that it saves, below 0 where it costs more than it saves. */
  savedCycles: cycles,
  /** Cost of its share of the virtual misses that trampolines add; already taken off. */
  missCycles: cycles,
});
export type RankedPatch = v.InferOutput<typeof RankedPatchSchema>;

/** A predicted run with so many of the best patches. The parts are what is saved, and what misses add. */
export const PredictedTimeSchema = v.strictObject({
  patches: count,
  cycles: quantity,
  parts: v.strictObject({ exitCycles: cycles, missCycles: cycles, timerCycles: cycles }),
});
export type PredictedTime = v.InferOutput<typeof PredictedTimeSchema>;

/** What patching would save, by a profile. Nothing here depends on the host. */
export const PredictionSchema = v.strictObject({
  schema: v.literal(PREDICTION_SCHEMA),
  toolVersion: v.string(),
  guest: GuestSchema,
  costProfile: v.strictObject({ name: v.string(), version: v.string() }),
  policy: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  coreHz: v.pipe(count, v.minValue(1)),
  /** Modelled time of the profiled run, unpatched. */
  measuredCycles: count,
  /** Most time saved first. */
  ranking: v.array(RankedPatchSchema),
  /** By ascending number of patches, the last all of them. */
  curve: v.array(PredictedTimeSchema),
  /** What makes the prediction doubtful, a sentence each. */
  warnings: v.array(v.string()),
});
export type Prediction = v.InferOutput<typeof PredictionSchema>;

/** The point of the curve with the least time; undefined where nothing can be patched. */
export function bestPoint({ curve }: Prediction): PredictedTime | undefined {
  return curve.reduce<PredictedTime | undefined>(
    (best, point) => (best === undefined || point.cycles < best.cycles ? point : best),
    undefined,
  );
}

/** A prediction as the text of its file. */
export function predictionText(prediction: Prediction): string {
  return `${JSON.stringify(prediction, undefined, 1)}\n`;
}
