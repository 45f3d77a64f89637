export { ENABLED_EXCEPTION, FloatingPointUnit } from './floating-point-unit.js';
export { Fpscr, ResultClass, RoundingMode } from './fpscr.js';
export { type FpMnemonic, FpOperation, makesCrField } from './operations.js';
export { doubleHighOfSingle, doubleLowOfSingle, singleOfDouble } from './single-format.js';
