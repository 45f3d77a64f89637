import { disassemble } from '@exitlab/core';
import {
  Machine,
  noInput,
  type PatchTime,
  patchKernel,
  planKernelPatches,
  readSymbols,
  SymbolIndex,
  strategyByName,
} from '@exitlab/monitor';
import { PATHS_SCHEMA, type PathResult, type PathRun, type PathsResult } from '@exitlab/results';
import { fileIdentity, type GuestRunSpec } from '../guest-run.js';
import { hypervisorChoice } from '../hypervisor-choice.js';
import { measureMachine, measurementBetween, measurementSum } from '../machine-measurement.js';
import { PhaseRecorder } from '../phase-recorder.js';
import {
  nothingTakenAway,
  type PathExit,
  type PrivilegedStep,
  privilegedSteps,
  type TakenAway,
  takenAwayBy,
  takenAwayByLinux,
} from './expected-exits.js';
import { followNatively, PATHS, type PathRow, type Step } from './guest-path.js';
import { type MeasuredPath, PathWatch } from './measured-exits.js';

/** A way to run the guest whose exits are looked at. */
export interface PathVariant {
  readonly strategy: 'trap' | 'pv' | 'patched';
  /** When `patched` patches. */
  readonly patchTime?: PatchTime;
}

/** What is run: a Linux with `bench/guests/linux-init`, and the hypervisor's policy. */
export type PathGuest = Omit<GuestRunSpec, 'strategy' | 'patchTime'>;

/** A guest in which a path does not come, or that does not get to its workload. The message is one sentence for the user. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

/** Steps of the guest that are followed in search of a path. */
const FOLLOWED_STEPS = 300_000;
const RUN_ARGUMENT = 'exitlab.run=';

export const variantLabel = ({ strategy, patchTime }: PathVariant): string =>
  patchTime === undefined ? strategy : `${strategy} (${patchTime})`;

/**
 * For each path: finds it by following the guest natively, derives the exits that it lets expect, and runs the guest under each variant to
 * see which it makes. `onRun` is told before each.
 * @throws PathError
 */
export async function runPaths(
  guest: PathGuest,
  variants: readonly PathVariant[],
  toolVersion: string,
  signal: AbortSignal,
  onRun: (what: string) => void = () => {},
): Promise<PathsResult> {
  const found: { readonly row: PathRow; readonly path: readonly Step[]; readonly steps: readonly PrivilegedStep[] }[] = [];
  for (const row of PATHS) {
    onRun(`${row.workload}, natively`);
    const path = row.find(await stepsOfWorkload(guest, row.workload, signal));
    if (path === undefined) throw new PathError(`${guest.name} does not come through "${row.title}" in its workload ${row.workload}.`);
    found.push({ row, path, steps: privilegedSteps(path) });
  }
  const runs: { readonly label: string; readonly takenAway: TakenAway; readonly measured: readonly MeasuredPath[] }[] = [];
  for (const variant of variants) {
    onRun(variantLabel(variant));
    runs.push({
      label: variantLabel(variant),
      takenAway: takenAwayUnder(variant, guest),
      measured: await measure(guest, variant, found, signal),
    });
  }
  const symbols = new SymbolIndex(readSymbols(guest.kernel.bytes));
  const paths = found.map(({ row, path, steps }, index): PathResult => {
    return {
      id: row.id,
      title: row.title,
      workload: row.workload,
      instructions: path.filter(({ kind }) => kind === 'instruction').length,
      steps: steps.map(({ pc, word, type }) => {
        const symbol = symbols.functionAt(pc);
        // User code has no symbols in the kernel's file.
        const isKernel = word !== undefined;
        return {
          pc,
          type,
          ...(isKernel ? { word, instruction: disassemble(word, pc) } : { instruction: '(user code)' }),
          ...(isKernel && symbol !== undefined && { symbol }),
        };
      }),
      runs: runs.map(({ label, takenAway, measured }) => pathRun(label, steps, takenAway, measured[index]!)),
    };
  });
  const { name, kernel, initrd, family, variant, append, memoryBytes } = guest;
  return {
    schema: PATHS_SCHEMA,
    toolVersion,
    guest: {
      name,
      ...fileIdentity(kernel),
      ...(family !== undefined && { family }),
      ...(variant !== undefined && { variant }),
      ...(initrd && { initrd: fileIdentity(initrd) }),
      ...(append !== undefined && { append }),
      memoryBytes,
    },
    policy: guest.policy,
    paths,
  };
}

function takenAwayUnder({ strategy }: PathVariant, { kernel }: PathGuest): TakenAway {
  if (strategy === 'trap') return nothingTakenAway;
  return strategy === 'pv' ? takenAwayByLinux : takenAwayBy(planKernelPatches(kernel.bytes));
}

function pathRun(label: string, steps: readonly PrivilegedStep[], takenAway: TakenAway, { exits, ...counts }: MeasuredPath): PathRun {
  const measured = steps.map(() => false);
  const others: PathExit[] = [];
  let last = -1;
  // Each exit is the next step of its kind: one out of order is none of the path's.
  for (const exit of exits) {
    const step = steps.findIndex(({ pc, type }, index) => index > last && pc === exit.pc && type === exit.type);
    if (step < 0) others.push(exit);
    else {
      measured[step] = true;
      last = step;
    }
  }
  return { label, expected: steps.map((step) => !takenAway(step)), measured, others, ...counts };
}

/** The guest's boot arguments with these workloads. */
const appendWith = ({ append }: PathGuest, workloads: string): string =>
  [...(append ?? '').split(/\s+/).filter((word) => word !== '' && !word.startsWith(RUN_ARGUMENT)), RUN_ARGUMENT + workloads].join(' ');

/** A machine for the guest, and what it runs now. */
function machineFor(
  guest: PathGuest,
  variant: PathVariant | undefined,
  workloads: string,
  watch?: PathWatch,
  onByte?: (byte: number) => void,
) {
  const { policy, costProfile } = hypervisorChoice(guest);
  const isStatic = variant?.patchTime === 'static';
  return new Machine({
    strategy: strategyByName(variant?.strategy ?? 'native')!,
    memoryBytes: guest.memoryBytes,
    kernel: isStatic ? patchKernel(guest.kernel.bytes, 'static').bytes : guest.kernel.bytes,
    ...(guest.initrd && { initrd: guest.initrd.bytes }),
    ...(guest.dtb && { deviceTreeBlob: guest.dtb.bytes }),
    bootArguments: appendWith(guest, workloads),
    policy,
    costProfile,
    ...(variant?.patchTime && { patchTime: variant.patchTime }),
    ...(watch ? { onExit: watch.observe } : { expectation: new RegExp(`^EXITLAB-START ${workloads}`, 'm') }),
    ...(onByte && { onConsoleByte: onByte }),
  });
}

async function stepsOfWorkload(guest: PathGuest, workload: string, signal: AbortSignal): Promise<Step[]> {
  const machine = machineFor(guest, undefined, workload);
  const end = await runToEnd(machine, signal, guest.timeoutSeconds);
  if (end !== 'expected-text') throw new PathError(`${guest.name} does not start its workload ${workload}: its run ends by ${end}.`);
  return followNatively(machine.processor, FOLLOWED_STEPS);
}

async function measure(
  guest: PathGuest,
  variant: PathVariant,
  paths: readonly { readonly row: PathRow; readonly steps: readonly PrivilegedStep[] }[],
  signal: AbortSignal,
): Promise<MeasuredPath[]> {
  const recorder = new PhaseRecorder(() => measureMachine(machine), measurementBetween, measurementSum);
  const watch = new PathWatch(
    () => machine,
    () => recorder.current,
    paths,
  );
  const workloads = paths.map(({ row }) => `${row.workload}:${row.count}`).join();
  const machine: Machine = machineFor(guest, variant, workloads, watch, (byte) => recorder.push(byte));
  const end = await runToEnd(machine, signal, guest.timeoutSeconds);
  if (end !== 'reset')
    throw new PathError(`${guest.name} does not come to its end under ${variantLabel(variant)}: its run ends by ${end}.`);
  return watch.measured();
}

async function runToEnd(machine: Machine, interruption: AbortSignal, timeoutSeconds: number | undefined): Promise<string> {
  const { reason } = await machine.run({
    limits: timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1e3 },
    input: noInput,
    interruption,
    hostNowMs: () => performance.now(),
  });
  return reason;
}
