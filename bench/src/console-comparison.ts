/** A part of a line that depends on time. `pattern` and the patterns below are regular expressions applied to one line. */
export interface VolatileField {
  readonly name: string;
  readonly pattern: string;
  readonly replacement: string;
  readonly reason: string;
}

/** A line whose place among the others depends on time, and with `mayBeAbsent` also whether it comes at all. */
export interface FloatingLine {
  readonly name: string;
  readonly pattern: string;
  readonly reason: string;
  readonly mayBeAbsent?: boolean;
}

/** What two consoles of the same guest may differ in, declared: the shape of `scripts/linux-guest/volatile-console.json`. */
export interface VolatileConsole {
  readonly fields: readonly VolatileField[];
  readonly floatingLines: readonly FloatingLine[];
}

export interface ComparableConsole {
  /** The lines that must agree one by one, with volatile fields replaced. */
  readonly fixed: readonly string[];
  /**
   * The floating lines that must come in both, sorted, each once: one that falls into the change from the boot console to the serial
   * driver is printed by either.
   */
  readonly floating: readonly string[];
}

/** A difference at a line (counted from 1 among those compared); an absent side is a line that the other console lacks. */
export interface ConsoleDifference {
  readonly line: number;
  readonly expected?: string;
  readonly actual?: string;
}

/** Console text as it can be compared: without carriage returns, trailing empty lines, and what depends on time. */
export function comparableConsole(text: string, volatileConsole: VolatileConsole): ComparableConsole {
  const fields = volatileConsole.fields.map(({ pattern, replacement }) => ({ pattern: new RegExp(pattern), replacement }));
  const floatingLines = volatileConsole.floatingLines.map((line) => ({
    pattern: new RegExp(line.pattern),
    mayBeAbsent: line.mayBeAbsent === true,
  }));
  const fixed: string[] = [];
  const floating: string[] = [];
  for (const raw of text.replaceAll('\r', '').trimEnd().split('\n')) {
    const line = fields.reduce((masked, { pattern, replacement }) => masked.replace(pattern, replacement), raw);
    const floatingLine = floatingLines.find(({ pattern }) => pattern.test(line));
    if (floatingLine === undefined) fixed.push(line);
    else if (!floatingLine.mayBeAbsent) floating.push(line);
  }
  return { fixed, floating: [...new Set(floating)].sort() };
}

function differences(expected: readonly string[], actual: readonly string[], lineOffset: number): ConsoleDifference[] {
  const found: ConsoleDifference[] = [];
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    if (expected[index] === actual[index]) continue;
    found.push({
      line: lineOffset + index + 1,
      ...(index < expected.length ? { expected: expected[index]! } : {}),
      ...(index < actual.length ? { actual: actual[index]! } : {}),
    });
  }
  return found;
}

/**
 * Where two consoles differ beyond what is declared volatile, line by line without realignment: after a line too many everything
 * differs, and the first difference is the one to look at. Floating lines are compared last, as if they stood at the end.
 */
export function compareConsoles(expected: string, actual: string, volatileConsole: VolatileConsole): ConsoleDifference[] {
  const wanted = comparableConsole(expected, volatileConsole);
  const seen = comparableConsole(actual, volatileConsole);
  const fixedLines = Math.max(wanted.fixed.length, seen.fixed.length);
  return [...differences(wanted.fixed, seen.fixed, 0), ...differences(wanted.floating, seen.floating, fixedLines)];
}
