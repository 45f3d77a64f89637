import { emitDecode, IS_FLOAT } from '../interpreter/decode-table.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { Access, Touch } from '../mmu/access.js';
import { PERMISSION, TlbWord2 } from '../mmu/tlb-words.js';
import { codeBitmapBase, RAM_ADJUST, RAM_BASE, RAM_OFFSET, SoftTlbTable, State, TlbCell } from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { constant, type I32 } from '../semantics/expression.js';
import type { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { defineFunction, functionIndex } from './function-table.js';

/** Sizes of the accesses that generated code makes, in bytes. */
export const ACCESS_SIZES = [1, 2, 4] as const;
export type AccessSize = (typeof ACCESS_SIZES)[number];

/** Whole accesses with the processor told where it stands. Operands: ea, (the value,) pc, and the count before the instruction. */
export const loadName = (size: AccessSize) => `load${size}` as const;
export const storeName = (size: AccessSize) => `store${size}` as const;

const LOAD_OP = { 1: Op.i32Load8U, 2: Op.i32Load16U, 4: Op.i32Load } as const;
const STORE_OP = { 1: Op.i32Store8, 2: Op.i32Store16, 4: Op.i32Store } as const;
const SIZE_LOG2 = { 1: 0, 2: 1, 4: 2 } as const;
const MIRROR = { 1: 3, 2: 2, 4: 0 } as const;
const PID = State.spr + 4 * sprn('PID');
const MMUCR = State.spr + 4 * sprn('MMUCR');
const MMUCR_UNLOCK_EXCEPTIONS = 0x000c0000;
const CACHE_LINE_BYTES = 32;
const ZERO = constant(0);

/** Accesses to memory. Each leaves what it cannot do itself to the processor's call-out: devices, crossings, little-endian pages, faults. */
export function accessFunctions(ramSizeBytes: number): FunctionDefinition[] {
  const codeBitmap = codeBitmapBase(ramSizeBytes);
  return [
    load(),
    store(codeBitmap),
    ...ACCESS_SIZES.map(loadOfSize),
    ...ACCESS_SIZES.map((size) => storeOfSize(size, codeBitmap)),
    fetch(),
    touch(),
    zeroLine(),
  ];
}

const isPermitted = (b: StateBuilder, index: I32, access: Access): I32 => {
  const bit = b.select(b.isUser(), constant(PERMISSION.user[access]), constant(PERMISSION.supervisor[access]));
  return b.and(b.word32(b.shl(index, constant(2)), TlbCell.words[2]), bit);
};

const noteReference = (b: StateBuilder, index: I32): void => b.setWord32(b.shl(index, constant(2)), TlbCell.referenced, constant(1));

/** Which of the processor's tables has an access's entries. */
const TABLE = { [Access.read]: State.readTable, [Access.write]: State.writeTable, [Access.execute]: State.executeTable } as const;
const entryOf = (b: StateBuilder, ea: I32, access: Access): I32 => b.let(b.word32(b.add(b.pageOffset(ea), b.state(TABLE[access])), 0));

/**
 * Looks a data access up in the TLB and enters its page into the tables: (ea, whether it writes). The entry, 0 where there is none: then
 * an interrupt may be pending, or the access is the processor's to do.
 */
export function mapData(): FunctionDefinition {
  return defineFunction('mapData', (b, ea, isWrite) => {
    b.if(b.state(State.dataWatched), () => b.return(ZERO));
    const space = b.and(b.shrU(b.msr(), constant(Math.log2(Msr.DS))), constant(1));
    const index = b.result(functionIndex('searchTlb'), ea, space, b.state(PID));
    b.if(b.gtS(ZERO, index), () => {
      const syndrome = b.variable(b.select(isWrite, constant(Esr.ST), ZERO));
      const pc = b.let(b.state(State.pc));
      const fetched = entryOf(b, pc, Access.execute);
      b.if(b.eq(fetched, ZERO), () => b.return(ZERO));
      const word = b.let(b.word32(b.add(pc, fetched), RAM_OFFSET));
      if (word.kind !== 'local') throw new Error('a pinned value lies in a local');
      emitDecode(b.emit, word.index);
      const id = b.emit.temporaryLocal('i32');
      b.emit.localSet(id);
      b.if(b.byte(b.parameter(id), IS_FLOAT), () => syndrome.set(b.or(syndrome.value, constant(Esr.FP))));
      b.setState(State.pendingVector, constant(Vector.dataTlbError + 1));
      b.setState(State.pendingEsr, syndrome.value);
      b.setState(State.pendingDear, ea);
      b.return(ZERO);
    });
    const mayWrite = isPermitted(b, index, Access.write);
    b.if(b.eq(b.select(isWrite, mayWrite, isPermitted(b, index, Access.read)), ZERO), () => b.return(ZERO));
    noteReference(b, index);
    b.run(functionIndex('enterPage'), b.state(State.readTable), ea, index);
    const table = b.select(isWrite, b.state(State.writeTable), b.state(State.readTable));
    b.emit.value(b.word32(b.add(b.pageOffset(ea), table), 0));
  });
}

const isAligned = (b: StateBuilder, ea: I32, size: AccessSize): I32 =>
  size === 1 ? constant(1) : b.eq(b.and(ea, constant(size - 1)), ZERO);

/** Loads through an entry and returns, where it is valid. */
function loadAndReturn(b: StateBuilder, entry: I32, ea: I32, size: AccessSize): void {
  b.if(b.and(entry, constant(1)), () => {
    b.emit.value(b.add(b.xor(ea, constant(MIRROR[size])), entry));
    b.emit.memory(LOAD_OP[size], SIZE_LOG2[size], RAM_OFFSET);
    b.return();
  });
}

/** The call-out of this name: (ea, size). */
function load(): FunctionDefinition {
  return defineFunction('load', (b, ea, sizeBytes) => {
    b.if(b.eq(b.and(ea, b.sub(sizeBytes, constant(1))), ZERO), () => {
      const entry = b.result(functionIndex('mapData'), ea, ZERO);
      for (const size of ACCESS_SIZES) b.if(b.eq(sizeBytes, constant(size)), () => loadAndReturn(b, entry, ea, size));
      b.if(b.state(State.pendingVector), () => b.return(ZERO));
    });
    b.run(calloutIndex('load'), ea, sizeBytes);
  });
}

function loadOfSize(size: AccessSize): FunctionDefinition {
  return defineFunction(loadName(size), (b, ea, pc, remaining) => {
    b.setState(State.pc, pc);
    b.setState(State.remaining, remaining);
    b.if(isAligned(b, ea, size), () => loadAndReturn(b, entryOf(b, ea, Access.read), ea, size));
    b.run(functionIndex('load'), ea, constant(size));
  });
}

/** Stores through an entry and returns, where it is valid and the word holds no translated code. */
function storeAndReturn(b: StateBuilder, entry: I32, ea: I32, value: I32, size: AccessSize, codeBitmap: number): void {
  b.if(entry, () => {
    const place = b.let(b.add(b.and(entry, constant(-RAM_ADJUST)), constant(RAM_ADJUST)));
    const pa = b.let(b.sub(b.add(ea, place), constant(RAM_BASE)));
    const isCode = b.and(b.shrU(b.byte(b.shrU(pa, constant(5)), codeBitmap), b.and(b.shrU(pa, constant(2)), constant(7))), constant(1));
    b.if(b.eq(isCode, ZERO), () => {
      b.emit.value(b.add(b.xor(ea, constant(MIRROR[size])), place));
      b.emit.value(value);
      b.emit.memory(STORE_OP[size], SIZE_LOG2[size], 0);
      b.return();
    });
  });
}

/** The call-out of this name: (ea, size, value). */
function store(codeBitmap: number): FunctionDefinition {
  return defineFunction('store', (b, ea, sizeBytes, value) => {
    b.if(b.eq(b.and(ea, b.sub(sizeBytes, constant(1))), ZERO), () => {
      const entry = b.result(functionIndex('mapData'), ea, constant(1));
      for (const size of ACCESS_SIZES) b.if(b.eq(sizeBytes, constant(size)), () => storeAndReturn(b, entry, ea, value, size, codeBitmap));
      b.if(b.state(State.pendingVector), () => b.return());
    });
    b.run(calloutIndex('store'), ea, sizeBytes, value);
  });
}

/** Words that hold no translated code are stored to at once, also in pages that are watched because others do. */
function storeOfSize(size: AccessSize, codeBitmap: number): FunctionDefinition {
  return defineFunction(storeName(size), (b, ea, value, pc, remaining) => {
    b.setState(State.pc, pc!);
    b.setState(State.remaining, remaining!);
    b.if(isAligned(b, ea!, size), () => storeAndReturn(b, entryOf(b, ea!, Access.write), ea!, value!, size, codeBitmap));
    b.run(functionIndex('store'), ea!, constant(size), value!);
  });
}

/** The call-out of this name. */
function fetch(): FunctionDefinition {
  return defineFunction('fetch', (b, pc) => {
    const space = b.and(b.shrU(b.msr(), constant(Math.log2(Msr.IS))), constant(1));
    const index = b.result(functionIndex('searchTlb'), pc, space, b.state(PID));
    b.if(
      b.gtS(ZERO, index),
      () => {
        b.setState(State.pendingVector, constant(Vector.instructionTlbError + 1));
        b.setState(State.pendingEsr, ZERO);
        b.setState(State.pendingDear, ZERO);
        b.return(ZERO);
      },
      () => {
        const isBigEndian = b.eq(b.and(b.word32(b.shl(index, constant(2)), TlbCell.words[2]), constant(TlbWord2.E)), ZERO);
        b.if(b.and(b.ne(isPermitted(b, index, Access.execute), ZERO), isBigEndian), () => {
          noteReference(b, index);
          b.if(b.eq(b.state(State.dataWatched), ZERO), () =>
            b.run(functionIndex('enterPage'), b.sub(b.state(State.executeTable), constant(SoftTlbTable.execute)), pc, index),
          );
          const entry = entryOf(b, pc, Access.execute);
          b.if(entry, () => b.return(b.add(b.add(pc, entry), constant(RAM_OFFSET))));
        });
      },
    );
    b.run(calloutIndex('fetch'), pc);
  });
}

/** The call-out of this name, where the page can be accessed and nobody may forbid the operation. */
function touch(): FunctionDefinition {
  return defineFunction('touch', (b, ea, access) => {
    const mayBeForbidden = b.or(b.state(State.dataWatched), b.and(b.state(MMUCR), constant(MMUCR_UNLOCK_EXCEPTIONS)));
    const isPlain = b.and(b.eq(mayBeForbidden, ZERO), b.ltU(access, constant(Touch.execute)));
    b.if(isPlain, () => {
      const table = b.select(access, b.state(State.writeTable), b.state(State.readTable));
      b.if(b.word32(b.add(b.pageOffset(ea), table), 0), () => b.return());
      b.if(b.result(functionIndex('mapData'), ea, access), () => b.return());
      b.if(b.state(State.pendingVector), () => b.return());
    });
    b.run(calloutIndex('touch'), ea, access);
  });
}

/** The call-out of this name, where the line lies in cached RAM without translated code. */
function zeroLine(): FunctionDefinition {
  return defineFunction('zeroLine', (b, ea) => {
    b.if(b.eq(b.state(State.uncachedRam), ZERO), () => {
      const entry = b.variable(entryOf(b, ea, Access.write));
      b.if(b.eq(entry.value, ZERO), () => entry.set(b.result(functionIndex('mapData'), ea, constant(1))));
      b.if(b.and(entry.value, constant(1)), () => {
        const line = b.let(b.add(b.and(ea, constant(-CACHE_LINE_BYTES)), entry.value));
        for (let offset = 0; offset < CACHE_LINE_BYTES; offset += 8) {
          b.emit.value(line);
          b.emit.value(b.const64(0n));
          b.emit.memory(Op.i64Store, 3, RAM_OFFSET + offset);
        }
        b.return();
      });
      b.if(b.state(State.pendingVector), () => b.return());
    });
    b.run(calloutIndex('zeroLine'), ea);
  });
}
