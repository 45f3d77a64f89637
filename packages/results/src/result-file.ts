import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { BENCH_SCHEMA, type BenchResult, BenchResultSchema } from './bench-result.js';
import { HOST_BENCH_SCHEMA, type HostBenchResult, HostBenchResultSchema } from './host-bench-result.js';
import { LAYOUTS_SCHEMA, type LayoutsResult, LayoutsResultSchema } from './layouts-result.js';
import { PATHS_SCHEMA, type PathsResult, PathsResultSchema } from './paths-result.js';
import { RUN_SCHEMA, type RunResult, RunResultSchema } from './run-result.js';
import { SWEEP_SCHEMA, type SweepResult, SweepResultSchema } from './sweep-result.js';

export type Result = RunResult | BenchResult;

/** What is wrong with a result file. */
export type ResultFileFault = 'unreadable' | 'not-json' | 'not-a-result' | 'wrong-version' | 'invalid' | 'unwritable';

/** A result file that cannot be used. The message is one sentence for the user. */
export class ResultFileError extends Error {
  readonly fault: ResultFileFault;
  readonly file: string;

  constructor(fault: ResultFileFault, file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResultFileError';
    this.fault = fault;
    this.file = file;
  }
}

/** The formats that a report is made from, a row each. */
const FORMATS = { [RUN_SCHEMA]: RunResultSchema, [BENCH_SCHEMA]: BenchResultSchema } as const;

/**
 * Validates the text of a result file; `file` only names it in messages.
 * @throws ResultFileError
 */
export function parseResult(text: string, file: string): Result {
  return parseFormat(text, file, FORMATS);
}

/**
 * Validates the text of a sweep's file, as {@link parseResult} does.
 * @throws ResultFileError
 */
export function parseSweep(text: string, file: string): SweepResult {
  return parseFormat(text, file, { [SWEEP_SCHEMA]: SweepResultSchema });
}

/**
 * Validates the text of a file of layouts, as {@link parseResult} does.
 * @throws ResultFileError
 */
export function parseLayouts(text: string, file: string): LayoutsResult {
  return parseFormat(text, file, { [LAYOUTS_SCHEMA]: LayoutsResultSchema });
}

/**
 * Validates the text of a host bench's file, as {@link parseResult} does.
 * @throws ResultFileError
 */
export function parseHostBench(text: string, file: string): HostBenchResult {
  return parseFormat(text, file, { [HOST_BENCH_SCHEMA]: HostBenchResultSchema });
}

/**
 * Validates the text of a file that a report can be made from: a run, a bench, or paths.
 * @throws ResultFileError
 */
export function parseReportable(text: string, file: string): Result | PathsResult {
  return parseFormat(text, file, { ...FORMATS, [PATHS_SCHEMA]: PathsResultSchema });
}

function parseFormat<S extends v.GenericSchema>(text: string, file: string, formats: Readonly<Record<string, S>>): v.InferOutput<S> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ResultFileError('not-json', file, `${file} is not a result file: it is not JSON (is it complete?).`, { cause });
  }
  const name = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined;
  if (typeof name !== 'string' || !/^exitlab\/[\w-]+@\d+$/.test(name)) {
    throw new ResultFileError(
      'not-a-result',
      file,
      `${file} is JSON but not a result of exitlab: it has no "schema" such as "${RUN_SCHEMA}".`,
    );
  }
  const format = formats[name];
  if (format === undefined) {
    throw new ResultFileError(
      'wrong-version',
      file,
      `${file} has the format "${name}", and this version of exitlab reads ${Object.keys(formats).join(' and ')}: measure again with this version.`,
    );
  }
  const parsed = v.safeParse(format, json, { abortEarly: true });
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const place = v.getDotPath(issue) ?? 'the top level';
    throw new ResultFileError('invalid', file, `${file} is damaged at "${place}": ${sentence(issue.message)}`);
  }
  return parsed.output;
}

/**
 * Reads and validates a result file.
 * @throws ResultFileError
 */
export async function readResult(file: string): Promise<Result> {
  return parseResult(await readText(file), file);
}

/**
 * Reads and validates a file that a report can be made from.
 * @throws ResultFileError
 */
export async function readReportable(file: string): Promise<Result | PathsResult> {
  return parseReportable(await readText(file), file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ResultFileError('unreadable', file, `Cannot read the result file ${file}: ${systemReason(cause)}.`, { cause });
  }
}

/**
 * Writes `content` to `file` so that a reader sees the old file or the new one and never half of it; missing folders are made. A pipe or
 * a device such as `/dev/stdout` is written to as it is, since replacing it would take it from everybody else.
 * @throws ResultFileError
 */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const present = await stat(file).catch(() => undefined);
  if (present !== undefined && !present.isFile() && !present.isDirectory()) {
    try {
      await writeFile(file, content);
    } catch (cause) {
      throw new ResultFileError('unwritable', file, `Cannot write ${file}: ${systemReason(cause)}.`, { cause });
    }
    return;
  }
  await replaceFile(file, content);
}

/**
 * Finds out beforehand whether {@link writeAtomically} can write `file`, and makes its folder.
 * @throws ResultFileError
 */
export async function checkWritable(file: string): Promise<void> {
  const present = await stat(file).catch(() => undefined);
  if (present?.isDirectory()) throw new ResultFileError('unwritable', file, `Cannot write ${file}: it is a folder.`);
  if (present !== undefined && !present.isFile()) return;
  const folder = dirname(file);
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new ResultFileError('unwritable', file, `Cannot write ${file}: ${systemReason(cause)}.`, { cause });
  }
}

/** Makes a folder and those above it. Not `mkdir` with `recursive`: that never returns where a file system refuses, such as below /proc. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (cause) {
    // Another process may have made it meanwhile.
    if (!(await isFolder(folder))) throw cause;
  }
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() === true;

async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, `.${basename(file)}.${randomUUID()}`);
  let created = false;
  try {
    await makeFolder(folder);
    const handle = await open(temporary, 'wx');
    created = true;
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    if (created) await rm(temporary, { force: true });
    throw new ResultFileError('unwritable', file, `Cannot write ${file}: ${systemReason(cause)}.`, { cause });
  }
}

/**
 * Writes a result file.
 * @throws ResultFileError
 */
export async function writeResult(file: string, result: Result | SweepResult | LayoutsResult | HostBenchResult): Promise<void> {
  await writeAtomically(file, resultText(result));
}

/**
 * A result as the text of its file. Keys stand in a fixed order whatever the order in which the object was built: `schema` first,
 * `host` last, the others by name; so two runs differ in `host` only, and a diff shows it at the end.
 */
export function resultText(result: Result | SweepResult | LayoutsResult | HostBenchResult): string {
  const { schema, host, ...rest } = result;
  return `${JSON.stringify({ schema, ...(sortKeys(rest) as object), host: sortKeys(host) }, undefined, 2)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** The operating system's reason in words, without a path or a stack. */
export function systemReason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const words: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
    EEXIST: 'a part of its path is not a folder',
    EACCES: 'permission is denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota of the disk is used up',
    EFBIG: 'a file may not be that large here',
    EIO: 'the device does not work',
  };
  return words[code] ?? code;
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}
