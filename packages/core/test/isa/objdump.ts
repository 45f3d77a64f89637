import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OBJDUMP = 'powerpc-linux-gnu-objdump';
const MOST_OUTPUT_BYTES = 2 ** 30;

export interface DisassembledWord {
  address: number;
  word: number;
  text: string;
}

/** The first line of `objdump --version`. */
export function objdumpVersion(): string {
  return execFileSync(OBJDUMP, ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
}

/** Lines `address:<tab>bytes<tab>mnemonic[<tab>operands]`; the names of branch targets are dropped, their addresses get their 0x. */
function parseLine(line: string): DisassembledWord | undefined {
  const match = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} ?){4})\s*\t(.*)$/.exec(line);
  if (!match) return undefined;
  const text = match[3]!
    .replace(/\b(?:0x)?([0-9a-f]+) <[^>]*>$/, '0x$1')
    .replace(/\s+/g, ' ')
    .trim();
  return { address: Number.parseInt(match[1]!, 16), word: Number.parseInt(match[2]!.replaceAll(' ', ''), 16), text };
}

function run(args: readonly string[]): DisassembledWord[] {
  const output = execFileSync(OBJDUMP, ['-z', '-M440', ...args], { encoding: 'latin1', maxBuffer: MOST_OUTPUT_BYTES });
  return output.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** Every word of an ELF file's section. */
export function disassembleSection(elf: string, section: string): DisassembledWord[] {
  return run(['-d', `--section=${section}`, elf]);
}

/** Words that lie one behind the other from address 0. */
export function disassembleWords(words: readonly number[]): DisassembledWord[] {
  const folder = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const bytes = Buffer.alloc(words.length * 4);
    words.forEach((word, index) => void bytes.writeUInt32BE(word, index * 4));
    const file = join(folder, 'words.bin');
    writeFileSync(file, bytes);
    return run(['-D', '-b', 'binary', '-m', 'powerpc:common', '-EB', file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
