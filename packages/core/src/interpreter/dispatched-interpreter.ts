import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { interpreterFunction } from './interpreter-module.js';

/**
 * The interpreters that a dispatcher of translated code calls: that of ordinary instructions, then that of all. They depend on the ISA
 * table alone, so that the bundle of the command carries what this returns instead of generating it at each start (`scripts/bundle.mjs`).
 */
export function dispatchedInterpreters(): readonly FunctionDefinition[] {
  return [
    interpreterFunction({ name: 'interpretOrdinary', isDispatched: true, hasSpecial: false }),
    interpreterFunction({ name: 'interpretAll', isDispatched: true, hasSpecial: true }),
  ];
}
