import { type CommandEnvironment, say } from './command.js';
import { parseCommandLine } from './command-line.js';
import { COMMAND_NAMES, loadAllCommands, loadCommand } from './commands/registry.js';
import { ExitStatus } from './exit-status.js';
import { commandHelp, generalHelp } from './help.js';
import { messages } from './messages.js';
import { nearest } from './suggestion.js';
import { statusOfUserError, UsageError } from './user-errors.js';

/** Runs the command line `args` (without node and script) to its exit status. Never throws. */
export async function runCli(args: readonly string[], environment: CommandEnvironment): Promise<ExitStatus> {
  try {
    return await dispatch(args, environment);
  } catch (error) {
    const status = statusOfUserError(error);
    if (status !== undefined) {
      say(environment.stderr, `exitlab: ${(error as Error).message}`);
      return status;
    }
    say(environment.stderr, messages.ownFault(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    return ExitStatus.ownFault;
  }
}

async function dispatch(args: readonly string[], environment: CommandEnvironment): Promise<ExitStatus> {
  const [name, ...rest] = args;
  if (name === undefined) throw new UsageError(messages.noCommand());
  if (['--help', '-h', 'help'].includes(name)) {
    environment.stdout.write(generalHelp(await loadAllCommands(), environment.machines.strategies));
    return ExitStatus.fine;
  }
  if (['--version', '-v'].includes(name)) {
    say(environment.stdout, environment.version);
    return ExitStatus.fine;
  }
  const command = await loadCommand(name);
  if (command === undefined) throw new UsageError(messages.unknownCommand(name, nearest(name, COMMAND_NAMES)));
  if (rest.includes('--help') || rest.includes('-h')) {
    environment.stdout.write(commandHelp(command));
    return ExitStatus.fine;
  }
  return command.run(parseCommandLine(command.name, command.options, rest), environment);
}
