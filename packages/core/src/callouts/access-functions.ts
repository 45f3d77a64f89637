import { emitDecode, IS_FLOAT } from '../interpreter/decode-table.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { Access, CCR0_FLSTA, Touch } from '../mmu/access.js';
import { PERMISSION, TlbWord2 } from '../mmu/tlb-words.js';
import {
  codeBitmapBase,
  RAM_ADJUST,
  RAM_BASE,
  RAM_OFFSET,
  SOFT_TLB_VALID,
  SoftTlbTable,
  State,
  TlbCell,
} from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { constant, type I32 } from '../semantics/expression.js';
import { ACCESS_SIZES, type AccessSize, LOAD_OP, MIRROR, pageEntry, SIZE_LOG2, STORE_OP } from '../semantics/ram-access.js';
import type { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { Op } from '../wasm/opcodes.js';
import { defineFunction, functionIndex } from './function-table.js';

/**
 * What translated code asks where a table has no entry that serves a load or store: (ea, the address bits that alignment wants 0, pc, the
 * count before the instruction). The entry to use; 0 where there is none: then an interrupt may be pending, or the access is for the
 * interpreter.
 */
export const ENTRY_FUNCTIONS = { load: 'loadEntry', store: 'storeEntry' } as const;

const PID = State.spr + 4 * sprn('PID');
const MMUCR = State.spr + 4 * sprn('MMUCR');
const MMUCR_UNLOCK_EXCEPTIONS = 0x000c0000;
const CCR0 = State.spr + 4 * sprn('CCR0');
const CACHE_LINE_BYTES = 32;
const PAGE_BYTES = 4096;
const ZERO = constant(0);

/** Accesses to memory. Each leaves what it cannot do itself to the processor's call-out: devices, crossings, little-endian pages, faults. */
export function accessFunctions(ramSizeBytes: number): FunctionDefinition[] {
  const codeBitmap = codeBitmapBase(ramSizeBytes);
  return [load(), store(codeBitmap), loadEntry(), storeEntry(codeBitmap), fetch(), touch(), zeroLine()];
}

const isPermitted = (b: StateBuilder, index: I32, access: Access): I32 => {
  const bit = b.select(b.isUser(), constant(PERMISSION.user[access]), constant(PERMISSION.supervisor[access]));
  return b.and(b.word32(b.shl(index, constant(2)), TlbCell.words[2]), bit);
};

const noteReference = (b: StateBuilder, index: I32): void => b.setWord32(b.shl(index, constant(2)), TlbCell.referenced, constant(1));

type DataAccess = typeof Access.read | typeof Access.write;
/** Which of the processor's tables has an access's entries. */
const TABLE = { [Access.read]: State.readTable, [Access.write]: State.writeTable } as const;
const entryOf = (b: StateBuilder, ea: I32, access: DataAccess): I32 => b.let(pageEntry(b, ea, b.state(TABLE[access])));
const anyEntryOf = (b: StateBuilder, ea: I32, isWrite: I32): I32 =>
  pageEntry(b, ea, b.select(isWrite, b.state(State.writeTable), b.state(State.readTable)));

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
      const fetched = b.let(b.executeEntry(pc));
      b.if(b.eq(fetched, ZERO), () => b.return(ZERO));
      const word = b.let(b.instructionWord(pc, fetched));
      if (word.kind !== 'local') throw new Error('a pinned value lies in a local');
      emitDecode(b.emit, word.index);
      const id = b.emit.temporaryLocal('i32');
      b.emit.localSet(id);
      b.if(b.byte(b.parameter(id), IS_FLOAT), () => syndrome.set(b.or(syndrome.value, constant(Esr.FP))));
      b.setPending(Vector.dataTlbError, { esr: syndrome.value, dear: ea });
      b.return(ZERO);
    });
    const mayWrite = isPermitted(b, index, Access.write);
    b.if(b.eq(b.select(isWrite, mayWrite, isPermitted(b, index, Access.read)), ZERO), () => b.return(ZERO));
    noteReference(b, index);
    b.run(functionIndex('enterPage'), b.state(State.readTable), ea, index);
    b.emit.value(anyEntryOf(b, ea, isWrite));
  });
}

/**
 * Looks an instruction's address up in the TLB and enters its page into the tables: (pc). The execute entry, 0 where there is none: then an
 * interrupt may be pending, or the fetch is the processor's to do.
 */
export function mapCode(): FunctionDefinition {
  return defineFunction('mapCode', (b, pc) => {
    const space = b.and(b.shrU(b.msr(), constant(Math.log2(Msr.IS))), constant(1));
    const index = b.result(functionIndex('searchTlb'), pc, space, b.state(PID));
    b.if(b.gtS(ZERO, index), () => {
      b.setPending(Vector.instructionTlbError, { esr: 0, dear: 0 });
      b.return(ZERO);
    });
    const isBigEndian = b.eq(b.and(b.word32(b.shl(index, constant(2)), TlbCell.words[2]), constant(TlbWord2.E)), ZERO);
    b.if(b.eq(b.and(b.ne(isPermitted(b, index, Access.execute), ZERO), isBigEndian), ZERO), () => b.return(ZERO));
    noteReference(b, index);
    b.if(b.eq(b.state(State.dataWatched), ZERO), () =>
      b.run(functionIndex('enterPage'), b.sub(b.state(State.executeTable), constant(SoftTlbTable.execute)), pc, index),
    );
    b.emit.value(b.executeEntry(pc));
  });
}

/** Loads through an entry and returns, where it is valid. */
function loadAndReturn(b: StateBuilder, entry: I32, ea: I32, size: AccessSize): void {
  b.if(b.and(entry, constant(1)), () => {
    b.emit.value(b.add(b.xor(ea, constant(MIRROR[size])), entry));
    b.emit.memory(LOAD_OP[size], SIZE_LOG2[size], RAM_OFFSET);
    b.return();
  });
}

/** An entry that serves a load or store, from the tables or the TLB; pinned. */
function findEntry(b: StateBuilder, ea: I32, access: DataAccess): I32 {
  const entry = b.variable(entryOf(b, ea, access));
  const isWrite = constant(access === Access.write ? 1 : 0);
  b.if(b.eq(entry.value, ZERO), () => entry.set(b.result(functionIndex('mapData'), ea, isWrite)));
  return entry.value;
}

/** Where the bytes of an operand lie that is not aligned, but within a page to which access is plain. */
function ifBytesInPage(
  b: StateBuilder,
  ea: I32,
  sizeBytes: I32,
  access: DataAccess,
  then: (byteAddress: (index: number) => I32) => void,
): void {
  const fits = b.ltU(b.add(b.and(ea, constant(PAGE_BYTES - 1)), sizeBytes), constant(PAGE_BYTES + 1));
  const mayBeUnaligned = b.eq(b.and(b.state(CCR0), constant(CCR0_FLSTA)), ZERO);
  b.if(b.and(fits, mayBeUnaligned), () => {
    const found = findEntry(b, ea, access);
    b.if(b.and(found, constant(SOFT_TLB_VALID)), () =>
      then((index) => b.add(b.xor(b.add(ea, constant(index)), constant(MIRROR[1])), found)),
    );
  });
}

/** The call-out of this name: (ea, size). */
function load(): FunctionDefinition {
  return defineFunction('load', (b, ea, sizeBytes) => {
    b.if(
      b.eq(b.and(ea, b.sub(sizeBytes, constant(1))), ZERO),
      () => {
        const entry = findEntry(b, ea, Access.read);
        for (const size of ACCESS_SIZES) b.if(b.eq(sizeBytes, constant(size)), () => loadAndReturn(b, entry, ea, size));
      },
      () =>
        ifBytesInPage(b, ea, sizeBytes, Access.read, (byteAddress) => {
          const byte = (index: number): I32 => b.byte(byteAddress(index), RAM_OFFSET);
          const half = (index: number): I32 => b.or(b.shl(byte(index), constant(8)), byte(index + 1));
          b.if(b.eq(sizeBytes, constant(2)), () => b.return(half(0)));
          b.return(b.or(b.shl(half(0), constant(16)), half(2)));
        }),
    );
    b.if(b.state(State.pendingVector), () => b.return(ZERO));
    b.run(calloutIndex('load'), ea, sizeBytes);
  });
}

/** Tells the processor where the instruction stands, and answers 0 for what is not aligned. */
function beginEntry(b: StateBuilder, ea: I32, alignment: I32, pc: I32, remaining: I32): void {
  b.setState(State.pc, pc);
  b.setState(State.remaining, remaining);
  b.if(b.and(ea, alignment), () => b.return(ZERO));
}

function loadEntry(): FunctionDefinition {
  return defineFunction(ENTRY_FUNCTIONS.load, (b, ea, alignment, pc, remaining) => {
    beginEntry(b, ea!, alignment!, pc!, remaining!);
    b.emit.value(findEntry(b, ea!, Access.read));
  });
}

/** Does something where an entry is valid and the word at an address holds no translated code; gives where the page lies, less its ea. */
function ifStorable(b: StateBuilder, entry: I32, ea: I32, codeBitmap: number, then: (place: I32) => void): void {
  b.if(entry, () => {
    const place = b.let(b.add(b.and(entry, constant(-RAM_ADJUST)), constant(RAM_ADJUST)));
    const pa = b.let(b.sub(b.add(ea, place), constant(RAM_BASE)));
    const isCode = b.and(b.shrU(b.byte(b.shrU(pa, constant(5)), codeBitmap), b.and(b.shrU(pa, constant(2)), constant(7))), constant(1));
    b.if(b.eq(isCode, ZERO), () => then(place));
  });
}

function storeAndReturn(b: StateBuilder, entry: I32, ea: I32, value: I32, size: AccessSize, codeBitmap: number): void {
  ifStorable(b, entry, ea, codeBitmap, (place) => {
    b.emit.value(b.add(b.xor(ea, constant(MIRROR[size])), place));
    b.emit.value(value);
    b.emit.memory(STORE_OP[size], SIZE_LOG2[size], 0);
    b.return();
  });
}

/** The call-out of this name: (ea, size, value). */
function store(codeBitmap: number): FunctionDefinition {
  return defineFunction('store', (b, ea, sizeBytes, value) => {
    b.if(
      b.eq(b.and(ea, b.sub(sizeBytes, constant(1))), ZERO),
      () => {
        const entry = findEntry(b, ea, Access.write);
        for (const size of ACCESS_SIZES) b.if(b.eq(sizeBytes, constant(size)), () => storeAndReturn(b, entry, ea, value, size, codeBitmap));
      },
      () =>
        ifBytesInPage(b, ea, sizeBytes, Access.write, (byteAddress) => {
          const put = (index: number, shift: number): void => {
            b.emit.value(byteAddress(index));
            b.emit.value(b.shrU(value, constant(shift)));
            b.emit.memory(Op.i32Store8, 0, RAM_OFFSET);
          };
          b.if(b.eq(sizeBytes, constant(2)), () => {
            put(0, 8);
            put(1, 0);
            b.return();
          });
          for (const index of [0, 1, 2, 3]) put(index, 8 * (3 - index));
          b.return();
        }),
    );
    b.if(b.state(State.pendingVector), () => b.return());
    b.run(calloutIndex('store'), ea, sizeBytes, value);
  });
}

/** Words that hold no translated code are stored to at once, also in pages that are watched because others do. */
function storeEntry(codeBitmap: number): FunctionDefinition {
  return defineFunction(ENTRY_FUNCTIONS.store, (b, ea, alignment, pc, remaining) => {
    beginEntry(b, ea!, alignment!, pc!, remaining!);
    const entry = findEntry(b, ea!, Access.write);
    b.if(b.and(entry, constant(SOFT_TLB_VALID)), () => b.return(entry));
    ifStorable(b, entry, ea!, codeBitmap, (place) => b.return(b.add(place, constant(SOFT_TLB_VALID - RAM_ADJUST))));
    b.emit.value(ZERO);
  });
}

/** The call-out of this name. */
function fetch(): FunctionDefinition {
  return defineFunction('fetch', (b, pc) => {
    const entry = b.let(b.result(functionIndex('mapCode'), pc));
    b.if(entry, () => b.return(b.add(b.add(pc, entry), constant(RAM_OFFSET))));
    b.if(b.state(State.pendingVector), () => b.return(ZERO));
    b.run(calloutIndex('fetch'), pc);
  });
}

/** The call-out of this name, where the page can be accessed and nobody may forbid the operation. */
function touch(): FunctionDefinition {
  return defineFunction('touch', (b, ea, access) => {
    const mayBeUnaligned = b.eq(b.and(b.state(CCR0), constant(CCR0_FLSTA)), ZERO);
    b.if(b.and(b.eq(access, constant(Touch.mapped)), mayBeUnaligned), () => b.if(entryOf(b, ea, Access.read), () => b.return()));
    const mayBeForbidden = b.or(b.state(State.dataWatched), b.and(b.state(MMUCR), constant(MMUCR_UNLOCK_EXCEPTIONS)));
    const isPlain = b.and(b.eq(mayBeForbidden, ZERO), b.ltU(access, constant(Touch.execute)));
    b.if(isPlain, () => {
      b.if(anyEntryOf(b, ea, access), () => b.return());
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
      const entry = findEntry(b, ea, Access.write);
      b.if(b.and(entry, constant(SOFT_TLB_VALID)), () => {
        const line = b.let(b.add(b.and(ea, constant(-CACHE_LINE_BYTES)), entry));
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
