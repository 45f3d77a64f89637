import type { DurationSummary } from '@exitlab/hypervisor';
import type { Machine } from '@exitlab/monitor';
import { addParts, type ExitStatistics, type Measurement, mergeExits } from '@exitlab/results';

/** What a machine has counted so far, in the form of result files. */
export function measureMachine(machine: Machine): Measurement {
  const { clock } = machine.processor;
  const guestInstructions = machine.guestInstructions;
  if (machine.hypervisor === undefined) {
    const guestCycles = clock.retiredInstructions;
    const { cycles } = clock;
    return {
      exits: {},
      counts: { guestInstructions },
      modelledTime: { cycles, guestCycles, hypervisorCycles: 0, idleCycles: cycles - guestCycles },
    };
  }
  const { exits, timeInGuest, idleCycles } = machine.hypervisor.statistics();
  const { cycles } = clock;
  const guestCycles = clock.retiredInstructions;
  return {
    exits: Object.fromEntries(
      exits
        .filter(({ count }) => count > 0)
        .map((exit) => [exit.type, { ...statistics(exit), parts: exit.parts, ...(exit.ours !== undefined && { ours: exit.ours }) }]),
    ),
    timeInGuest: statistics(timeInGuest),
    counts: { guestInstructions },
    modelledTime: { cycles, guestCycles, hypervisorCycles: cycles - guestCycles - idleCycles, idleCycles },
  };
}

function statistics({ count, minCycles, maxCycles, sumCycles, sumOfSquares }: DurationSummary): ExitStatistics {
  return { count, minCycles, maxCycles, sumCycles, sumSquaredCycles: sumOfSquares };
}

/**
 * What happened between two measurements of one machine. Extremes cannot be taken apart again: a phase shows the extremes of the run up
 * to its end, bounded by its own sum.
 */
export function measurementBetween(end: Measurement, start: Measurement): Measurement {
  const exits: Record<string, ExitStatistics> = {};
  for (const [type, after] of Object.entries(end.exits)) {
    const between = statisticsBetween(after, start.exits[type]);
    if (between.count > 0) exits[type] = between;
  }
  const counts = Object.fromEntries(Object.entries(end.counts).map(([name, value]) => [name, value - (start.counts[name] ?? 0)]));
  const time = (part: keyof Measurement['modelledTime']) => end.modelledTime[part] - start.modelledTime[part];
  return {
    exits,
    ...(end.timeInGuest && { timeInGuest: statisticsBetween(end.timeInGuest, start.timeInGuest) }),
    counts: { ...counts, guestInstructions: end.counts.guestInstructions - start.counts.guestInstructions },
    modelledTime: {
      cycles: time('cycles'),
      guestCycles: time('guestCycles'),
      hypervisorCycles: time('hypervisorCycles'),
      idleCycles: time('idleCycles'),
    },
  };
}

/** What happened in two parts of a run together. */
export function measurementSum(a: Measurement, b: Measurement): Measurement {
  const exits = { ...a.exits };
  for (const [type, statistics] of Object.entries(b.exits)) {
    const before = exits[type];
    exits[type] = before === undefined ? statistics : mergeExits(before, statistics);
  }
  const counts = { ...a.counts };
  for (const [name, value] of Object.entries(b.counts)) counts[name] = (counts[name] ?? 0) + value;
  const time = (part: keyof Measurement['modelledTime']) => a.modelledTime[part] + b.modelledTime[part];
  return {
    exits,
    ...(a.timeInGuest && b.timeInGuest && { timeInGuest: mergeExits(a.timeInGuest, b.timeInGuest) }),
    counts,
    modelledTime: {
      cycles: time('cycles'),
      guestCycles: time('guestCycles'),
      hypervisorCycles: time('hypervisorCycles'),
      idleCycles: time('idleCycles'),
    },
  };
}

function statisticsBetween(after: ExitStatistics, before: ExitStatistics | undefined): ExitStatistics {
  if (before === undefined) return after;
  const sumCycles = after.sumCycles - before.sumCycles;
  const maxCycles = Math.min(after.maxCycles, sumCycles);
  return {
    ...after,
    count: after.count - before.count,
    sumCycles,
    maxCycles,
    minCycles: Math.min(after.minCycles, maxCycles),
    sumSquaredCycles: Math.max(0, after.sumSquaredCycles - before.sumSquaredCycles),
    ...(after.parts && { parts: addParts(after.parts, before.parts ?? {}, -1) }),
  };
}
