import * as v from 'valibot';
import { count, quantity } from './numbers.js';
import { HostMachineSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const LAYOUTS_SCHEMA = 'exitlab/layouts@1';

/** A workload of one run, or the whole run. Nothing here depends on the host. */
export const LayoutSampleSchema = v.strictObject({
  /** Exits by type. */
  exits: v.record(v.string(), count),
  /** Timer interrupts that the guest took, and the exits made from each one's delivery to its return, virtual misses apart. */
  timerInterrupts: v.strictObject({ count, exits: count }),
  /** Modelled time: all of it, and the part that went into searching the guest's TLB for the pages of devices. */
  cycles: count,
  deviceSearchCycles: quantity,
});
export type LayoutSample = v.InferOutput<typeof LayoutSampleSchema>;

/** A workload of a guest under a strategy, with a sample a layout. */
export const LayoutRowSchema = v.strictObject({
  guest: v.string(),
  /** A phase, or the guest's name for the whole run. */
  workload: v.string(),
  strategy: v.string(),
  samples: v.array(LayoutSampleSchema),
});
export type LayoutRow = v.InferOutput<typeof LayoutRowSchema>;

/** Guests under strategies, once in each of several layouts that should not matter. */
export const LayoutsResultSchema = v.strictObject({
  schema: v.literal(LAYOUTS_SCHEMA),
  toolVersion: v.string(),
  coreHz: v.pipe(count, v.minValue(1)),
  layouts: count,
  strategies: v.array(v.string()),
  rows: v.array(LayoutRowSchema),
  host: v.strictObject({ date: v.pipe(v.string(), v.isoTimestamp()), machine: HostMachineSchema, wallSeconds: quantity }),
});
export type LayoutsResult = v.InferOutput<typeof LayoutsResultSchema>;
