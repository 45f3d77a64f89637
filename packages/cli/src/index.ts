/** The exitlab command as a function of its arguments and its environment. */
export { runCli } from './cli.js';
export type { CommandEnvironment, Output } from './command.js';
export { ExitStatus } from './exit-status.js';
export type { Machines, MicroguestImage, MicroguestResult, StrategyRow } from './machines.js';
