import * as v from 'valibot';
import { ExitStatisticsSchema } from './exit-statistics.js';
import { count } from './numbers.js';

/** Where modelled time went, in cycles of the modelled core. The three parts make up the whole. */
export const ModelledTimeSchema = v.pipe(
  v.strictObject({
    cycles: count,
    /** In the guest: its own instructions. */
    guestCycles: count,
    /** In the hypervisor: the durations of all exits but for the idle time in them. 0 without one. */
    hypervisorCycles: count,
    /** Skipped while the guest waited for an interrupt. Under a hypervisor it is part of EMUL_WAIT's durations, as in KVM. */
    idleCycles: count,
  }),
  v.check((t) => t.cycles === t.guestCycles + t.hypervisorCycles + t.idleCycles, 'the parts of the modelled time do not add up'),
);
export type ModelledTime = v.InferOutput<typeof ModelledTimeSchema>;

/** What is measured of a whole run, and in the same shape of one phase of it. Nothing here depends on the host. */
export const measurementEntries = {
  /** By exit type, under the names of KVM's exit timing; types of ours say so in `ours`. Empty without a hypervisor. */
  exits: v.record(v.string(), ExitStatisticsSchema),
  /** KVM's row TIMEINGUEST: one sample an entry into the guest. Absent without a hypervisor. */
  timeInGuest: v.exactOptional(ExitStatisticsSchema),
  /** Exact counts by name: `guestInstructions` always, and those of the TLB and of interrupts that the machine kept. */
  counts: v.objectWithRest({ guestInstructions: count }, count),
  modelledTime: ModelledTimeSchema,
} as const;

export const MeasurementSchema = v.strictObject(measurementEntries);
export type Measurement = v.InferOutput<typeof MeasurementSchema>;

/** All exits of a measurement. */
export function totalExits(measurement: Measurement): number {
  return Object.values(measurement.exits).reduce((sum, exit) => sum + exit.count, 0);
}
