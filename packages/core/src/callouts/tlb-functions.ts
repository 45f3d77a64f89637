import { sprn } from '../isa/special-purpose-registers.js';
import { PERMISSION, pageSizeBytes, SIZE_CODES, TLB_ENTRIES, TlbWord0, TlbWord1, TlbWord2, WRITABLE } from '../mmu/tlb-words.js';
import {
  codePagesBase,
  RAM_ADJUST,
  RAM_BASE,
  SOFT_TLB_BASE,
  SOFT_TLB_CONTEXT_BYTES,
  SOFT_TLB_CONTEXTS,
  SOFT_TLB_VALID,
  SOFT_TLB_WATCHED,
  SoftTlbTable,
  State,
  TlbCell,
} from '../processor/state-layout.js';
import { calloutIndex } from '../semantics/callouts.js';
import { constant, type I32 } from '../semantics/expression.js';
import { pageOffset } from '../semantics/ram-access.js';
import type { StateBuilder } from '../semantics/state-builder.js';
import type { FunctionDefinition } from '../wasm/module-encoder.js';
import { Op, VectorOp } from '../wasm/opcodes.js';
import { defineFunction, functionIndex } from './function-table.js';

const MMUCR = State.spr + 4 * sprn('MMUCR');
const MMUCR_STS = 0x00010000;
const MMUCR_STID = 0xff;
const PAGE_BYTES = 4096;
const ZERO = constant(0);
const ONE = constant(1);

/** A field of the entry of an index. */
const field = (b: StateBuilder, index: I32, cell: number): I32 => b.word32(b.shl(index, constant(2)), cell);
const setField = (b: StateBuilder, index: I32, cell: number, value: I32): void => b.setWord32(b.shl(index, constant(2)), cell, value);
const count = (b: StateBuilder, counter: number, by = 1): void => b.setState(counter, b.add(b.state(counter), constant(by)));

/** The TLB and what the software TLB derives from it. */
export function tlbFunctions(ramSizeBytes: number): FunctionDefinition[] {
  return [
    searchTlb(),
    dropPages(),
    dropEntry(),
    enterPage(ramSizeBytes),
    setTlbWord(ramSizeBytes),
    writeTlbWord(),
    writeTlbEntry(),
    tlbRead(),
    tlbWrite(),
    tlbSearch(),
  ];
}

/**
 * The entry that maps an address in an address space for a PID, or -1; where several do, which the manual leaves undefined, the lowest.
 * It is on the way of each miss of a guest, so it compares four entries at once.
 */
function searchTlb(): FunctionDefinition {
  return defineFunction('searchTlb', (b, ea, space, pid) => {
    const { emit } = b;
    const splat = (value: I32): number => {
      const local = emit.permanentLocal('v128');
      emit.value(value);
      emit.vector(VectorOp.i32x4Splat);
      emit.localSet(local);
      return local;
    };
    const load = (offset: number) => {
      emit.constant(0);
      emit.vector(VectorOp.v128Load);
      emit.sink.u32(4);
      emit.sink.u32(offset);
    };
    const differs = (wanted: number, cell: number, mask: number) => {
      emit.localGet(wanted);
      load(cell);
      emit.vector(VectorOp.v128Xor);
      load(mask);
      emit.vector(VectorOp.v128And);
    };
    const [address, key, difference] = [splat(ea), splat(b.or(b.shl(space, constant(8)), pid)), emit.permanentLocal('v128')];
    for (let first = 0; first < TLB_ENTRIES; first += 4) {
      differs(address, TlbCell.matchEa + 4 * first, TlbCell.matchMask + 4 * first);
      differs(key, TlbCell.matchKey + 4 * first, TlbCell.matchKeyMask + 4 * first);
      emit.vector(VectorOp.v128Or);
      emit.localTee(difference);
      emit.vector(VectorOp.i32x4AllTrue);
      emit.op(Op.i32Eqz);
      emit.ifOnStack();
      emit.localGet(difference);
      emit.vector(VectorOp.v128Const);
      emit.op(...new Array<number>(16).fill(0));
      emit.vector(VectorOp.i32x4Eq);
      emit.vector(VectorOp.i32x4Bitmask);
      emit.op(Op.i32Ctz);
      emit.constant(first);
      emit.op(Op.i32Add, Op.return);
      emit.end();
    }
    emit.constant(-1);
  });
}

/** Drops the pages `first` to `last` of the context whose read table is given. */
function dropPages(): FunctionDefinition {
  return defineFunction('dropPages', (b, context, first, last) => {
    const wordAddress = (word: I32) => b.add(context, b.shl(word, constant(2)));
    const forget = (page: I32) => {
      const address = b.let(wordAddress(page));
      for (const table of [SoftTlbTable.read, SoftTlbTable.write, SoftTlbTable.execute]) b.setWord32(address, table, ZERO);
    };
    b.if(b.eq(first, last), () => {
      const address = b.let(wordAddress(b.shrU(first, constant(5))));
      const filled = b.let(b.word32(address, SoftTlbTable.filled));
      const bit = b.let(b.shl(ONE, first));
      b.if(b.and(filled, bit), () => {
        forget(first);
        b.setWord32(address, SoftTlbTable.filled, b.xor(filled, bit));
      });
      b.return();
    });
    const [firstWord, lastWord] = [b.let(b.shrU(first, constant(5))), b.let(b.shrU(last, constant(5)))];
    const word = b.variable(firstWord);
    b.while(
      () => b.eq(b.gtU(word.value, lastWord), ZERO),
      () => {
        // From this word on: which of the 32 words with it have any bits.
        const summaryAddress = b.let(wordAddress(b.shrU(word.value, constant(5))));
        const rest = b.let(b.shrU(b.word32(summaryAddress, SoftTlbTable.filledWords), word.value));
        b.if(
          rest,
          () => {
            word.set(b.add(word.value, b.ctz(rest)));
            b.if(b.gtU(word.value, lastWord), () => b.return());
            const address = b.let(wordAddress(word.value));
            const filled = b.let(b.word32(address, SoftTlbTable.filled));
            const fromFirst = b.select(b.eq(word.value, firstWord), b.shl(constant(-1), first), constant(-1));
            const toLast = b.select(b.eq(word.value, lastWord), b.shrU(constant(-1), b.xor(last, constant(31))), constant(-1));
            const dropped = b.variable(b.and(filled, b.and(fromFirst, toLast)));
            const kept = b.let(b.xor(filled, dropped.value));
            b.setWord32(address, SoftTlbTable.filled, kept);
            b.if(b.eq(kept, ZERO), () => {
              const words = b.word32(summaryAddress, SoftTlbTable.filledWords);
              b.setWord32(summaryAddress, SoftTlbTable.filledWords, b.and(words, b.not(b.shl(ONE, word.value))));
            });
            b.while(
              () => dropped.value,
              () => {
                forget(b.let(b.add(b.shl(word.value, constant(5)), b.ctz(dropped.value))));
                dropped.set(b.and(dropped.value, b.sub(dropped.value, ONE)));
              },
            );
            word.set(b.add(word.value, ONE));
          },
          () => word.set(b.add(b.or(word.value, constant(31)), ONE)),
        );
      },
    );
  });
}

/** Drops what an entry covers, in every context that shows it. */
function dropEntry(): FunctionDefinition {
  return defineFunction('dropEntry', (b, index) => {
    const mask = b.let(field(b, index, TlbCell.matchMask));
    b.if(b.eq(mask, ZERO), () => b.return());
    const ea = b.let(field(b, index, TlbCell.matchEa));
    const [first, last] = [b.let(b.shrU(ea, constant(12))), b.let(b.shrU(b.or(ea, b.not(mask)), constant(12)))];
    const [key, keyMask] = [b.let(field(b, index, TlbCell.matchKey)), b.let(field(b, index, TlbCell.matchKeyMask))];
    for (let context = 0; context < SOFT_TLB_CONTEXTS; context++) {
      const stored = b.let(b.state(State.contextKeys + 4 * context));
      const shows = b.eq(b.and(b.xor(b.sub(stored, ONE), key), keyMask), ZERO);
      b.if(b.and(b.ne(stored, ZERO), shows), () =>
        b.run(functionIndex('dropPages'), constant(SOFT_TLB_BASE + context * SOFT_TLB_CONTEXT_BYTES), first, last),
      );
    }
  });
}

/** Enters the 4 KB page of an address, which an entry maps, into a context, as far as its tables can hold it. */
function enterPage(ramSizeBytes: number): FunctionDefinition {
  return defineFunction('enterPage', (b, context, ea, index) => {
    const mask = b.let(field(b, index, TlbCell.matchMask));
    const [word1, word2] = [b.let(field(b, index, TlbCell.words[1])), b.let(field(b, index, TlbCell.words[2]))];
    const isSmall = b.and(mask, constant(PAGE_BYTES - 1));
    const isElsewhere = b.and(word1, constant(TlbWord1.ERPN));
    b.if(b.or(b.or(isSmall, isElsewhere), b.and(word2, constant(TlbWord2.E))), () => b.return());
    const pageEa = b.let(b.and(ea, constant(-PAGE_BYTES)));
    const pa = b.let(b.or(b.and(word1, mask), b.and(pageEa, b.not(mask))));
    b.if(b.gtU(pa, constant(ramSizeBytes - PAGE_BYTES)), () => b.return());
    b.if(b.state(State.smallPages), () => leaveIfHidden(b, index, pageEa));
    const place = b.let(b.sub(b.add(pa, constant(RAM_BASE - RAM_ADJUST)), pageEa));
    const address = b.let(b.add(context, pageOffset(b, ea)));
    const isUser = b.let(b.isUser());
    const permitted = (access: 0 | 1 | 2) =>
      b.and(word2, b.select(isUser, constant(PERMISSION.user[access]), constant(PERMISSION.supervisor[access])));
    const valid = b.let(b.or(place, constant(SOFT_TLB_VALID)));
    const writable = b.let(
      b.select(b.byte(b.shrU(pa, constant(12)), codePagesBase(ramSizeBytes)), b.or(place, constant(SOFT_TLB_WATCHED)), valid),
    );
    b.setWord32(address, SoftTlbTable.read, b.select(permitted(0), valid, ZERO));
    b.setWord32(address, SoftTlbTable.write, b.select(permitted(1), writable, ZERO));
    b.setWord32(address, SoftTlbTable.execute, b.select(permitted(2), valid, ZERO));
    const page = b.let(b.shrU(ea, constant(12)));
    const wordAddress = b.let(b.add(context, b.shl(b.shrU(page, constant(5)), constant(2))));
    const filled = b.let(b.word32(wordAddress, SoftTlbTable.filled));
    const bit = b.let(b.shl(ONE, page));
    // A page that is there is entered again where the way was long for another cause, such as an unaligned address.
    b.if(b.eq(b.and(filled, bit), ZERO), () => count(b, State.softTlbFills));
    b.setWord32(wordAddress, SoftTlbTable.filled, b.or(filled, bit));
    b.if(b.eq(filled, ZERO), () => {
      const summaryAddress = b.let(b.add(context, b.shl(b.shrU(page, constant(10)), constant(2))));
      const words = b.word32(summaryAddress, SoftTlbTable.filledWords);
      b.setWord32(summaryAddress, SoftTlbTable.filledWords, b.or(words, b.shl(ONE, b.shrU(page, constant(5)))));
    });
  });
}

/**
 * Leaves where an entry of less than 4 KB comes before entry `index` in the search for some address of the page. It may belong to another
 * address space or process: being asked once too often costs only time.
 */
function leaveIfHidden(b: StateBuilder, index: I32, pageEa: I32): void {
  const other = b.variable(ZERO);
  b.while(
    () => b.ltU(other.value, index),
    () => {
      const isSmall = b.ne(b.and(field(b, other.value, TlbCell.matchMask), constant(PAGE_BYTES - 1)), ZERO);
      const isInPage = b.eq(b.and(b.xor(field(b, other.value, TlbCell.matchEa), pageEa), constant(-PAGE_BYTES)), ZERO);
      b.if(b.and(isSmall, isInPage), () => b.return());
      other.set(b.add(other.value, ONE));
    },
  );
}

/** 1 where an entry maps some of RAM as write-through or caching inhibited. */
function mapsUncachedRam(b: StateBuilder, index: I32, ramSizeBytes: number): I32 {
  const isUncached = b.ne(b.and(field(b, index, TlbCell.words[2]), constant(TlbWord2.W | TlbWord2.I)), ZERO);
  const isValid = b.ne(b.and(field(b, index, TlbCell.words[0]), constant(TlbWord0.V)), ZERO);
  const word1 = field(b, index, TlbCell.words[1]);
  const isNear = b.eq(b.and(word1, constant(TlbWord1.ERPN)), ZERO);
  const pa = b.and(b.and(word1, constant(TlbWord1.RPN)), field(b, index, TlbCell.matchMask));
  return b.and(b.and(isUncached, isValid), b.and(isNear, b.ltU(pa, constant(ramSizeBytes))));
}

const isSmallPage = (b: StateBuilder, index: I32): I32 => b.ne(b.and(field(b, index, TlbCell.matchMask), constant(PAGE_BYTES - 1)), ZERO);

/** Sets a word of an entry, with word 0 its TID, and what is derived from them; drops nothing. */
function setTlbWord(ramSizeBytes: number): FunctionDefinition {
  return defineFunction('setTlbWord', (b, index, word, value, tid) => {
    const uncached = (sign: 'add' | 'sub') =>
      b.setState(State.uncachedRam, b[sign](b.state(State.uncachedRam), mapsUncachedRam(b, index, ramSizeBytes)));
    const smallPages = (sign: 'add' | 'sub') => b.setState(State.smallPages, b[sign](b.state(State.smallPages), isSmallPage(b, index)));
    uncached('sub');
    setField(b, index, TlbCell.referenced, ZERO);
    b.if(b.eq(word, ONE), () => setField(b, index, TlbCell.words[1], b.and(value, constant(WRITABLE[1]))));
    b.if(b.eq(word, constant(2)), () => setField(b, index, TlbCell.words[2], b.and(value, constant(WRITABLE[2]))));
    b.if(b.eq(word, ZERO), () => {
      smallPages('sub');
      setField(b, index, TlbCell.words[0], b.and(value, constant(WRITABLE[0])));
      setField(b, index, TlbCell.tid, tid);
      const sizeBytes = b.variable(ZERO);
      const size = b.let(b.and(b.shrU(value, constant(4)), constant(15)));
      for (const code of SIZE_CODES) b.if(b.eq(size, constant(code)), () => sizeBytes.set(constant(pageSizeBytes(code << 4))));
      const mask = b.let(b.select(b.and(value, constant(TlbWord0.V)), b.neg(sizeBytes.value), ZERO));
      setField(b, index, TlbCell.matchMask, mask);
      setField(b, index, TlbCell.matchEa, b.and(value, mask));
      // No key is -1.
      const space = b.and(value, constant(TlbWord0.TS));
      setField(b, index, TlbCell.matchKey, b.select(mask, b.or(space, tid), constant(-1)));
      const keyMask = b.select(tid, constant(TlbWord0.TS | MMUCR_STID), constant(TlbWord0.TS));
      setField(b, index, TlbCell.matchKeyMask, b.select(mask, keyMask, constant(-1)));
      smallPages('add');
    });
    uncached('add');
  });
}

/** A write of one word, as `tlbwe` does it. */
function writeTlbWord(): FunctionDefinition {
  return defineFunction('writeTlbWord', (b, index, word, value, tid) => {
    count(b, State.tlbWrites);
    b.run(functionIndex('dropEntry'), index);
    b.run(functionIndex('setTlbWord'), index, word, value, tid);
    // A new entry can shadow one of a higher index, so what it covers is dropped, too.
    b.if(b.eq(word, ZERO), () => b.run(functionIndex('dropEntry'), index));
  });
}

/** All words at once: (index, word 0, word 1, word 2, TID). */
function writeTlbEntry(): FunctionDefinition {
  return defineFunction('writeTlbEntry', (b, index, word0, word1, word2, tid) => {
    count(b, State.tlbWrites, 3);
    b.run(functionIndex('dropEntry'), index);
    for (const [word, value] of [word0!, word1!, word2!].entries()) b.run(functionIndex('setTlbWord'), index, constant(word), value, tid!);
    b.run(functionIndex('dropEntry'), index);
  });
}

/** The call-out of this name; as in QEMU, WS above 2 is illegal here and in tlbwe, which the manual leaves undefined. */
function tlbRead(): FunctionDefinition {
  return defineFunction('tlbRead', (b, anyIndex, word) => {
    const index = b.let(b.and(anyIndex, constant(TLB_ENTRIES - 1)));
    b.if(b.gtU(word, constant(2)), () => b.return(b.result(calloutIndex('tlbRead'), index, word)));
    b.if(b.eq(word, ZERO), () => {
      const others = b.and(b.state(MMUCR), constant(~MMUCR_STID));
      b.setState(MMUCR, b.or(others, field(b, index, TlbCell.tid)));
    });
    // The words lie 64 cells from each other.
    b.emit.value(b.word32(b.shl(b.add(b.shl(word, constant(6)), index), constant(2)), TlbCell.words[0]));
  });
}

/** The call-out of this name. */
function tlbWrite(): FunctionDefinition {
  return defineFunction('tlbWrite', (b, index, word, value) => {
    b.if(
      b.gtU(word, constant(2)),
      () => b.run(calloutIndex('tlbWrite'), index, word, value),
      () => {
        const tid = b.and(b.state(MMUCR), constant(MMUCR_STID));
        b.run(functionIndex('writeTlbWord'), b.and(index, constant(TLB_ENTRIES - 1)), word, value, tid);
      },
    );
  });
}

/** The call-out of this name: MMUCR says in which address space and for which PID. */
function tlbSearch(): FunctionDefinition {
  return defineFunction('tlbSearch', (b, ea) => {
    const mmucr = b.let(b.state(MMUCR));
    const space = b.ne(b.and(mmucr, constant(MMUCR_STS)), ZERO);
    b.run(functionIndex('searchTlb'), ea, space, b.and(mmucr, constant(MMUCR_STID)));
  });
}
