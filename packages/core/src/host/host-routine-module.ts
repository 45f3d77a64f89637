import { CodeEmitter } from '../semantics/code-emitter.js';
import { encodeModule, type FunctionImport } from '../wasm/module-encoder.js';
import { HostRoutineBuilder } from './host-routine-builder.js';

/** The runtime's function that points the tables at the present MSR and PID. */
const FIND_CONTEXTS: FunctionImport = { name: 'findContexts', params: [], results: [] };
export const HOST_ROUTINE = 'hostRoutine';

/** Writes a host's answer to interrupts of one kind; see {@link HostRoutineBuilder}. */
export type HostRoutineWriter = (code: HostRoutineBuilder) => void;

/** The module of one routine. It answers 1 where the interrupt is handled, 0 where it is the host's. */
export function buildHostRoutineModule(vector: number, write: HostRoutineWriter, memoryPages: number): Uint8Array<ArrayBuffer> {
  const emit = new CodeEmitter(1);
  const decline = emit.block();
  write(new HostRoutineBuilder(emit, vector, decline, () => emit.call(0)));
  emit.end();
  emit.constant(0);
  return encodeModule({
    functionImports: [FIND_CONTEXTS],
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    functions: [{ name: HOST_ROUTINE, params: ['i32'], results: ['i32'], locals: emit.localTypes, code: emit.sink.bytes() }],
  });
}
