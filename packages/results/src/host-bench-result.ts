import * as v from 'valibot';
import { count, quantity } from './numbers.js';
import { HostMachineSchema } from './run-result.js';

/** The format's name and version, first in every file. */
export const HOST_BENCH_SCHEMA = 'exitlab/host-bench@1';

/** What is asked of a figure: the bar that it has to reach and the aim beyond it, in the figure's unit. */
export const HostTargetSchema = v.strictObject({
  better: v.picklist(['higher', 'lower']),
  bar: v.number(),
  aim: v.exactOptional(v.number()),
});
export type HostTarget = v.InferOutput<typeof HostTargetSchema>;

/** One figure of host time or memory, with all its samples in the order of measurement. */
export const HostFigureSchema = v.strictObject({
  /** The part of the bench that it comes from. */
  section: v.string(),
  what: v.string(),
  /** Of each sample: `×`, `s`, `ns`, `µs`, `MB`, `%`, `1/s`. */
  unit: v.string(),
  samples: v.array(v.number()),
  target: v.exactOptional(HostTargetSchema),
});
export type HostFigure = v.InferOutput<typeof HostFigureSchema>;

/** The result of a host bench: how fast this program is, beside its peers. Everything in it depends on the host. */
export const HostBenchResultSchema = v.strictObject({
  schema: v.literal(HOST_BENCH_SCHEMA),
  toolVersion: v.string(),
  /** How many samples were asked for; a figure has fewer where time ran out or noise was larger than the work. */
  repetitions: count,
  figures: v.array(HostFigureSchema),
  /** What was left out or failed, a sentence each. */
  omissions: v.array(v.string()),
  host: v.strictObject({
    date: v.pipe(v.string(), v.isoTimestamp()),
    machine: HostMachineSchema,
    /** Processes that wanted a CPU, on average over the minute before the start: what else the machine did. */
    loadAverage: quantity,
    wallSeconds: quantity,
  }),
});
export type HostBenchResult = v.InferOutput<typeof HostBenchResultSchema>;
