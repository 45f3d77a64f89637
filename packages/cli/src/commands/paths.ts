import { basename } from 'node:path';
import { type PathGuest, type PathVariant, readInputFile, runPaths } from '@exitlab/bench';
import { PATCH_TIMES } from '@exitlab/monitor';
import { markdown, pathsDocument, writePathsReport } from '@exitlab/reports';
import { isAsExpected, type PathsResult } from '@exitlab/results';
import { type Command, type CommandEnvironment, say } from '../command.js';
import type { OptionTable, ParsedCommandLine } from '../command-line.js';
import { ExitStatus } from '../exit-status.js';
import { HYPERVISOR_OPTIONS, hypervisorWish } from '../hypervisor-options.js';
import { messages } from '../messages.js';
import { parseChoice, parseNames, parseSeconds, parseSize } from '../option-values.js';
import { createProgress } from '../progress.js';
import { UsageError } from '../user-errors.js';
import { commandText } from './command-text.js';
import { namedGuestSpec } from './named-guest.js';

const DEFAULT_MEMORY = '64M';
const DEFAULT_TIMEOUT_SECONDS = '300';

/** The ways to run a guest, as the command line names them. */
const VARIANTS: readonly PathVariant[] = [
  { strategy: 'trap' },
  { strategy: 'pv' },
  ...PATCH_TIMES.map((patchTime) => ({ strategy: 'patched', patchTime }) as const),
];

const OPTIONS: OptionTable = {
  guests: { value: 'NAMES', help: 'Linux guests that the bench knows, by commas' },
  kernel: { value: 'FILE', help: 'or: a kernel, with the workloads of bench/guests/linux-init in its initrd' },
  initrd: { value: 'FILE', help: 'its initial RAM disk' },
  append: { value: 'TEXT', help: 'boot arguments, in place of the guest’s own' },
  memory: { value: 'SIZE', help: `memory of a kernel given by file (default ${DEFAULT_MEMORY})` },
  variants: {
    value: 'NAMES',
    help: `trap, pv, ${PATCH_TIMES.map((time) => `patched:${time}`).join(', ')} (default: all that the guest can)`,
  },
  timeout: { value: 'SECONDS', help: `host time for a single run (default ${DEFAULT_TIMEOUT_SECONDS})` },
  out: { value: 'FOLDER', help: 'write report.md and paths-N.json there' },
  ...HYPERVISOR_OPTIONS,
};

export const pathsCommand: Command = {
  name: 'paths',
  form: '--guests NAMES | --kernel FILE --initrd FILE [options]',
  summary: "the exits of a system call, a TLB refill and an irq pair: expected from the guest's code, and measured",
  details: `Follows each path natively, says which of its instructions are exits under each way of running the guest, and runs it to see.
The report is on standard output. Exit status 1 where a list is not the one expected.`,
  options: OPTIONS,
  async run(line, environment) {
    const operand = line.operands[0];
    if (operand !== undefined) throw new UsageError(messages.unexpectedOperand('paths', operand));
    const guests = await guestsOf(line, environment);
    const progress = createProgress(environment.stderr);
    const results: PathsResult[] = [];
    for (const [index, { guest, variants }] of guests.entries()) {
      const show = (what: string): void => progress.show(index, guests.length, `${guest.name}: ${what}`);
      results.push(await runPaths(guest, variants, environment.version, environment.signal, show));
    }
    progress.clear();
    const command = commandText('paths', line, Object.keys(OPTIONS));
    environment.stdout.write(markdown(pathsDocument(results, command)));
    const folder = line.text('out');
    if (folder !== undefined) say(environment.stderr, messages.resultWritten(await writePathsReport(results, folder, command)));
    const unexpected = results.flatMap(unexpectedLists);
    for (const what of unexpected) say(environment.stderr, messages.unexpectedExits(what));
    return unexpected.length === 0 ? ExitStatus.fine : ExitStatus.failed;
  },
};

interface VariedGuest {
  readonly guest: PathGuest;
  readonly variants: readonly PathVariant[];
}

async function guestsOf(line: ParsedCommandLine, environment: CommandEnvironment): Promise<VariedGuest[]> {
  const names = line.text('guests');
  const kernel = line.text('kernel');
  const chosen = chosenVariants(line);
  const append = line.text('append');
  const common = {
    ...(append !== undefined && { append }),
    timeoutSeconds: parseSeconds('timeout', line.text('timeout') ?? DEFAULT_TIMEOUT_SECONDS),
    ...hypervisorWish(line, environment.machines),
  };
  if (names !== undefined) {
    if (kernel !== undefined) throw new UsageError(messages.guestChosenTwice());
    const available = await environment.availableGuests();
    return Promise.all(
      parseNames('guests', names).map(async (name): Promise<VariedGuest> => {
        const guest = { ...(await namedGuestSpec(name, available)), ...common };
        const without = available.find((each) => each.name === name)?.without ?? {};
        return { guest, variants: chosen ?? VARIANTS.filter(({ strategy }) => without[strategy] === undefined) };
      }),
    );
  }
  if (kernel === undefined) throw new UsageError(messages.missingOption('paths', 'guests', 'NAMES'));
  const initrd = line.text('initrd');
  const guest = {
    name: basename(kernel),
    kernel: await readInputFile(kernel, 'the kernel'),
    ...(initrd !== undefined && { initrd: await readInputFile(initrd, 'the initrd') }),
    memoryBytes: parseSize('memory', line.text('memory') ?? DEFAULT_MEMORY),
    ...common,
  };
  return [{ guest, variants: chosen ?? VARIANTS.filter(({ strategy }) => strategy !== 'pv') }];
}

function chosenVariants(line: ParsedCommandLine): PathVariant[] | undefined {
  const text = line.text('variants');
  const nameOf = ({ strategy, patchTime }: PathVariant): string => (patchTime === undefined ? strategy : `${strategy}:${patchTime}`);
  const known = VARIANTS.map(nameOf);
  if (text === undefined) return undefined;
  return parseNames('variants', text).map((name) => VARIANTS[known.indexOf(parseChoice('variant', name, known))]!);
}

/** The lists of a result that are not those expected, named. */
function unexpectedLists({ guest, paths }: PathsResult): string[] {
  return paths.flatMap(({ title, runs }) =>
    runs.filter((run) => !isAsExpected(run)).map(({ label }) => `${guest.name} under ${label}: ${title}`),
  );
}
