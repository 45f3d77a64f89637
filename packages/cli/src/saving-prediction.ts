import { fileIdentity, type InputFile } from '@exitlab/bench';
import { kvmGeneration, mergedReturnCycles } from '@exitlab/hypervisor';
import { planKernelPatches } from '@exitlab/monitor';
import { SavingPredictor, type ShadowPolicy } from '@exitlab/pv-patcher';
import { PREDICTION_SCHEMA, type Prediction, type Profile, RUN_SCHEMA, type RunResult, readResult } from '@exitlab/results';
import { messages } from './messages.js';
import { UsageError } from './user-errors.js';

/** The strategy under which the guest runs as it is, so that every exit is seen. */
const PROFILED_STRATEGY = 'trap';
/** The one policy of replacement whose misses can be predicted. */
const PREDICTED_REPLACEMENT = 'fifo';

/** A run with a profile. */
type ProfiledRun = RunResult & { readonly profile: Profile };

/**
 * Reads a profile of `kernel`.
 * @throws ResultFileError for a file that is no result
 * @throws UsageError for a result without a profile, or of something else
 */
async function readProfile(path: string, kernel: InputFile): Promise<ProfiledRun> {
  const result = await readResult(path);
  if (result.schema !== RUN_SCHEMA || result.profile === undefined) throw new UsageError(messages.noProfile(path));
  if (result.guest.sha256 !== fileIdentity(kernel).sha256)
    throw new UsageError(messages.profileOfOther(path, result.guest.file, kernel.path));
  if (result.strategy !== PROFILED_STRATEGY) throw new UsageError(messages.profileUnder(path, result.strategy, PROFILED_STRATEGY));
  const { replacement } = result.policy;
  if (replacement !== PREDICTED_REPLACEMENT) {
    throw new UsageError(messages.profileReplacement(path, String(replacement), PREDICTED_REPLACEMENT));
  }
  return { ...result, profile: result.profile };
}

/**
 * What patching `kernel` would save, by the profile in the file `path`.
 * @throws ResultFileError or UsageError for a profile that cannot be used, UserError for an image that cannot be patched
 */
export async function predictFrom(path: string, kernel: InputFile, toolVersion: string): Promise<Prediction> {
  const { profile, guest, costProfile, policy, coreHz } = await readProfile(path, kernel);
  const shadowPolicy: ShadowPolicy = {
    shadowSlots: Number(policy.shadowSlots),
    hostPageBytes: Number(policy.hostPageBytes),
    sharedPagePinned: policy.magicPageMapping === 'pinned',
    trampolinesPinned: policy.trampolineMapping === 'pinned',
  };
  const generation = kvmGeneration(costProfile.name);
  if (generation === undefined) throw new UsageError(messages.profileCosts(path, costProfile.name));
  const predictor = new SavingPredictor(planKernelPatches(kernel.bytes), profile, shadowPolicy, mergedReturnCycles(generation.costs));
  const { measuredCycles, ranking, curve, pagesBeyondSlots } = predictor.prediction();
  return {
    schema: PREDICTION_SCHEMA,
    toolVersion,
    guest,
    costProfile,
    policy,
    coreHz,
    measuredCycles,
    ranking: ranking.map(({ patch, exits, savedCycles, missCycles }) => ({
      sites: patch.sites.map(({ site: { ea, instruction, symbol } }) => ({ ea, instruction, ...(symbol !== undefined && { symbol }) })),
      exits,
      savedCycles: Math.round(savedCycles),
      missCycles: Math.round(missCycles),
    })),
    curve: [...curve],
    warnings: pagesBeyondSlots === undefined ? [] : [messages.pagesBeyondSlots(pagesBeyondSlots)],
  };
}

/** The sites of the `count` best patches. */
export function bestSites({ ranking }: Prediction, count: number): ReadonlySet<number> {
  return new Set(ranking.slice(0, count).flatMap(({ sites }) => sites.map(({ ea }) => ea)));
}
