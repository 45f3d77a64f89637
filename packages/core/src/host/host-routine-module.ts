import { CodeEmitter } from '../semantics/code-emitter.js';
import { encodeModule, type FunctionImport } from '../wasm/module-encoder.js';
import { HostRoutineBuilder, type HostRoutineImport } from './host-routine-builder.js';

/** The functions that a routine calls: one points the tables at the present MSR and PID, the others write the TLB. */
const IMPORTS: readonly (FunctionImport & { name: HostRoutineImport })[] = [
  { name: 'findContexts', params: [], results: [] },
  { name: 'writeTlbWord', params: ['i32', 'i32', 'i32', 'i32'], results: [] },
  { name: 'writeTlbEntry', params: ['i32', 'i32', 'i32', 'i32', 'i32'], results: [] },
];
export const HOST_ROUTINE = 'hostRoutine';

/** Writes a host's answer to interrupts of one kind; see {@link HostRoutineBuilder}. */
export type HostRoutineWriter = (code: HostRoutineBuilder) => void;

/** The module of one routine. It answers 1 where the interrupt is handled, 0 where it is the host's. */
export function buildHostRoutineModule(vector: number, write: HostRoutineWriter, memoryPages: number): Uint8Array<ArrayBuffer> {
  const emit = new CodeEmitter(1);
  const decline = emit.block();
  const call = (name: HostRoutineImport) => emit.call(IMPORTS.findIndex((each) => each.name === name));
  write(new HostRoutineBuilder(emit, vector, decline, call));
  emit.end();
  emit.constant(0);
  return encodeModule({
    functionImports: IMPORTS,
    memory: { minimumPages: memoryPages, maximumPages: memoryPages },
    functions: [{ name: HOST_ROUTINE, params: ['i32'], results: ['i32'], locals: emit.localTypes, code: emit.sink.bytes() }],
  });
}
