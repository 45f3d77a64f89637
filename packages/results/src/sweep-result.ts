import * as v from 'valibot';
import { END_REASONS, type EndReason } from './end-reasons.js';
import { ModelledTimeSchema } from './measurement.js';
import { count, quantity } from './numbers.js';
import { GuestSchema, HostMachineSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const SWEEP_SCHEMA = 'exitlab/sweep@1';

/** One direction of the grid: a policy, or `costProfile` for the generation of KVM, and its values as written. */
export const SweepAxisSchema = v.strictObject({ name: v.string(), values: v.array(v.string()) });
export type SweepAxis = v.InferOutput<typeof SweepAxisSchema>;

/** Exits by type, and where modelled time went. */
const totals = { exits: v.record(v.string(), count), modelledTime: ModelledTimeSchema, guestInstructions: count } as const;

/** One run of the grid. Nothing here depends on the host. */
export const SweepPointSchema = v.strictObject({
  /** The value of each axis, by its name. */
  values: v.record(v.string(), v.string()),
  policy: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  costProfile: v.strictObject({ name: v.string(), version: v.string() }),
  end: v.strictObject({ reason: v.picklist(Object.keys(END_REASONS) as EndReason[]), detail: v.string() }),
  ...totals,
  /** The part until the guest starts its first workload, where it says so. */
  boot: v.exactOptional(v.strictObject(totals)),
});
export type SweepPoint = v.InferOutput<typeof SweepPointSchema>;

/** The result of a sweep: one guest under one strategy, once for each point of a grid of policies. */
export const SweepResultSchema = v.strictObject({
  schema: v.literal(SWEEP_SCHEMA),
  toolVersion: v.string(),
  guest: GuestSchema,
  strategy: v.string(),
  coreHz: v.pipe(count, v.minValue(1)),
  /** The first varies slowest. */
  axes: v.array(SweepAxisSchema),
  complete: v.boolean(),
  points: v.array(SweepPointSchema),
  host: v.strictObject({ date: v.pipe(v.string(), v.isoTimestamp()), machine: HostMachineSchema, wallSeconds: quantity }),
});
export type SweepResult = v.InferOutput<typeof SweepResultSchema>;

/** TLB misses of a point that the hypervisor answers by itself: the guest has the page mapped. */
export function virtualMisses({ exits }: { readonly exits: Readonly<Record<string, number>> }): number {
  return (exits.DTLBVIRT ?? 0) + (exits.ITLBVIRT ?? 0);
}
