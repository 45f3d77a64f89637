import { basename } from 'node:path';
import { type GuestRunSpec, readInputFile } from '@exitlab/bench';
import { DEFAULT_ENGINE, ENGINES } from '@exitlab/core';
import { PATCH_TIMES } from '@exitlab/monitor';
import { checkWritable, END_REASONS, ExitTraceFile, kvmTimingText, type RunResult, writeAtomically, writeResult } from '@exitlab/results';
import { type Command, type CommandEnvironment, say } from '../command.js';
import type { OptionTable, ParsedCommandLine } from '../command-line.js';
import { ExitStatus } from '../exit-status.js';
import { HYPERVISOR_OPTIONS, hypervisorWish } from '../hypervisor-options.js';
import type { Machines } from '../machines.js';
import { messages } from '../messages.js';
import { parseAddress, parseChoice, parseCount, parseExpression, parseSeconds, parseSize } from '../option-values.js';
import { UsageError } from '../user-errors.js';

const DEFAULT_MEMORY = '64M';

const OPTIONS: OptionTable = {
  strategy: { value: 'S', help: 'how to run the guest: native, trap, pv, patched (needed)' },
  kernel: { value: 'FILE', help: 'the guest: an ELF file or uImage (needed)' },
  'load-address': { value: 'ADDRESS', help: 'take the kernel as a raw image, loaded and entered at this physical address' },
  initrd: { value: 'FILE', help: 'its initial RAM disk' },
  append: { value: 'TEXT', help: 'its boot arguments' },
  dtb: { value: 'FILE', help: 'a device tree instead of the built-in one' },
  memory: { value: 'SIZE', help: `its memory: 64M, 1G, 512K (default ${DEFAULT_MEMORY})` },
  uarts: { value: 'N', help: "how many UARTs the board has, 1 or 2 (default 1, as QEMU's bamboo with -nographic)" },
  when: {
    value: 'TIME',
    help: 'when the strategy patched patches: load (default), trap (each site at its first trap), static (IMAGE is patched)',
  },
  expect: { value: 'REGEX', help: 'end when the console matches; fail if the guest ends before' },
  timeout: { value: 'SECONDS', help: 'end after so much host time' },
  'max-instructions': { value: 'N', help: 'end after so many guest instructions' },
  json: { value: 'FILE', help: 'write the result there' },
  'kvm-timing': { value: 'FILE', help: "write the exits there, as KVM's exit timing file has them" },
  trace: { value: 'FILE', help: 'write every exit there as it happens, for "trace-cmd report" and KernelShark' },
  'exit-timing': { value: 'HOW', help: 'on (default), or off: exits are only counted, their durations not kept' },
  engine: { value: 'NAME', help: `what executes the guest: ${ENGINES.join(' or ')} (default ${DEFAULT_ENGINE}); it cannot tell` },
  stats: { help: 'say at the end what the translator did' },
  'instruction-mix': { help: 'count the instructions executed, by mnemonic and timing class (in --json; slower)' },
  profile: { help: 'record where the exits come from, for "exitlab scan --profile" (in --json; slower)' },
  ...HYPERVISOR_OPTIONS,
};

export const runCommand: Command = {
  name: 'run',
  form: '--strategy S --kernel FILE [options]',
  summary: 'run a guest and measure its exits',
  details: `The guest's console is on standard output, the rest on standard error.
Exit status: 0 when the guest came to its end, 1 when it failed (panic, endless fault, --expect not met), 2 for wrong input.`,
  options: OPTIONS,
  async run(line, environment) {
    const spec = await runSpec(line, environment);
    const json = line.text('json');
    const timing = line.text('kvm-timing');
    // A run may take long: that its result cannot be kept is told before it.
    const trace = line.text('trace');
    for (const file of [json, timing, trace]) if (file !== undefined) await checkWritable(file);
    let traceFile: ExitTraceFile | undefined;
    const running = environment.machines.runGuest(spec, {
      console: (bytes) => environment.stdout.write(bytes),
      input: environment.stdin,
      signal: environment.signal,
      ...(trace !== undefined && {
        trace: (origin) => {
          traceFile = new ExitTraceFile(trace, origin, spec.name);
          return traceFile;
        },
      }),
      ...(line.flag('stats') && {
        onTranslatorStatistics: (statistics) => say(environment.stderr, messages.translatorStatistics(statistics)),
      }),
    });
    const result = await running.finally(() => traceFile?.close());
    if (json !== undefined) await writeResult(json, result);
    if (timing !== undefined) await writeAtomically(timing, kvmTimingText(result, result.coreHz));
    tell(result, environment);
    if (trace !== undefined) say(environment.stderr, messages.traceWritten(trace));
    if (json !== undefined) say(environment.stderr, messages.resultWritten(json));
    return status(result, spec, environment);
  },
};

async function runSpec(line: ParsedCommandLine, { machines }: CommandEnvironment): Promise<GuestRunSpec> {
  const operand = line.operands[0];
  if (operand !== undefined) throw new UsageError(messages.unexpectedOperand('run', operand));
  const needed = (option: string): string => {
    const text = line.text(option);
    if (text === undefined) throw new UsageError(messages.missingOption('run', option, OPTIONS[option]?.value ?? ''));
    return text;
  };
  /** The option's value under the name `key`, or nothing where it was not given. */
  const optional = <K extends string, T>(option: string, key: K, parse: (option: string, text: string) => T): { [P in K]?: T } => {
    const text = line.text(option);
    return text === undefined ? {} : ({ [key]: parse(option, text) } as { [P in K]: T });
  };
  const strategy = parseChoice(
    'strategy',
    needed('strategy'),
    machines.strategies.map((row) => row.name),
  );
  checkObservation(line, strategy, machines);
  const kernelPath = needed('kernel');
  const values = {
    ...optional('append', 'append', (_, text) => text),
    ...optional('expect', 'expect', parseExpression),
    ...optional('when', 'patchTime', (_, text) => parseChoice('time of patching', text, PATCH_TIMES)),
    ...optional('engine', 'engine', (_, text) => parseChoice('engine', text, ENGINES)),
    ...optional('timeout', 'timeoutSeconds', parseSeconds),
    ...optional('load-address', 'rawAddress', parseAddress),
    ...optional('uarts', 'uartCount', (_, text) => (parseChoice('number of UARTs', text, ['1', '2']) === '1' ? 1 : 2)),
    ...optional('max-instructions', 'maxInstructions', parseCount),
    memoryBytes: parseSize('memory', line.text('memory') ?? DEFAULT_MEMORY),
    ...hypervisorWish(line, machines),
    ...(line.flag('instruction-mix') && { instructionMix: true }),
    ...(line.text('exit-timing') === 'off' && { exitTiming: 'off' as const }),
    ...(line.flag('profile') && { profile: true }),
  };
  const initrd = line.text('initrd');
  const dtb = line.text('dtb');
  return {
    name: basename(kernelPath),
    strategy,
    kernel: await readInputFile(kernelPath, 'the kernel'),
    ...(initrd === undefined ? {} : { initrd: await readInputFile(initrd, 'the initrd') }),
    ...(dtb === undefined ? {} : { dtb: await readInputFile(dtb, 'the device tree') }),
    ...values,
  };
}

/**
 * Whether there is what the options about exits ask for.
 * @throws UsageError
 */
function checkObservation(line: ParsedCommandLine, strategy: string, { strategies }: Machines): void {
  const timing = line.text('exit-timing');
  if (timing !== undefined) parseChoice('exit timing', timing, ['on', 'off']);
  if (timing === 'off' && line.text('kvm-timing') !== undefined) throw new UsageError(messages.noDurations('kvm-timing'));
  if (strategies.find(({ name }) => name === strategy)?.hypervisor) return;
  const asked = ['trace', 'exit-timing'].find((option) => line.text(option) !== undefined);
  const others = strategies.filter(({ hypervisor }) => hypervisor).map(({ name }) => name);
  if (asked !== undefined) throw new UsageError(messages.noExits(asked, strategy, others));
}

function tell(result: RunResult, { stderr }: CommandEnvironment): void {
  say(stderr, messages.runEnded(result));
  const ours = Object.keys(result.exits).filter((type) => result.exits[type]?.ours !== undefined);
  if (ours.length > 0) say(stderr, messages.oursCounted(ours));
  for (const warning of result.warnings) say(stderr, messages.warning(warning));
}

function status(result: RunResult, spec: GuestRunSpec, { stderr }: CommandEnvironment): ExitStatus {
  if (result.end.reason === 'interrupted') {
    say(stderr, messages.interrupted());
    return ExitStatus.interrupted;
  }
  if (END_REASONS[result.end.reason].guestFailed) {
    say(stderr, messages.guestFailed(result));
    return ExitStatus.failed;
  }
  if (spec.expect !== undefined && result.end.reason !== 'expected-text') {
    say(stderr, messages.expectationFailed(spec.expect.source));
    return ExitStatus.failed;
  }
  return ExitStatus.fine;
}
