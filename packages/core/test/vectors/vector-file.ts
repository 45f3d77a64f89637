/**
 * Instruction vectors as CSV: `word,before,after`, one case a line, `#` starts a comment. `word` is the instruction; `before` and `after`
 * are cells `name=value` with blanks between, all values hexadecimal. Names: `r0`..`r31`, `f0`..`f31` (64 bits), `cr`, `xer`, `ctr`,
 * `lr`, `fpscr`, `pc`, and `m` with the address of an aligned word of memory (`m100040`). Registers that `before` leaves out are 0
 * (`pc`: any); `after` has all that the instruction may write, and `pc` where it is not the next instruction.
 */
export interface Vector {
  readonly word: number;
  readonly before: ReadonlyMap<string, bigint>;
  readonly after: ReadonlyMap<string, bigint>;
}

function parseCells(text: string): Map<string, bigint> {
  return new Map(
    text
      .split(' ')
      .filter((cell) => cell !== '')
      .map((cell) => {
        const [name = '', value = ''] = cell.split('=');
        return [name, BigInt(`0x${value}`)];
      }),
  );
}

export function parseVectors(text: string): Vector[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('word,'))
    .map((line) => {
      const [word = '', before = '', after = ''] = line.split(',');
      return { word: Number.parseInt(word, 16), before: parseCells(before), after: parseCells(after) };
    });
}

function formatCells(cells: ReadonlyMap<string, bigint>): string {
  return [...cells].map(([name, value]) => `${name}=${value.toString(16)}`).join(' ');
}

export function formatVector({ word, before, after }: Vector): string {
  return `${word.toString(16).padStart(8, '0')},${formatCells(before)},${formatCells(after)}`;
}
