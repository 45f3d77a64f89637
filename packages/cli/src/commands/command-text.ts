import type { ParsedCommandLine } from '../command-line.js';

/** A command as the user can type it again: its operands, and those of these options that were given. */
export function commandText(command: string, line: ParsedCommandLine, options: readonly string[]): string {
  const quoted = (text: string) => (/^[\w=.,:/+-]+$/.test(text) ? text : `'${text}'`);
  const given = options.flatMap((option) =>
    line.texts(option).map((text) => (text === '' ? `--${option}` : `--${option} ${quoted(text)}`)),
  );
  return ['exitlab', command, ...line.operands.map(quoted), ...given].join(' ');
}
