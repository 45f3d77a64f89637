import type { Command } from '../command.js';

/**
 * Every command by name, in the order of the help. A command is loaded when it is asked for: `run` starts in a third of the time when
 * nothing of charts, schemas of other commands and benchmarks comes with it.
 */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.js')).runCommand,
  bench: async () => (await import('./bench.js')).benchCommand,
  report: async () => (await import('./report.js')).reportCommand,
  scan: async () => (await import('./scan.js')).scanCommand,
  patch: async () => (await import('./patch.js')).patchCommand,
  paths: async () => (await import('./paths.js')).pathsCommand,
  microguests: async () => (await import('./microguests.js')).microguestsCommand,
  layouts: async () => (await import('./layouts.js')).layoutsCommand,
  sweep: async () => (await import('./sweep.js')).sweepCommand,
  history: async () => (await import('./history.js')).historyCommand,
};

export const COMMAND_NAMES: readonly string[] = Object.keys(LOADERS);

/** The command of that name, or undefined where there is none. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(LOADERS, name) ? LOADERS[name]!() : undefined;
}

/** Every command, for the help. */
export function loadAllCommands(): Promise<Command[]> {
  return Promise.all(Object.values(LOADERS).map((load) => load()));
}
