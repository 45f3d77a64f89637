import { CALLOUT_IMPORTS } from '../semantics/callouts.js';
import { CodeEmitter } from '../semantics/code-emitter.js';
import type { I32 } from '../semantics/expression.js';
import { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition, FunctionImport } from '../wasm/module-encoder.js';

/** What the module asks of the processor beside the call-outs. */
export const PROCESSOR_IMPORTS: readonly FunctionImport[] = [
  /** Makes the engine stop after the running instruction. */
  { name: 'attend', params: [], results: [] },
  /** Makes contexts of the software TLB for the present MSR and PID. */
  { name: 'selectContexts', params: [], results: [] },
];
export const IMPORTS: readonly FunctionImport[] = [...CALLOUT_IMPORTS, ...PROCESSOR_IMPORTS];

/** The functions of the module, in the order in which they are defined: parameters (all words), and whether there is a result. */
const FUNCTIONS = {
  searchTlb: [3, true],
  dropPages: [3, false],
  dropEntry: [1, false],
  enterPage: [3, false],
  setTlbWord: [4, false],
  writeTlbWord: [4, false],
  writeTlbEntry: [5, false],
  mapData: [2, true],
  mapCode: [1, true],
  findContexts: [0, false],
  tlbRead: [2, true],
  tlbWrite: [3, false],
  tlbSearch: [1, true],
  load: [2, true],
  store: [3, false],
  loadEntry: [4, true],
  storeEntry: [4, true],
  fetch: [1, true],
  touch: [2, false],
  zeroLine: [1, false],
  setMsr: [1, false],
  returnFromInterrupt: [1, false],
  readSpr: [1, true],
  writeSpr: [2, false],
} as const satisfies Record<string, readonly [parameters: number, hasResult: boolean]>;
export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as readonly FunctionName[];

const INDEX = new Map<string, number>([
  ...PROCESSOR_IMPORTS.map(({ name }, index): [string, number] => [name, CALLOUT_IMPORTS.length + index]),
  ...FUNCTION_NAMES.map((name, index): [string, number] => [name, IMPORTS.length + index]),
]);

/** The call-outs that have no function here; the module passes them on. */
export const PASSED_ON = CALLOUT_IMPORTS.filter(({ name }) => !(name in FUNCTIONS));

/** The index of a function of this module, or of what it asks of the processor. */
export function functionIndex(name: FunctionName | 'attend' | 'selectContexts'): number {
  return INDEX.get(name)!;
}

/** Defines a function; its body is given the parameters. */
export function defineFunction(name: FunctionName, body: (b: StateBuilder, ...parameters: I32[]) => void): FunctionDefinition {
  const [parameters, hasResult] = FUNCTIONS[name];
  const emit = new CodeEmitter(parameters);
  const b = new StateBuilder(emit);
  body(b, ...Array.from({ length: parameters }, (_, index) => b.parameter(index)));
  return {
    name,
    params: new Array<'i32'>(parameters).fill('i32'),
    results: hasResult ? ['i32'] : [],
    locals: emit.localTypes,
    code: emit.sink.bytes(),
  };
}

/** Passes a call-out on to the processor. */
export function passOn({ name, params, results }: FunctionImport): FunctionDefinition {
  const emit = new CodeEmitter(params.length);
  for (const index of params.keys()) emit.localGet(index);
  emit.call(CALLOUT_IMPORTS.findIndex((each) => each.name === name));
  return { name, params, results, locals: emit.localTypes, code: emit.sink.bytes() };
}
