import type { Command } from '../command.js';
import { benchCommand } from './bench.js';
import { historyCommand } from './history.js';
import { microguestsCommand } from './microguests.js';
import { patchCommand } from './patch.js';
import { reportCommand } from './report.js';
import { runCommand } from './run.js';
import { scanCommand } from './scan.js';
import { sweepCommand } from './sweep.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  benchCommand,
  reportCommand,
  scanCommand,
  patchCommand,
  microguestsCommand,
  sweepCommand,
  historyCommand,
];
