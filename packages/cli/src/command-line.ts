import { parseArgs } from 'node:util';
import { messages } from './messages.js';
import { nearest } from './suggestion.js';
import { UsageError } from './user-errors.js';

/** One option of a command: a row of its table. An option without `value` is a flag. */
export interface OptionRow {
  /** What stands for the value in the help: FILE, SECONDS. */
  readonly value?: string;
  readonly help: string;
  /** One letter that stands for the option after a single dash. */
  readonly short?: string;
  /** May be given more than once. */
  readonly repeatable?: true;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** A command line taken apart: texts only, exactly as the user wrote them. */
export interface ParsedCommandLine {
  readonly operands: readonly string[];
  /** The text of an option, or undefined where it was not given. */
  text(option: string): string | undefined;
  /** All texts of a repeatable option. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
}

/**
 * Takes a command's arguments apart by its option table. Node's own parser is used, since a general command-line library turns
 * values that look like numbers into numbers, and a kernel's boot arguments must reach it as they were written.
 * @throws UsageError
 */
export function parseCommandLine(command: string, table: OptionTable, args: readonly string[]): ParsedCommandLine {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, row]) => [
      name,
      { type: row.value === undefined ? 'boolean' : 'string', ...(row.short && { short: row.short }) } as const,
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const row = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (row === undefined || !(token.rawName.startsWith('--') || token.rawName === `-${row.short}`)) {
      throw new UsageError(messages.unknownOption(command, token.rawName, nearest(token.name, Object.keys(table))));
    }
    if (row.value === undefined && token.value !== undefined) throw new UsageError(messages.unexpectedValue(token.name));
    if (row.value !== undefined && (token.value === undefined || isOption(token.value, table))) {
      throw new UsageError(messages.missingValue(token.name, row.value));
    }
    const before = given.get(token.name) ?? [];
    if (before.length > 0 && row.repeatable === undefined) throw new UsageError(messages.givenTwice(token.name));
    given.set(token.name, [...before, token.value ?? '']);
  }
  return {
    operands,
    text: (option) => given.get(option)?.[0],
    texts: (option) => given.get(option) ?? [],
    flag: (option) => given.has(option),
  };
}

/** Whether a text is one of the command's own options, so that it cannot be meant as the value of another. */
function isOption(text: string, table: OptionTable): boolean {
  return text.startsWith('--') && Object.hasOwn(table, text.slice(2).split('=')[0]!);
}
