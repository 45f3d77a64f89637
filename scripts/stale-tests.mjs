import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace.mjs';

/** The folders that are compiled: the packages, and what stands beside them. */
const projects = [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), 'bench', 'reports'];

/**
 * Removes compiled tests whose sources have gone: the compiler leaves them behind, and ava would run them. What else a deleted source
 * left is imported by nobody.
 */
export function removeStaleTests() {
  for (const project of projects) {
    const compiled = join(root, project, 'dist/test');
    if (!existsSync(compiled)) continue;
    for (const file of readdirSync(compiled, { recursive: true })) {
      if (!file.endsWith('.test.js')) continue;
      if (!existsSync(join(root, project, 'test', file.replace(/\.js$/, '.ts')))) rmSync(join(compiled, file));
    }
  }
}
