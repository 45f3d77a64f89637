import type { FunctionImport } from '../wasm/module-encoder.js';
import type { ValueTypeName } from '../wasm/opcodes.js';

/**
 * What generated code asks of the processor when an instruction's work is rare or touches what lies outside the CPU state. Each takes
 * and returns 32-bit integers; a call-out that fails sets `State.pendingVector`, and the caller then leaves the instruction unexecuted.
 */
export const CALLOUTS = [
  { name: 'load', parameters: 2, result: true }, // (ea, sizeBytes): value, zero-extended
  { name: 'store', parameters: 3, result: false }, // (ea, sizeBytes, value)
  { name: 'fetch', parameters: 1, result: true }, // (pc): host address of the instruction word, 0 with an interrupt pending
  { name: 'touch', parameters: 2, result: false }, // (ea, access as in mmu/access.ts): checks a cache operation's permission
  { name: 'zeroLine', parameters: 1, result: false }, // (ea): dcbz
  { name: 'readSpr', parameters: 1, result: true },
  { name: 'writeSpr', parameters: 2, result: false, changesTranslation: true },
  { name: 'readDcr', parameters: 1, result: true },
  { name: 'writeDcr', parameters: 2, result: false },
  { name: 'setMsr', parameters: 1, result: false, changesTranslation: true },
  { name: 'returnFromInterrupt', parameters: 1, result: false, changesTranslation: true }, // (0 rfi, 1 rfci, 2 rfmci): sets State.pc
  { name: 'tlbRead', parameters: 2, result: true }, // (index, word)
  { name: 'tlbWrite', parameters: 3, result: false, changesTranslation: true }, // (index, word, value)
  { name: 'tlbSearch', parameters: 1, result: true }, // (ea): index, or -1
  { name: 'floatingPoint', parameters: 5, result: true }, // (operation, frt, fra, frb, frc): a CR nibble where it makes one
  { name: 'loadConvert', parameters: 2, result: false, only: 'registers' }, // (frt, bits): lfs
  { name: 'storeConvert', parameters: 1, result: true, only: 'registers' }, // (frs): stfs
  { name: 'trapDebug', parameters: 0, result: true }, // 1: the trap is a debug event, which has been recorded
] as const satisfies readonly CalloutRow[];

interface CalloutRow {
  readonly name: string;
  readonly parameters: number;
  readonly result: boolean;
  /** It can change which translations are current, or drop some. */
  readonly changesTranslation?: true;
  /** It works on registers only: no interrupt, and nothing that the processor must know the count for. */
  readonly only?: 'registers';
}

export type CalloutName = (typeof CALLOUTS)[number]['name'];
/** A processor's side of the call-outs; what those without a result return is ignored. */
export type CalloutHandlers = { readonly [Name in CalloutName]: (...args: number[]) => unknown };

export const CALLOUT_IMPORTS: readonly FunctionImport[] = CALLOUTS.map(({ name, parameters, result }) => ({
  name,
  params: new Array<ValueTypeName>(parameters).fill('i32'),
  results: result ? ['i32'] : [],
}));

const INDEX = new Map<string, number>(CALLOUTS.map(({ name }, index) => [name, index]));

/** The function index of a call-out in every generated module: call-outs are imported first, in table order. */
export function calloutIndex(name: CalloutName): number {
  return INDEX.get(name)!;
}

const ROWS = new Map<string, CalloutRow>(CALLOUTS.map((each) => [each.name, each]));
export function calloutRow(name: CalloutName): CalloutRow {
  return ROWS.get(name)!;
}
