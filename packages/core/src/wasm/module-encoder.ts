import { Op, ValueType, type ValueTypeName } from './opcodes.js';

const UTF8 = new TextEncoder();

/** A growing byte buffer with the two variable-length integer encodings of the binary format. */
export class ByteSink {
  #bytes: Uint8Array;
  length = 0;

  constructor(initialBytes = 64) {
    this.#bytes = new Uint8Array(initialBytes);
  }

  /** Forgets what has been written. */
  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(this.length + 1);
    this.#bytes[this.length++] = value;
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(this.length + bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Unsigned LEB128 of a number below 2**32. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit number. */
  s32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit integer. */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    // Of a number that fits a word the encoding is the same, and made without big integers.
    if (rest === BigInt.asIntN(32, rest)) {
      this.s32(Number(rest));
      return;
    }
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  text(value: string): void {
    const bytes = UTF8.encode(value);
    this.u32(bytes.length);
    this.append(bytes);
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #grow(atLeast: number): void {
    const next = new Uint8Array(Math.max(atLeast, this.#bytes.length * 2));
    next.set(this.#bytes.subarray(0, this.length));
    this.#bytes = next;
  }
}

export interface FunctionType {
  params: readonly ValueTypeName[];
  results: readonly ValueTypeName[];
}

export interface FunctionImport extends FunctionType {
  name: string;
}

/** A place in a function's code where a branch follows, and whether it is likely taken. */
export interface BranchHint {
  offset: number;
  likely: boolean;
}

/** A function's locals beyond its parameters, and its code without the final `end`. */
export interface FunctionDefinition extends FunctionType {
  name: string;
  locals: readonly ValueTypeName[];
  code: Uint8Array;
  branchHints?: readonly BranchHint[];
}

export interface ModuleDefinition {
  /** Imported from module `env`: the memory first, then these. Function indices start with them. */
  functionImports: readonly FunctionImport[];
  memory: { minimumPages: number; maximumPages: number };
  functions: readonly FunctionDefinition[];
  /** Size of the function table imported as `env.table`; absent where the module needs none. */
  tableSize?: number;
  /** The type of indirect calls, type index 0. */
  indirectCall?: FunctionType;
}

const WASM_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const Section = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
/** The branch hinting proposal's custom section. */
const BRANCH_HINTS = 'metadata.code.branch_hint';

/** Encodes a module whose every defined function is exported under its name. */
export function encodeModule(definition: ModuleDefinition): Uint8Array<ArrayBuffer> {
  const out = new ByteSink();
  for (const byte of WASM_HEADER) out.byte(byte);
  const distinct = new Map<string, { index: number; type: FunctionType }>();
  const typeIndex = ({ params, results }: FunctionType): number => {
    const key = `${params.join()}:${results.join()}`;
    const known = distinct.get(key);
    if (known) return known.index;
    distinct.set(key, { index: distinct.size, type: { params, results } });
    return distinct.size - 1;
  };
  if (definition.indirectCall) typeIndex(definition.indirectCall);
  const importTypes = definition.functionImports.map(typeIndex);
  const definedTypes = definition.functions.map(typeIndex);

  section(out, Section.type, (body) => {
    body.u32(distinct.size);
    for (const { type } of distinct.values()) {
      body.byte(0x60);
      types(body, type.params);
      types(body, type.results);
    }
  });
  section(out, Section.import, (body) => {
    body.u32(definition.functionImports.length + 1 + (definition.tableSize === undefined ? 0 : 1));
    body.text('env');
    body.text('memory');
    body.byte(0x02);
    body.byte(0x01);
    body.u32(definition.memory.minimumPages);
    body.u32(definition.memory.maximumPages);
    if (definition.tableSize !== undefined) {
      body.text('env');
      body.text('table');
      body.byte(0x01);
      body.byte(ValueType.funcref);
      body.byte(0x00);
      body.u32(definition.tableSize);
    }
    definition.functionImports.forEach((each, index) => {
      body.text('env');
      body.text(each.name);
      body.byte(0x00);
      body.u32(importTypes[index]!);
    });
  });
  const firstDefined = definition.functionImports.length;
  section(out, Section.function, (body) => {
    body.u32(definition.functions.length);
    for (const index of definedTypes) body.u32(index);
  });
  section(out, Section.export, (body) => {
    body.u32(definition.functions.length);
    definition.functions.forEach((each, index) => {
      body.text(each.name);
      body.byte(0x00);
      body.u32(firstDefined + index);
    });
  });
  const heads = definition.functions.map((each) => localDeclarations(each.locals));
  if (definition.functions.some((each) => each.branchHints?.length)) {
    section(out, Section.custom, (body) => {
      body.text(BRANCH_HINTS);
      const hinted = definition.functions.map((each, index) => ({ ...each, index })).filter((each) => each.branchHints?.length);
      body.u32(hinted.length);
      for (const { branchHints, index } of hinted) {
        body.u32(firstDefined + index);
        body.u32(branchHints!.length);
        for (const { offset, likely } of branchHints!) {
          body.u32(heads[index]!.length + offset);
          body.byte(1);
          body.byte(likely ? 1 : 0);
        }
      }
    });
  }
  section(out, Section.code, (body) => {
    body.u32(definition.functions.length);
    definition.functions.forEach((each, index) => {
      const head = heads[index]!;
      body.u32(head.length + each.code.length + 1);
      body.append(head);
      body.append(each.code);
      body.byte(Op.end);
    });
  });
  return out.bytes().slice();
}

/** The declaration of a function's locals, runs of one type together. */
function localDeclarations(locals: readonly ValueTypeName[]): Uint8Array {
  const runs: { type: ValueTypeName; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const sink = new ByteSink();
  sink.u32(runs.length);
  for (const { type, count } of runs) {
    sink.u32(count);
    sink.byte(ValueType[type]);
  }
  return sink.bytes();
}

function types(sink: ByteSink, list: readonly ValueTypeName[]): void {
  sink.u32(list.length);
  for (const type of list) sink.byte(ValueType[type]);
}

function section(out: ByteSink, id: number, write: (body: ByteSink) => void): void {
  const body = new ByteSink();
  write(body);
  out.byte(id);
  out.u32(body.length);
  out.append(body.bytes());
}
