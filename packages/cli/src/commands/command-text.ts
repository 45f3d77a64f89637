import type { ParsedCommandLine } from '../command-line.js';

/** A command as the user can type it again, with those of its options that were given. */
export function commandText(command: string, line: ParsedCommandLine, options: readonly string[]): string {
  const quoted = (text: string) => (/^[\w=.,:/+-]+$/.test(text) ? text : `'${text}'`);
  const given = options.flatMap((option) => line.texts(option).map((text) => `--${option} ${quoted(text)}`));
  return ['exitlab', command, ...given].join(' ');
}
