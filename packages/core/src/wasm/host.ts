/**
 * The part of the host's WebAssembly API that the engines use. TypeScript knows it only together with the browser's whole library,
 * which this project does not want in scope.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export interface WasmTable {
  set(index: number, value: unknown): void;
  readonly length: number;
}
export interface WasmModule {
  readonly [brand]: 'module';
}
declare const brand: unique symbol;
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}
export interface WasmHost {
  Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
  Table: new (limits: { element: 'anyfunc'; initial: number }) => WasmTable;
  Module: new (bytes: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: { env: Record<string, unknown> }) => WasmInstance;
}

export const wasmHost: WasmHost = (globalThis as unknown as { WebAssembly: WasmHost }).WebAssembly;
