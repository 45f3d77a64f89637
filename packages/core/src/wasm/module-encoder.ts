import { Op, ValueType, type ValueTypeName } from './opcodes.js';

/** A growing byte buffer with the two variable-length integer encodings of the binary format. */
export class ByteSink {
  #bytes = new Uint8Array(4096);
  length = 0;

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
    const bytes = new TextEncoder().encode(value);
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

/** A function's locals beyond its parameters, and its code without the final `end`. */
export interface FunctionDefinition extends FunctionType {
  name: string;
  locals: readonly ValueTypeName[];
  code: Uint8Array;
}

export interface ModuleDefinition {
  /** Imported from module `env`: the memory first, then these. Function indices start with them. */
  functionImports: readonly FunctionImport[];
  memory: { minimumPages: number; maximumPages: number };
  functions: readonly FunctionDefinition[];
  /** Size of the function table imported as `env.table`; absent where the module needs none. */
  tableSize?: number;
}

const WASM_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const Section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

/** Encodes a module whose every defined function is exported under its name. */
export function encodeModule(definition: ModuleDefinition): Uint8Array<ArrayBuffer> {
  const out = new ByteSink();
  for (const byte of WASM_HEADER) out.byte(byte);
  const signatures = [...definition.functionImports, ...definition.functions];

  section(out, Section.type, (body) => {
    body.u32(signatures.length);
    for (const { params, results } of signatures) {
      body.byte(0x60);
      types(body, params);
      types(body, results);
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
      body.u32(index);
    });
  });
  const firstDefined = definition.functionImports.length;
  section(out, Section.function, (body) => {
    body.u32(definition.functions.length);
    definition.functions.forEach((_, index) => {
      body.u32(firstDefined + index);
    });
  });
  section(out, Section.export, (body) => {
    body.u32(definition.functions.length);
    definition.functions.forEach((each, index) => {
      body.text(each.name);
      body.byte(0x00);
      body.u32(firstDefined + index);
    });
  });
  section(out, Section.code, (body) => {
    body.u32(definition.functions.length);
    for (const each of definition.functions) {
      const code = new ByteSink();
      code.u32(each.locals.length);
      for (const type of each.locals) {
        code.u32(1);
        code.byte(ValueType[type]);
      }
      code.append(each.code);
      code.byte(Op.end);
      body.u32(code.length);
      body.append(code.bytes());
    }
  });
  return out.bytes().slice();
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
