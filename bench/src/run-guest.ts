import { Readable } from 'node:stream';
import { DEFAULT_ENGINE, instructionByMnemonic, type TranslatorStatistics } from '@exitlab/core';
import { EXIT_TYPES } from '@exitlab/hypervisor';
import { BAMBOO, describeRunEnd, Machine, noInput, type RunEnd, StreamInput, strategyByName } from '@exitlab/monitor';
import { type EndReason, RUN_SCHEMA, type RunResult } from '@exitlab/results';
import { fileIdentity, type GuestRunIo, type GuestRunSpec } from './guest-run.js';
import { hostMachine } from './host-machine.js';
import { hypervisorChoice } from './hypervisor-choice.js';
import { measureMachine, measurementBetween, measurementSum } from './machine-measurement.js';
import { PhaseRecorder } from './phase-recorder.js';
import { ProfileRecorder } from './profile/profile-recorder.js';

/** What a run takes from the host beside its guest's files. */
export interface RunSurroundings {
  readonly toolVersion: string;
  readonly secondsNow: () => number;
  readonly dateNow: () => Date;
  /** CPU time of the process so far, all its threads; absent where the host does not tell. */
  readonly cpuSecondsNow?: () => number;
}

/** How the ends of a machine's run are called in result files. */
function endReason(end: RunEnd): EndReason {
  switch (end.reason) {
    case 'halt-without-wakeup':
      return 'halt';
    case 'timeout':
      return 'time-limit';
    case 'hypervisor-failure':
      return end.failure.cause;
    default:
      return end.reason;
  }
}

/** Runs a guest on a machine of its own, and reports it in the form of result files. */
export async function runGuest(spec: GuestRunSpec, io: GuestRunIo, surroundings: RunSurroundings): Promise<RunResult> {
  const strategy = strategyByName(spec.strategy);
  if (strategy === undefined) throw new Error(`the command line let an unknown strategy through: ${spec.strategy}`);
  const { policy, costProfile } = hypervisorChoice(spec);
  const recorder = new PhaseRecorder(() => measureMachine(machine), measurementBetween, measurementSum);
  const profiler = spec.profile
    ? new ProfileRecorder(
        () => machine,
        () => recorder.current,
      )
    : undefined;
  const machine: Machine = new Machine({
    strategy,
    memoryBytes: spec.memoryBytes,
    kernel: spec.kernel.bytes,
    ...(spec.engine && { engine: spec.engine }),
    ...(spec.rawAddress !== undefined && { rawAddress: spec.rawAddress }),
    ...(spec.uartCount && { uartCount: spec.uartCount }),
    ...(spec.initrd && { initrd: spec.initrd.bytes }),
    ...(spec.dtb && { deviceTreeBlob: spec.dtb.bytes }),
    bootArguments: spec.append ?? '',
    policy,
    costProfile,
    ...(spec.instructionMix && { countInstructions: true }),
    ...(spec.patchTime && { patchTime: spec.patchTime }),
    ...(spec.expect && { expectation: spec.expect }),
    ...(spec.exitTiming === 'off' && { exitTiming: false }),
    ...(io.trace &&
      strategy.hypervisor && { recorder: io.trace({ typeNames: EXIT_TYPES.map(({ name }) => name), coreHz: BAMBOO.coreHz }) }),
    ...(profiler && { onExit: profiler.observe, watch: profiler }),
    write: io.console,
    onConsoleByte: (byte) => recorder.push(byte),
  });
  const date = surroundings.dateNow().toISOString();
  const startSeconds = surroundings.secondsNow();
  const startCpuSeconds = surroundings.cpuSecondsNow?.();
  const input = io.input === undefined ? undefined : new StreamInput(Readable.from(io.input, { objectMode: false }));
  const end = await machine.run({
    limits: {
      ...(spec.maxInstructions !== undefined && { maxInstructions: spec.maxInstructions }),
      ...(spec.timeoutSeconds !== undefined && { timeoutMs: spec.timeoutSeconds * 1e3 }),
    },
    input: input ?? noInput,
    interruption: io.signal,
    hostNowMs: () => surroundings.secondsNow() * 1e3,
  });
  const wallSeconds = surroundings.secondsNow() - startSeconds;
  const cpuSeconds = startCpuSeconds === undefined ? undefined : surroundings.cpuSecondsNow!() - startCpuSeconds;
  input?.close();
  const { translatorStatistics } = machine.processor;
  if (translatorStatistics) io.onTranslatorStatistics?.(translatorStatistics);
  return {
    schema: RUN_SCHEMA,
    toolVersion: surroundings.toolVersion,
    guest: {
      name: spec.name,
      ...fileIdentity(spec.kernel),
      ...(spec.family !== undefined && { family: spec.family }),
      ...(spec.variant !== undefined && { variant: spec.variant }),
      ...(spec.initrd && { initrd: fileIdentity(spec.initrd) }),
      ...(spec.dtb && { dtb: fileIdentity(spec.dtb) }),
      ...(spec.append !== undefined && { append: spec.append }),
      memoryBytes: spec.memoryBytes,
    },
    strategy: strategy.name,
    board: 'bamboo',
    cpu: '440EP',
    policy:
      machine.hypervisor === undefined
        ? {}
        : { ...machine.hypervisor.policy, ...(strategy.patched && { patchTime: spec.patchTime ?? 'load' }) },
    costProfile: costProfileOf(machine),
    ...(spec.exitTiming === 'off' && { exitTiming: 'off' as const }),
    engine: spec.instructionMix ? 'interpreter' : (spec.engine ?? DEFAULT_ENGINE),
    end: { reason: endReason(end), detail: describeRunEnd(end) },
    ...measureMachine(machine),
    coreHz: machine.processor.clock.coreHz,
    byInstruction: { ...instructionTables(machine), ...executedTables(machine) },
    phases: recorder.phases,
    ...(profiler && machine.hypervisor && { profile: profiler.profile() }),
    warnings: [
      ...machine.board.unclaimed.map(
        ({ space, location, reads, writes }) =>
          `No device answers ${space} 0x${location.toString(16)}: ${reads} reads gave 0, ${writes} writes were lost.`,
      ),
      ...(spec.exitTiming === 'off' ? ['Exit timing was off: exits are counted, and their durations are 0.'] : []),
    ],
    host: {
      date,
      machine: hostMachine(),
      wallSeconds,
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      ...(translatorStatistics && { engineStatistics: engineStatistics(translatorStatistics) }),
    },
  };
}

/** The translator's numbers by name; those of a group are named behind it. */
function engineStatistics(statistics: TranslatorStatistics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(statistics).flatMap(([name, value]) =>
      typeof value === 'number'
        ? [[name, value]]
        : Object.entries(value as Readonly<Record<string, number>>).map(([part, number]) => [`${name}.${part}`, number]),
    ),
  );
}

function costProfileOf(machine: Machine): RunResult['costProfile'] {
  if (machine.hypervisor === undefined) return { name: 'one-cycle-an-instruction', version: '1' };
  const { name, version } = machine.hypervisor.costProfile;
  return { name, version };
}

/** Instructions that the guest has begun, by mnemonic and by timing class; nothing where the machine does not count them. */
function executedTables(machine: Machine): RunResult['byInstruction'] {
  const mix = machine.processor.instructionMix();
  if (mix === undefined) return {};
  const executedClass: Record<string, number> = {};
  for (const [mnemonic, count] of mix) {
    const name = instructionByMnemonic(mnemonic)!.row.class;
    executedClass[name] = (executedClass[name] ?? 0) + count;
  }
  return { executed: Object.fromEntries(mix), executedClass };
}

/** Emulated instructions by mnemonic, and those that move an SPR by the SPR, as `kvmtrace_format -s` lists them. */
function instructionTables(machine: Machine): RunResult['byInstruction'] {
  if (machine.hypervisor === undefined) return {};
  const mnemonic: Record<string, number> = {};
  const spr: Record<string, number> = {};
  for (const [key, count] of machine.hypervisor.statistics().instructions) {
    const [name = key, register] = key.split(' ');
    mnemonic[name] = (mnemonic[name] ?? 0) + count;
    if (register !== undefined) spr[key] = count;
  }
  return { mnemonic, spr };
}
