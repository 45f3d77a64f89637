import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A row of one of the oracle's CSV files, by column. */
export type OracleRow = Readonly<Record<string, string>>;

/** The oracle's folder in this checkout; another of the same form may stand in its place. */
export const ORACLE_FOLDER = fileURLToPath(new URL('../../oracle/', import.meta.url));

/** Fields of a CSV line; quotes protect commas. */
function fields(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|([^,]+)|(?<=,|^)(?=,|$)/g)].map((match) => match[1] ?? match[2] ?? '');
}

export function oracleRows(name: string, folder = ORACLE_FOLDER): OracleRow[] {
  const [head = '', ...lines] = readFileSync(join(folder, name), 'utf8').trim().split(/\r?\n/);
  const columns = fields(head);
  return lines.map((line) => Object.fromEntries(fields(line).map((value, index) => [columns[index] as string, value])));
}

export const oracleImage = (folder = ORACLE_FOLDER): Uint8Array => new Uint8Array(readFileSync(join(folder, 'microguests.bin')));
