import type { AvailableGuest } from '@exitlab/bench';
import { syntheticRun } from '@exitlab/results/synthetic';
import { type CommandEnvironment, ExitStatus, type Machines, type Output, runCli } from '../src/index.js';

/** An output that remembers. */
export class Recorder implements Output {
  readonly isTerminal: boolean;
  text = '';

  constructor(isTerminal = false) {
    this.isTerminal = isTerminal;
  }

  write(data: string | Uint8Array): void {
    this.text += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
  }
}

/** The one exit of a fake guest: a DCR access that takes a microsecond, one microsecond after the start. */
const TRACED = [1, 0xc0001234, 400, 400] as const;

/** Machines whose guests say hello and end at once. */
export function fakeMachines(changes: Partial<Machines> = {}): Machines {
  return {
    strategies: ['native', 'trap', 'patched'].map((name) => ({ name, meaning: `what ${name} means`, hypervisor: name !== 'native' })),
    runGuest: async (spec, io) => {
      io.trace?.({ typeNames: ['MMIO', 'DCR'], coreHz: 400e6 }).add(...TRACED);
      io.console(Buffer.from('Hello\n'));
      return syntheticRun({ guest: spec.name, strategy: spec.strategy, weight: 0.01 });
    },
    costProfiles: ['linux-3.1', 'linux-3.4'],
    openMicroguests: () => ({
      names: ['mfspr', 'tlbwe'],
      run: async (name) => ({ name, n: 100, exits: { EMUL_MFSPR: 100, DEC: 1 }, hostInstructions: 30_000, guestInstructions: 500 }),
    }),
    ...changes,
  };
}

export interface CliOutcome {
  readonly status: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with made-up machines. */
export async function cli(
  args: readonly string[],
  options: { machines?: Partial<Machines>; guests?: readonly AvailableGuest[]; signal?: AbortSignal; terminal?: boolean } = {},
): Promise<CliOutcome> {
  const stdout = new Recorder();
  const stderr = new Recorder(options.terminal);
  const environment: CommandEnvironment = {
    version: '0.1.0',
    machines: fakeMachines(options.machines),
    availableGuests: async () => options.guests ?? [],
    stdout,
    stderr,
    stdin: (async function* () {})(),
    signal: options.signal ?? new AbortController().signal,
    secondsNow: () => 0,
    dateNow: () => new Date(0),
  };
  const status = await runCli(args, environment);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

export { ExitStatus };
