import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { interpreterFunction } from './interpreter-module.js';

/**
 * The interpreter that a dispatcher of translated code calls. It depends on the ISA table alone, so that the bundle of the command
 * carries what this returns instead of generating it at each start (`scripts/bundle.mjs`).
 */
export function dispatchedInterpreter(): FunctionDefinition {
  return interpreterFunction({ isDispatched: true });
}
