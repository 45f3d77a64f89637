/** Predicted and measured modelled times of the bundled guests. */
import { readFileSync } from 'node:fs';
import { type BenchGuest, runGuest } from '@exitlab/bench';
import { LINUX_3_4_COSTS, mergedReturnCycles } from '@exitlab/hypervisor';
import { patchKernel, planKernelPatches } from '@exitlab/monitor';
import { SavingPredictor } from '@exitlab/pv-patcher';
import type { RunResult } from '@exitlab/results';

const POLICY = { shadowSlots: 63, hostPageBytes: 4096, sharedPagePinned: true, trampolinesPinned: true };
const surroundings = { toolVersion: 'test', secondsNow: () => 0, dateNow: () => new Date(0) };
const io = { console: () => {}, signal: new AbortController().signal };

export function run(
  { name, kernel, memoryBytes }: BenchGuest,
  strategy: string,
  bytes: Uint8Array,
  more: { profile?: boolean; patchTime?: 'static' } = {},
): Promise<RunResult> {
  const spec = { name, strategy, kernel: { path: kernel, bytes }, memoryBytes, unsupported: 'fill', policy: {}, ...more } as const;
  return runGuest(spec, io, surroundings);
}

/** A predictor for a guest, and the time of the run from whose profile it predicts. */
export async function predictorFor(guest: BenchGuest, bytes: Uint8Array) {
  const { profile, modelledTime } = await run(guest, 'trap', bytes, { profile: true });
  return {
    predictor: new SavingPredictor(planKernelPatches(bytes), profile!, POLICY, mergedReturnCycles(LINUX_3_4_COSTS)),
    trapCycles: modelledTime.cycles,
  };
}

/** A prediction held against the run that it is of. */
export interface HeldPrediction {
  readonly patches: number;
  readonly predictedCycles: number;
  readonly measuredCycles: number;
}

/** The time of a guest with the best, half and all of its patches, predicted and measured. */
export async function heldPredictions(guest: BenchGuest, predictor: SavingPredictor): Promise<HeldPrediction[]> {
  const bytes = readFileSync(guest.kernel);
  const { length } = predictor.ranking;
  const held: HeldPrediction[] = [];
  for (const patches of new Set([1, Math.ceil(length / 2), length])) {
    const only = new Set(predictor.ranking.slice(0, patches).flatMap(({ patch }) => patch.sites.map(({ site }) => site.ea)));
    const measured = await run(guest, 'patched', patchKernel(bytes, 'static', only).bytes, { patchTime: 'static' });
    held.push({ patches, predictedCycles: predictor.predict(patches).cycles, measuredCycles: measured.modelledTime.cycles });
  }
  return held;
}

export const errorOf = ({ predictedCycles, measuredCycles }: HeldPrediction): number => predictedCycles / measuredCycles - 1;
