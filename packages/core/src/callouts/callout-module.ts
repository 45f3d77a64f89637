import type { SoftTlbFunctions } from '../mmu/soft-tlb.js';
import type { TlbFunctions } from '../mmu/translation-lookaside-buffer.js';
import type { ClockRates } from '../processor/modelled-clock.js';
import type { CalloutHandlers } from '../semantics/callouts.js';
import { type WasmMemory, wasmHost } from '../wasm/host.js';
import { encodeModule } from '../wasm/module-encoder.js';
import { accessFunctions, mapCode, mapData } from './access-functions.js';
import { FUNCTION_NAMES, type FunctionName, IMPORTS, PASSED_ON, passOn } from './function-table.js';
import { registerFunctions } from './register-functions.js';
import { stateFunctions } from './state-functions.js';
import { tlbFunctions } from './tlb-functions.js';

/** What the processor has to be asked for. */
export interface ProcessorHandlers {
  /** Makes the engine stop after the running instruction. */
  attend(): void;
  /** Makes contexts of the software TLB for the present MSR and PID. */
  selectContexts(): void;
}

/** The functions of the module, by name: call-outs for the engines, and what the processor's own code uses of them. */
export type CalloutFunctions = Readonly<Record<FunctionName, (...args: number[]) => number>> & TlbFunctions & SoftTlbFunctions;

/**
 * Call-outs in WebAssembly. What a guest's kernel does all the time (a TLB miss, its refill, the change of context) needs nobody outside
 * the processor's memory, so it is answered there; each function leaves what is rare to the processor's handler of the same name. The
 * other call-outs are passed on: V8 compiles a wrapper for each JavaScript function that a module imports, and so only this one does.
 */
export function instantiateCallouts(
  memory: WasmMemory,
  memoryPages: number,
  ramSizeBytes: number,
  rates: ClockRates,
  handlers: CalloutHandlers & ProcessorHandlers,
): CalloutFunctions {
  const functions = [
    ...tlbFunctions(ramSizeBytes),
    mapData(),
    mapCode(),
    ...accessFunctions(ramSizeBytes),
    ...stateFunctions(),
    ...registerFunctions(rates),
  ];
  const byName = new Map(functions.map((each) => [each.name, each]));
  const bytes = encodeModule({
    functionImports: IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    functions: [...FUNCTION_NAMES.map((name) => byName.get(name)!), ...PASSED_ON.map(passOn)],
  });
  const instance = new wasmHost.Instance(new wasmHost.Module(bytes), { env: { memory, ...handlers } });
  return instance.exports as unknown as CalloutFunctions;
}
