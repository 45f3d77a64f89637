import type { Command } from './command.js';
import type { StrategyRow } from './machines.js';

/** What "exitlab --help" prints. */
export function generalHelp(commands: readonly Command[], strategies: readonly StrategyRow[]): string {
  return `exitlab: exit timing and paravirtual patching of PowerPC 440 guests under a KVM-style hypervisor

Usage: exitlab COMMAND [options]

Commands:
${columns(commands.map((command) => [command.name, command.summary]))}

Strategies:
${columns(strategies.map((strategy) => [strategy.name, strategy.meaning]))}

"exitlab COMMAND --help" explains a command; "exitlab --version" prints the version.

Exit status: 0 fine, 1 a guest failed or a measurement got worse, 2 wrong usage or input, 3 not comparable.
`;
}

/** What "exitlab COMMAND --help" prints. */
export function commandHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, help: { help: 'print this' } }).map(([name, row]): [string, string] => [
    'value' in row && row.value !== undefined ? `--${name} ${row.value}` : `--${name}`,
    row.help,
  ]);
  return `exitlab ${command.name}: ${command.summary}

Usage: exitlab ${command.name} ${command.form}

Options:
${columns(rows)}

${command.details}
`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
