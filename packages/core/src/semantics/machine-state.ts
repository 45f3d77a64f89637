import { Fpscr } from '../fpu/fpscr.js';
import { sprn } from '../isa/special-purpose-registers.js';
import { MSR_IMPLEMENTED, Msr } from '../isa/vectors.js';
import { ContextByKey, contextKey, SoftTlbTable, State } from '../processor/state-layout.js';
import type { Builder } from './builder.js';
import { constant, type I32, wordAt } from './expression.js';

/** MSR bits that select a context of the software TLB, together with PID. */
export const TRANSLATION_BITS = Msr.PR | Msr.IS | Msr.DS;

const PID = State.spr + 4 * sprn('PID');
const SRR0 = State.spr + 4 * sprn('SRR0');
const SRR1 = State.spr + 4 * sprn('SRR1');

/** The contexts of the software TLB for an MSR and PID, by the addresses of their read tables; 0 where there is none yet. */
export interface Contexts {
  readonly data: I32;
  readonly fetch: I32;
}

/** A bit of MSR that selects, moved to where the keys of contexts have `keyBit`, in the offset of a row of State's table. */
function keyOffset(b: Builder, msr: I32, bit: number, keyBit: number): I32 {
  const target = keyBit * ContextByKey.size;
  const distance = Math.log2(target / bit);
  const moved = distance < 0 ? b.shrU(msr, constant(-distance)) : b.shl(msr, constant(distance));
  return b.and(moved, constant(target));
}

/** The row of a supervisor's context of the present PID in address space 0, where interrupt handlers begin. */
const handlerRow = (b: Builder): I32 => b.shl(b.state(PID), constant(Math.log2(ContextByKey.size)));

const tablesOf = (b: Builder, row: I32): I32 => b.let(wordAt(row, State.contextByKey + ContextByKey.tables));

/** @param msr a pinned value */
export function findContexts(b: Builder, msr: I32): Contexts {
  const base = b.let(b.or(keyOffset(b, msr, Msr.PR, contextKey(true, 0, 0)), handlerRow(b)));
  const tables = (bit: number): I32 => tablesOf(b, b.or(base, keyOffset(b, msr, bit, contextKey(false, 1, 0))));
  return { data: tables(Msr.DS), fetch: tables(Msr.IS) };
}

/** The contexts in which interrupt handlers begin. */
export function findHandlerContexts(b: Builder): Contexts {
  const tables = tablesOf(b, handlerRow(b));
  return { data: tables, fetch: tables };
}

export function areMissing(b: Builder, { data, fetch }: Contexts): I32 {
  if (data === fetch) return b.eq(data, constant(0));
  return b.or(b.eq(data, constant(0)), b.eq(fetch, constant(0)));
}

/** Points generated code at the tables of contexts. */
export function useContexts(b: Builder, { data, fetch }: Contexts): void {
  b.setState(State.readTable, data);
  b.setState(State.writeTable, b.add(data, constant(SoftTlbTable.write)));
  b.setState(State.executeTable, b.add(fetch, constant(SoftTlbTable.execute)));
}

/** MSR bits that the processor must look at when they become 1, whatever else is the case. */
export const ATTENTION_BITS = Msr.WE | Msr.DE;

/** Whether the processor must look at MSR bits that have become 1: an interrupt may be possible now, or the processor waits. */
export function needAttention(b: Builder, raised: I32): I32 {
  const unmasksFloat = b.and(
    b.ne(b.and(raised, constant(Msr.FE0 | Msr.FE1)), constant(0)),
    b.ne(b.and(b.state(State.fpscr), constant(Fpscr.FEX)), constant(0)),
  );
  return b.or(b.and(raised, b.state(State.attentionBits)), unmasksFloat);
}

/** `rfi` where nobody need look at it: MSR and the tables as SRR1 says, then `goOn` at SRR0; else does `otherwise`, having changed nothing. */
export function returnFromBaseInterrupt(b: Builder, goOn: (pc: I32) => void, otherwise: () => void): void {
  const msr = b.let(b.and(b.state(SRR1), constant(MSR_IMPLEMENTED)));
  const contexts = findContexts(b, msr);
  const raised = b.and(b.xor(b.msr(), msr), msr);
  // Where FE0 or FE1 are raised, whether that means anything is left to who does the rest.
  const maybeAttention = b.and(raised, b.or(b.state(State.attentionBits), constant(Msr.FE0 | Msr.FE1)));
  b.if(b.or(areMissing(b, contexts), maybeAttention), otherwise, () => {
    b.setState(State.msr, msr);
    useContexts(b, contexts);
    goOn(b.and(b.state(SRR0), constant(-4)));
  });
}
