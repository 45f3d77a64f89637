import {
  END_REASONS,
  LAYOUTS_SCHEMA,
  type LayoutRow,
  type LayoutSample,
  type LayoutsResult,
  type Measurement,
  type ProfilePhase,
} from '@exitlab/results';
import { type BenchDefinition, type BenchGuest, benchCells, cellSpec } from './bench-definition.js';
import { hostMachine } from './host-machine.js';
import type { MeasuringEnvironment } from './measuring-environment.js';

/** A boot argument that means nothing to anyone: kernels leave parameters with a dot to modules, and there is none of that name. */
const PADDING_ARGUMENT = 'exitlab.layout=';

/** What measuring layouts needs from outside. */
export interface LayoutsEnvironment extends MeasuringEnvironment {
  /** Told before each run. */
  readonly onRun: (guest: string, strategy: string, index: number, total: number) => void;
}

/** Layouts that could not be measured. The message is one sentence for the user. */
export class LayoutsError extends Error {
  override readonly name = 'LayoutsError';
}

/** The guest with boot arguments a little longer: memory is laid out otherwise, and everything comes at another time. */
export function inLayout(guest: BenchGuest, layout: number): BenchGuest {
  return { ...guest, append: `${guest.append ?? ''} ${PADDING_ARGUMENT}${'x'.repeat(layout + 1)}`.trim() };
}

/**
 * Runs guests under strategies, once in each of `layouts` layouts that should not matter to them: what differs between those is luck, such
 * as the slot of the TLB that a page has come to. Each run is exact, and has a profile, which says what timer interrupts took.
 * @throws LayoutsError for a guest that fails, or where the signal aborts
 */
export async function runLayouts(definition: BenchDefinition, layouts: number, environment: LayoutsEnvironment): Promise<LayoutsResult> {
  const began = environment.secondsNow();
  const date = environment.dateNow().toISOString();
  const cells = benchCells(definition);
  const rows = new Map<string, Mutable<LayoutRow>>();
  let coreHz = 1;
  for (let layout = 0; layout < layouts; layout++) {
    for (const [i, cell] of cells.entries()) {
      const guest = inLayout(cell.guest, layout);
      environment.onRun(guest.name, cell.strategy, layout * cells.length + i, layouts * cells.length);
      const spec = { ...(await cellSpec({ ...cell, guest }, definition)), profile: true };
      const output: Uint8Array[] = [];
      const run = await environment.runGuest(spec, { console: (bytes) => output.push(bytes.slice()), signal: environment.signal });
      const isRight = guest.verdict === undefined || Buffer.concat(output).toString('latin1').includes(guest.verdict);
      if (END_REASONS[run.end.reason].guestFailed || run.end.reason === 'interrupted' || run.end.reason === 'time-limit' || !isRight) {
        throw new LayoutsError(`Guest "${guest.name}" did not come to its end under "${cell.strategy}": ${run.end.detail}`);
      }
      coreHz = run.coreHz;
      const profiled = run.profile?.phases ?? [];
      const parts = [{ name: guest.name, measurement: run as Measurement, profiled }].concat(
        run.phases.map((phase) => ({ name: phase.name, measurement: phase, profiled: profiled.filter(({ name }) => name === phase.name) })),
      );
      for (const { name, measurement, profiled: phases } of parts) {
        const key = JSON.stringify([guest.name, name, cell.strategy]);
        const row = rows.get(key) ?? { guest: guest.name, workload: name, strategy: cell.strategy, samples: [] };
        rows.set(key, row);
        row.samples.push(sampleOf(measurement, phases));
      }
    }
  }
  return {
    schema: LAYOUTS_SCHEMA,
    toolVersion: environment.toolVersion,
    coreHz,
    layouts,
    strategies: [...definition.strategies],
    rows: [...rows.values()],
    host: { date, machine: hostMachine(), wallSeconds: environment.secondsNow() - began },
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function sampleOf({ exits, modelledTime }: Measurement, phases: readonly ProfilePhase[]): LayoutSample {
  const searches = Object.entries(exits.MMIO?.parts ?? {}).filter(([part]) => part.startsWith('guest TLB'));
  return {
    exits: Object.fromEntries(Object.entries(exits).map(([type, { count }]) => [type, count])),
    timerInterrupts: {
      count: phases.reduce((sum, { timerInterrupts }) => sum + timerInterrupts.count, 0),
      exits: phases.reduce((sum, phase) => sum + exitsInTimer(phase), 0),
    },
    cycles: modelledTime.cycles,
    deviceSearchCycles: searches.reduce((sum, [, cycles]) => sum + cycles, 0),
  };
}

function exitsInTimer({ sites }: ProfilePhase): number {
  return Object.values(sites).reduce(
    (sum, byType) => sum + Object.values(byType).reduce((inSite, { inTimer }) => inSite + inTimer.count, 0),
    0,
  );
}
