import type { TranslatorStatistics } from '@exitlab/core';
import { type BenchFailure, type BenchResult, END_REASONS, type RunResult, type SweepResult, totalExits } from '@exitlab/results';

/** Everything that the command says, in one place, so that it speaks with one voice. Wrong usage gets one sentence with its advice. */
export const messages = {
  // Wrong usage.
  noCommand: () => 'No command given; "exitlab --help" lists them.',
  unknownCommand: (name: string, near: string | undefined) =>
    near === undefined
      ? `There is no command "${name}"; "exitlab --help" lists the commands.`
      : `There is no command "${name}"; did you mean "${near}"?`,
  unknownOption: (command: string, option: string, near: string | undefined) =>
    near === undefined
      ? `"exitlab ${command}" has no option "${option}"; "exitlab ${command} --help" lists its options.`
      : `"exitlab ${command}" has no option "${option}"; did you mean "--${near}"?`,
  missingValue: (option: string, placeholder: string) => `The option "--${option}" needs a value: write --${option} ${placeholder}.`,
  unexpectedValue: (option: string) => `The option "--${option}" takes no value.`,
  givenTwice: (option: string) => `The option "--${option}" is given twice; give it once.`,
  missingOption: (command: string, option: string, placeholder: string) =>
    `"exitlab ${command}" needs --${option} ${placeholder}; "exitlab ${command} --help" explains it.`,
  missingOperand: (command: string, operand: string) => `"exitlab ${command}" needs ${operand}; "exitlab ${command} --help" explains it.`,
  unexpectedOperand: (command: string, operand: string) =>
    `"exitlab ${command}" does not know what to do with "${operand}"; "exitlab ${command} --help" shows its form.`,
  sameFile: (path: string) => `The patched image cannot go over the original ${path}; give another name to --out.`,
  badSize: (option: string, text: string) => `The option "--${option}" takes a size such as 64M, 1G or 512K, not "${text}".`,
  sizeOutOfRange: (option: string, text: string) => `The size ${text} of "--${option}" is out of range: a 440 sees from 1K to 4G.`,
  badAddress: (option: string, text: string) => `The option "--${option}" takes an address below 4 GB, such as 0x100000, not "${text}".`,
  badCount: (option: string, text: string) => `The option "--${option}" takes a whole number from 1, such as 1000 or 1e9, not "${text}".`,
  badSeconds: (option: string, text: string) =>
    `The option "--${option}" takes a number of seconds above 0, such as 30 or 0.5, not "${text}".`,
  badExpression: (option: string, text: string, reason: string) =>
    `The option "--${option}" takes a regular expression, and "${text}" is none: ${reason}.`,
  badChoice: (what: string, text: string, choices: readonly string[], near: string | undefined) =>
    `There is no ${what} "${text}"${near === undefined ? '' : ` (did you mean "${near}"?)`}; ${choices.length === 0 ? 'there is none at all' : `choose among ${choices.join(', ')}`}.`,
  badAxis: (text: string) => `The option "--over" takes NAME=VALUES, such as shadowSlots=8,16,32, not "${text}".`,
  badPolicy: (text: string) => `The option "--policy" takes NAME=VALUE, such as shadowSlots=31, not "${text}".`,
  noProfile: (path: string) => `${path} holds no profile; make one with "exitlab run --strategy trap --profile --json FILE".`,
  profileOfOther: (path: string, profiled: string, image: string) =>
    `${path} is a profile of another image, ${profiled}, and not of ${image}; make a profile of the image that you scan.`,
  profileUnder: (path: string, strategy: string, wanted: string) =>
    `${path} is a profile under the strategy ${strategy}; make one under ${wanted}, which shows the exits of the guest as it is.`,
  profileReplacement: (path: string, replacement: string, wanted: string) =>
    `${path} is a profile with the replacement ${replacement}, whose misses cannot be predicted; make one with ${wanted}.`,
  profileCosts: (path: string, name: string) =>
    `${path} is a profile with the cost profile ${name}, which this version does not have; make it again.`,
  pagesBeyondSlots: ({ pages, slots }: { readonly pages: number; readonly slots: number }) =>
    `Between two exits the guest uses ${pages} pages, and patching leaves ${slots} shadow slots: it will make more virtual misses than predicted, how many the profile cannot tell.`,
  guestChosenTwice: () => 'The options "--guests" and "--kernel" both say what to run; give one of them.',
  unexpectedExits: (what: string) => `Not the exits expected: ${what}.`,
  sitesChosenTwice: () => 'The options "--sites-from" and "--best" both choose sites; give one of them.',
  badSite: (file: string, text: string) =>
    `${file} is no list of sites: "${text}" is not the address of an instruction, such as 0xc0001460.`,
  noSites: (file: string) => `${file} names no site; write an address such as 0xc0001460 on each line.`,
  emptyName: (option: string) => `The option "--${option}" takes names separated by commas, and one of them is empty.`,

  noExits: (option: string, strategy: string, others: readonly string[]) =>
    `The strategy ${strategy} has no hypervisor, and so no exits for "--${option}"; choose among ${others.join(', ')}.`,
  noDurations: (option: string) =>
    `The option "--${option}" needs the durations of exits, which "--exit-timing off" leaves out; give one of the two.`,

  // What happened.
  translatorStatistics: (statistics: TranslatorStatistics) => {
    const { regions, promotions, regionsDropped, flushes, modules, translatedInstructions, wasmBytes, generateMs, compileMs, fallBacks } =
      statistics;
    const { retiredInstructions, interpretedInstructions } = statistics;
    const { cold, nearEvent, fallBack, access } = interpretedInstructions;
    const percent = (count: number, of: number) => ((100 * count) / Math.max(1, of)).toFixed(3);
    const share = (count: number) => `${percent(count, retiredInstructions)} %`;
    const settled = statistics.settledInstructions;
    const settledShare = (count: number) => `${percent(count, settled.instructions)} %`;
    const settledInterpreted = settled.cold + settled.nearEvent + settled.fallBack + settled.access;
    const tenths = statistics.interpretedByTenth.map((count) => (100 - (1000 * count) / Math.max(1, retiredInstructions)).toFixed(1));
    const left = Object.entries(fallBacks).filter(([, count]) => count > 0);
    return [
      `Translator: ${number(regions)} regions (${number(promotions)} made again, larger) of ${number(translatedInstructions)} instructions in ` +
        `${number(modules)} modules, ${number(wasmBytes)} bytes; ${number(regionsDropped)} dropped, ${number(flushes)} times all.`,
      `Of ${number(retiredInstructions)} instructions ${share(retiredInstructions - cold - nearEvent - fallBack - access)} ran in translated code; the ` +
        `interpreter ran ${share(cold)} as not yet translated, ${share(nearEvent)} before an event, ${share(fallBack)} after a fall-back, ${share(access)} for an access.`,
      `By tenths of the run, per cent in translated code: ${tenths.join(', ')}.`,
      `Once warm, which is in windows of a million instructions or more in which nothing was translated (${number(settled.instructions)} ` +
        `instructions), ${settledShare(settled.instructions - settledInterpreted)} ran in translated code; the interpreter ran ` +
        `${settledShare(settled.cold)} as not translated, ${settledShare(settled.nearEvent)} before an event, ` +
        `${settledShare(settled.fallBack)} after a fall-back, ${settledShare(settled.access)} for an access.`,
      `Host time: ${generateMs.toFixed(0)} ms to generate, ${compileMs.toFixed(0)} ms to compile before the first run.`,
      left.length === 0
        ? 'No instruction was left to the interpreter for its kind.'
        : `Left to the interpreter: ${left.map(([mnemonic, count]) => `${mnemonic} ${number(count)}`).join(', ')}.`,
    ].join('\n');
  },
  runEnded: (result: RunResult) => {
    const { end, counts, modelledTime, coreHz, strategy, host } = result;
    const modelledMs = (modelledTime.cycles / coreHz) * 1e3;
    return [
      `Ended (${end.reason}): ${end.detail}`,
      `${strategy}: ${number(counts.guestInstructions)} guest instructions, ${number(totalExits(result))} exits (counts); ` +
        `${modelledMs.toFixed(3)} ms modelled time; ${host.wallSeconds.toFixed(3)} s host time.`,
    ].join('\n');
  },
  warning: (text: string) => `Warning: ${text}`,
  oursCounted: (types: readonly string[]) => `Exits that Linux's KVM does not have, counted as types of ours: ${types.join(', ')}.`,
  guestFailed: (result: RunResult) => `The guest failed: ${END_REASONS[result.end.reason].meaning}.`,
  expectationFailed: (pattern: string) => `The guest ended before its console matched /${pattern}/.`,
  traceWritten: (file: string) => `Trace: ${file} (trace-cmd report ${file})`,
  resultWritten: (file: string) => `Result: ${file}`,
  microguestFailed: (name: string, why: string) => `Micro guest ${name} did not reach its end: ${why}`,
  interrupted: () => 'Interrupted; what was measured until now is kept.',
  cellFailed: ({ guest, strategy, reason }: BenchFailure) => `Failed: ${guest} under ${strategy}. ${reason}`,
  benchEnded: (result: BenchResult) =>
    `${result.runs.length} measurements, ${result.repetitions} repetitions each, in ${result.host.wallSeconds.toFixed(1)} s host time${result.failures.length === 0 ? '' : `; ${result.failures.length} failed`}.`,
  sweepEnded: (result: SweepResult) =>
    `${result.points.length} points${result.complete ? '' : ' until it was ended'} in ${result.host.wallSeconds.toFixed(1)} s host time.`,
  imagePatched: (file: string, patched: number, found: number) => `Patched ${patched} of ${found} sensitive instructions: ${file}`,
  imageScanned: (file: string, found: number, patchable: number) =>
    `${file}: ${found} sensitive instructions, ${patchable} of them can be patched.`,
  reportWritten: (html: string, markdown: string) => `Report: ${html}\n        ${markdown}`,
  ownFault: (reason: string) => `A fault of exitlab itself, please report it: ${reason}`,
} as const;

/** A whole number in groups of three. Not by `toLocaleString`, which loads the data of all languages: a tenth of the time of a short run. */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
