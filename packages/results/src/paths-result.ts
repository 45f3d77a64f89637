import * as v from 'valibot';
import { count } from './numbers.js';
import { GuestSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const PATHS_SCHEMA = 'exitlab/paths@1';

/** One way in which a guest was run. */
export const PathRunSchema = v.strictObject({
  /** `trap`, `pv`, `patched (load)`. */
  label: v.string(),
  /** For each step of the path whether it is to leave the guest, and whether it did. */
  expected: v.array(v.boolean()),
  measured: v.array(v.boolean()),
  /** Exits measured that are at no step of the path, or of another type; none is meant to be. */
  others: v.array(v.strictObject({ pc: count, type: v.string() })),
  /** Times through the path while the workload ran, as exits show them, and how many of those made just this list. */
  occurrences: count,
  alike: count,
  /** While the workload ran, for a round trip: all exits by type. Else those at the steps. */
  exitsByType: v.record(v.string(), count),
});
export type PathRun = v.InferOutput<typeof PathRunSchema>;

/** A step of the path that leaves an unmodified guest. */
export const PathStepSchema = v.strictObject({
  pc: count,
  /** Where the step is an instruction. */
  word: v.exactOptional(count),
  instruction: v.string(),
  symbol: v.exactOptional(v.string()),
  /** The exit's type, as KVM calls it. */
  type: v.string(),
});
export type PathStep = v.InferOutput<typeof PathStepSchema>;

export const MeasuredPathSchema = v.strictObject({
  id: v.string(),
  title: v.string(),
  workload: v.string(),
  /** Instructions of one time through it, natively. */
  instructions: count,
  steps: v.array(PathStepSchema),
  runs: v.array(PathRunSchema),
});
export type PathResult = v.InferOutput<typeof MeasuredPathSchema>;

/** Paths of a guest: the exits that its code lets expect, and those that the hypervisor took. Nothing here depends on the host. */
export const PathsResultSchema = v.strictObject({
  schema: v.literal(PATHS_SCHEMA),
  toolVersion: v.string(),
  guest: GuestSchema,
  policy: v.record(v.string(), v.string()),
  paths: v.array(MeasuredPathSchema),
});
export type PathsResult = v.InferOutput<typeof PathsResultSchema>;

/** The exits that are expected of a run, in number; and those that were measured. */
export const expectedCount = ({ expected }: PathRun): number => expected.filter(Boolean).length;
export const measuredCount = ({ measured, others }: PathRun): number => measured.filter(Boolean).length + others.length;

/** Whether the exits are those expected. */
export const isAsExpected = ({ expected, measured, others }: PathRun): boolean =>
  others.length === 0 && expected.every((leaves, step) => leaves === measured[step]);

/** A result of paths as the text of its file. */
export function pathsText(result: PathsResult): string {
  return `${JSON.stringify(result, undefined, 1)}\n`;
}
