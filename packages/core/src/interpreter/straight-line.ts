import { RAM_OFFSET, State } from '../processor/state-layout.js';
import type { Builder } from '../semantics/builder.js';
import { calloutIndex } from '../semantics/callouts.js';
import type { Label } from '../semantics/code-emitter.js';
import { constant, type I32 } from '../semantics/expression.js';
import type { StateBuilder } from '../semantics/state-builder.js';

const PAGE_BYTES = 4096;
/** No instruction's page, and no address of one. */
const NO_PAGE = 1;
const ONE = constant(1);

/**
 * What the interpreter knows of the straight line that it is on: cells of State and not locals, since V8 carries a local that changes
 * anywhere in the loop through the stack, from one place to the next, at every instruction.
 */
const Cell = {
  /** pc and four times what remains of the count, modulo 2**32. It stays the same along the line: the count falls by one where pc rises by four. */
  end: State.straightLine,
  /** Where the line must be looked at again: the end of its page, or of the count. */
  stop: State.straightLine + 4,
  /** The page, and the software TLB entry that reaches it. */
  page: State.straightLine + 8,
  entry: State.straightLine + 12,
  /** Behind the only instruction that is to be executed, where there is but one. */
  last: State.straightLine + 16,
} as const;

/** Begins at State.pc with the count in State.remaining. */
export function beginLine(b: Builder, pc: I32, isDispatched: boolean): void {
  setCount(b, pc);
  b.setState(Cell.stop, pc);
  b.setState(Cell.page, constant(NO_PAGE));
  if (isDispatched) b.setState(Cell.last, b.select(b.state(State.interpretsOne), b.add(pc, constant(4)), constant(NO_PAGE)));
}

/** Instructions that may retire, that at `pc` among them. */
export function countAt(b: Builder, pc: I32): I32 {
  return b.shrS(b.sub(b.state(Cell.end), pc), constant(2));
}

/** Takes the count over from State.remaining. */
export function setCount(b: Builder, pc: I32): void {
  b.setState(Cell.end, b.add(pc, b.shl(b.state(State.remaining), constant(2))));
}

/** The processor may have changed the count, and where `isTranslation`, the translation: the next instruction looks. */
export function lookAgain(b: Builder, nextPc: I32, isTranslation: boolean): void {
  b.setState(Cell.stop, nextPc);
  if (isTranslation) b.setState(Cell.page, constant(NO_PAGE));
}

/** An instruction goes on elsewhere. @param target a pinned value */
export function leaveLine(b: Builder, nextPc: I32, target: I32): void {
  b.setState(Cell.end, b.add(b.state(Cell.end), b.sub(target, nextPc)));
}

/** Behind a jump within the page the line is known; else the fetch looks for it. */
export function beginLineInPage(b: Builder, pc: I32): void {
  const isSamePage = b.eq(b.and(pc, constant(-PAGE_BYTES)), b.state(Cell.page));
  b.setState(Cell.stop, b.select(isSamePage, lineEnd(b, pc), pc));
}

/** Behind a jump the page's entry is looked up where it is another page; goes to `exit` where there is none. Gives the entry, pinned. */
export function beginLineOrLeave(b: StateBuilder, pc: I32, exit: Label): I32 {
  const { emit } = b;
  b.if(b.ne(b.and(pc, constant(-PAGE_BYTES)), b.state(Cell.page)), () => {
    const entry = b.let(b.executeEntry(pc));
    emit.value(b.eq(entry, constant(0)));
    emit.branchIf(exit);
    setPage(b, pc, entry);
  });
  b.setState(Cell.stop, lineEnd(b, pc));
  return b.let(b.state(Cell.entry));
}

function setPage(b: StateBuilder, pc: I32, entry: I32): void {
  b.setState(Cell.entry, entry);
  b.setState(Cell.page, b.and(pc, constant(-PAGE_BYTES)));
}

/** The nearer of the ends of the page and of the count. */
function lineEnd(b: Builder, pc: I32): I32 {
  const [end, pageEnd] = [b.let(b.state(Cell.end)), b.let(b.add(b.state(Cell.page), constant(PAGE_BYTES)))];
  return b.select(b.ltU(b.sub(end, pc), b.sub(pageEnd, pc)), end, pageEnd);
}

/** How the interpreter is called, and what it has for a page that is not in the software TLB. */
export interface FetchOptions {
  readonly isDispatched: boolean;
  /** It fetches from there by a call-out; else it leaves. */
  readonly callsOut: boolean;
}

/** The word at pc; goes to `exit` where the count is used up, behind the only instruction, and for an interrupt. */
export function fetch(b: StateBuilder, pc: I32, { isDispatched, callsOut }: FetchOptions, exit: Label): I32 {
  const { emit } = b;
  const leaveIf = (condition: I32) => {
    emit.value(condition);
    emit.branchIf(exit);
  };
  b.if(b.eq(pc, b.state(Cell.stop)), () => {
    leaveIf(b.gtS(ONE, b.sub(b.state(Cell.end), pc)));
    if (isDispatched) leaveIf(b.eq(pc, b.state(Cell.last)));
    const entry = b.let(b.executeEntry(pc));
    const takeEntry = () => {
      setPage(b, pc, entry);
      b.setState(Cell.stop, lineEnd(b, pc));
      if (isDispatched) b.if(b.ne(b.state(Cell.last), constant(NO_PAGE)), () => b.setState(Cell.stop, b.add(pc, constant(4))));
    };
    if (callsOut) b.if(entry, takeEntry, () => fetchByCallOut(b, pc, leaveIf));
    else {
      leaveIf(b.eq(entry, constant(0)));
      takeEntry();
    }
  });
  return b.instructionWord(pc, b.state(Cell.entry));
}

/** Where there is no entry: a miss, a page that is smaller than the table's or holds no RAM, or an interrupt. */
function fetchByCallOut(b: StateBuilder, pc: I32, leaveIf: (condition: I32) => void): void {
  b.setState(State.pc, pc);
  b.setState(State.remaining, countAt(b, pc));
  const address = b.let(b.result(calloutIndex('fetch'), pc));
  setCount(b, pc);
  leaveIf(b.eq(address, constant(0)));
  b.setState(Cell.entry, b.sub(address, b.add(pc, constant(RAM_OFFSET))));
  lookAgain(b, b.add(pc, constant(4)), true);
}
