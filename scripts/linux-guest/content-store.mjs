import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY_LENGTH = 16;
const MANIFEST = 'manifest.json';

/** A short name for a JSON value: equal for equal values, whatever the order of their keys. */
export function contentKey(value) {
  const ordered = (_, item) =>
    item && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  return createHash('sha256').update(JSON.stringify(value, ordered)).digest('hex').slice(0, KEY_LENGTH);
}

export function fileDigest(path) {
  const bytes = readFileSync(path);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

export function isStored(directory) {
  return existsSync(join(directory, MANIFEST));
}

/**
 * Makes `directory` by letting `fill` write into a temporary one beside it and renaming that: it appears complete, with a manifest of
 * `facts` and the digests of `files`, or not at all.
 * @param {(temporary: string) => Promise<void>} fill
 */
export async function store(directory, facts, files, fill) {
  const temporary = `${directory}.${process.pid}.partial`;
  mkdirSync(temporary, { recursive: true });
  try {
    await fill(temporary);
    const digests = Object.fromEntries(files.map((name) => [name, fileDigest(join(temporary, name))]));
    writeFileSync(join(temporary, MANIFEST), `${JSON.stringify({ ...facts, files: digests }, null, 2)}\n`);
    // Another run may have stored the same content meanwhile: then its copy stays.
    if (!isStored(directory)) renameSync(temporary, directory);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Points the link `path` at its sibling `target`, replacing what was there in one step. */
export function point(path, target) {
  if (existsSync(path) && !lstatSync(path).isSymbolicLink()) rmSync(path, { recursive: true });
  const temporary = `${path}.${process.pid}.link`;
  symlinkSync(target, temporary);
  renameSync(temporary, path);
}
