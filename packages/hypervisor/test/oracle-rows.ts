import { readFileSync } from 'node:fs';

/** A row of one of the oracle's CSV files, by column. */
export type OracleRow = Readonly<Record<string, string>>;

const oracleFile = (name: string): URL => new URL(`../../oracle/${name}`, import.meta.url);

/** Fields of a CSV line; quotes protect commas. */
function fields(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|([^,]+)|(?<=,|^)(?=,|$)/g)].map((match) => match[1] ?? match[2] ?? '');
}

export function oracleRows(name: string): OracleRow[] {
  const [head = '', ...lines] = readFileSync(oracleFile(name), 'utf8').trim().split(/\r?\n/);
  const columns = fields(head);
  return lines.map((line) => Object.fromEntries(fields(line).map((value, index) => [columns[index] as string, value])));
}

export const oracleImage = (): Uint8Array => new Uint8Array(readFileSync(oracleFile('microguests.bin')));
