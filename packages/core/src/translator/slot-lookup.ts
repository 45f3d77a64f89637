import { SLOT_BASE, SLOT_BYTES, Slot } from '../processor/state-layout.js';
import type { Builder } from '../semantics/builder.js';
import { constant, type I32, wordAt } from '../semantics/expression.js';

/** The host address of the instruction at `pc` whose page has this execute entry, but for a constant: what slots and heat go by. */
export function codePlace(b: Builder, pc: I32, entry: I32): I32 {
  return b.and(b.add(pc, entry), constant(-4));
}

/** Where the slot for code at a place lies, from the first slot. */
export function slotOf(b: Builder, place: I32): I32 {
  return b.and(b.shl(place, constant(2)), constant(SLOT_BYTES - Slot.size));
}

/** Whether a slot holds code for `key`, which is the pc, plus 1 where XER[SO] may be set, in a page with this execute entry. */
export function isSlotFor(b: Builder, slot: I32, key: I32, entry: I32): I32 {
  return b.and(b.eq(slotWord(slot, 'pc'), key), b.eq(slotWord(slot, 'entry'), entry));
}

export function slotWord(slot: I32, name: 'pc' | 'entry' | 'function' | 'place'): I32 {
  return wordAt(slot, SLOT_BASE + Slot[name]);
}
