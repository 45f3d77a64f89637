import { messages } from './messages.js';
import { nearest } from './suggestion.js';
import { UsageError } from './user-errors.js';

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const SMALLEST_BYTES = 2 ** 10;
const LARGEST_BYTES = 2 ** 32;

/**
 * A size such as 64M, 1G, 512K or 65536, in bytes.
 * @throws UsageError outside 1K to 4G; what a board can hold is the board's to say
 */
export function parseSize(option: string, text: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text.trim());
  if (match === null) throw new UsageError(messages.badSize(option, text));
  const bytes = Number(match[1]) * UNIT_BYTES[match[2]!.toUpperCase()]!;
  if (bytes < SMALLEST_BYTES || bytes > LARGEST_BYTES) throw new UsageError(messages.sizeOutOfRange(option, text));
  return bytes;
}

/**
 * A physical address below 4 GB, in hexadecimal with 0x or in decimal.
 * @throws UsageError
 */
export function parseAddress(option: string, text: string): number {
  const value = /^(0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value < LARGEST_BYTES)) throw new UsageError(messages.badAddress(option, text));
  return value;
}

/**
 * A whole number from 1, also as 1e9.
 * @throws UsageError
 */
export function parseCount(option: string, text: string): number {
  const value = /^\d+(e\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(messages.badCount(option, text));
  return value;
}

/**
 * Seconds above 0, with a fraction if need be.
 * @throws UsageError
 */
export function parseSeconds(option: string, text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(messages.badSeconds(option, text));
  return value;
}

/**
 * A regular expression in JavaScript's syntax; `^` and `$` match at every line.
 * @throws UsageError
 */
export function parseExpression(option: string, text: string): RegExp {
  try {
    return new RegExp(text, 'm');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^Invalid regular expression: .*?: /, '') : 'it does not parse';
    throw new UsageError(messages.badExpression(option, text, reason));
  }
}

/**
 * One of a set of names.
 * @throws UsageError with the nearest name as a suggestion
 */
export function parseChoice<T extends string>(what: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(messages.badChoice(what, text, choices, nearest(text, choices)));
  return found;
}

/**
 * Names separated by commas.
 * @throws UsageError for an empty one
 */
export function parseNames(option: string, text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new UsageError(messages.emptyName(option));
  return [...new Set(names)];
}

/**
 * One direction of a grid: `NAME=VALUE,VALUE,…`.
 * @throws UsageError
 */
export function parseAxis(text: string): { name: string; values: string[] } {
  const match = /^([A-Za-z][\w-]*)=(.+)$/.exec(text);
  if (match === null) throw new UsageError(messages.badAxis(text));
  return { name: match[1]!, values: parseNames('over', match[2]!) };
}

/**
 * `NAME=VALUE` pairs; a later one wins.
 * @throws UsageError
 */
export function parsePolicies(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const match = /^([A-Za-z][\w-]*)=(.+)$/.exec(text);
      if (match === null) throw new UsageError(messages.badPolicy(text));
      return [match[1]!, match[2]!];
    }),
  );
}

/**
 * Addresses of instructions, separated by white space; what follows a `#` in a line is a remark.
 * @throws UsageError
 */
export function parseSites(file: string, text: string): ReadonlySet<number> {
  const words = text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter((word) => word !== '');
  const bad = words.find((word) => !/^0x[\da-f]{1,8}$/i.test(word) || Number(word) % 4 !== 0);
  if (bad !== undefined) throw new UsageError(messages.badSite(file, bad));
  if (words.length === 0) throw new UsageError(messages.noSites(file));
  return new Set(words.map(Number));
}
