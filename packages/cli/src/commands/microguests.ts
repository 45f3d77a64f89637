import { readInputFile } from '@exitlab/bench';
import { exitTypesInOrder } from '@exitlab/results';
import { type Command, say } from '../command.js';
import { ExitStatus } from '../exit-status.js';
import { HYPERVISOR_OPTIONS, hypervisorWish } from '../hypervisor-options.js';
import type { MicroguestResult } from '../machines.js';
import { messages } from '../messages.js';
import { parseChoice, parseNames } from '../option-values.js';
import { createProgress } from '../progress.js';
import { UsageError } from '../user-errors.js';

export const microguestsCommand: Command = {
  name: 'microguests',
  form: 'IMAGE [options]',
  summary: 'run the micro guests of an image, each in a machine of its own, and count their exits',
  details: 'IMAGE is a raw image with a guest table, such as those that the real KVM for the 440 was measured with.',
  options: {
    only: { value: 'NAMES', help: 'which guests, by commas (default: all)' },
    json: { help: 'print an array of {name, n, exits, hostInstructions, guestInstructions}' },
    ...HYPERVISOR_OPTIONS,
  },
  async run(line, environment) {
    const [path, extra] = line.operands;
    if (path === undefined) throw new UsageError(messages.missingOperand('microguests', 'an image'));
    if (extra !== undefined) throw new UsageError(messages.unexpectedOperand('microguests', extra));
    const image = environment.machines.openMicroguests(
      await readInputFile(path, 'the image of micro guests'),
      hypervisorWish(line, environment.machines),
    );
    const only = line.text('only');
    const names = only === undefined ? image.names : parseNames('only', only).map((name) => parseChoice('micro guest', name, image.names));
    const results: MicroguestResult[] = [];
    const progress = createProgress(environment.stderr);
    for (const [i, name] of names.entries()) {
      if (environment.signal.aborted) break;
      progress.show(i, names.length, name);
      results.push(await image.run(name, environment.signal));
    }
    progress.clear();
    environment.stdout.write(line.flag('json') ? `${JSON.stringify(results, undefined, 2)}\n` : textTable(results));
    if (environment.signal.aborted) {
      say(environment.stderr, messages.interrupted());
      return ExitStatus.interrupted;
    }
    const failed = results.filter(({ failure }) => failure !== undefined);
    for (const { name, failure } of failed) say(environment.stderr, messages.microguestFailed(name, failure ?? ''));
    return failed.some(({ endlessFault }) => endlessFault !== true) ? ExitStatus.failed : ExitStatus.fine;
  },
};

/** A line a guest: name, N, and its exits by type. */
function textTable(results: readonly MicroguestResult[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results
    .map(({ name, n, exits }) => {
      const types = exitTypesInOrder(Object.keys(exits)).map((type) => `${type} ${exits[type]}`);
      return `${name.padEnd(width)}  ${String(n).padStart(7)}  ${types.join(', ')}\n`;
    })
    .join('');
}
