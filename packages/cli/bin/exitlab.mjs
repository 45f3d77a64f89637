#!/usr/bin/env node
import { readFileSync, statSync } from 'node:fs';

/** The program in one piece, where it was made of what is built now (`pnpm bundle`): it starts in half the time. Else the built modules. */
const BUILD = new URL('../dist/', import.meta.url);

function isBundleCurrent() {
  try {
    const madeOf = JSON.parse(readFileSync(new URL('bundle/made-of.json', BUILD), 'utf8'));
    return Object.entries(madeOf).every(([file, mtimeMs]) => statSync(new URL(file, BUILD)).mtimeMs === mtimeMs);
  } catch {
    return false;
  }
}

await import(new URL(isBundleCurrent() ? 'bundle/main.js' : 'src/main.js', BUILD));
