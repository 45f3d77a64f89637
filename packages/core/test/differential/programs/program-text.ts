import { assemble } from '../../../src/isa/assembler.js';
import { loadConstant } from '../../random-instruction.js';
import { CODE_WORDS } from './layout.js';

/** Instructions that depend on where pieces of the program lie: so many words, made when all places are known. */
export interface Placed {
  readonly words: number;
  /** @param placeOf offset of a piece in the code, in bytes; @param here offset of the first of these words */
  readonly make: (placeOf: (piece: number) => number, here: number) => readonly string[];
}
/** Assembler text, a word, or what depends on places. */
export type Part = string | number | Placed;

/** What branches to a piece, as text up to the target. */
export function branch(text: string, piece: number): Placed {
  return { words: 1, make: (placeOf, here) => [`${text}${placeOf(piece) - here}`] };
}
/** What branches to a piece's address, with the code at `base`. */
export function absoluteBranch(text: string, base: number, piece: number): Placed {
  return { words: 1, make: (placeOf) => [`${text}${base + placeOf(piece)}`] };
}
/** What loads a piece's address, with the code at `base`. */
export function loadAddress(register: number, base: number, piece: number): Placed {
  return { words: 2, make: (placeOf) => loadConstant(register, base + placeOf(piece)) };
}
/** What makes a piece's address in the code as it is mapped under way. LR is put back, as a return must not lead to the middle of this. */
export function relativeAddress(register: number, piece: number, saved: number): Part[] {
  const add: Placed = { words: 1, make: (placeOf, here) => [`addi r${register},r${register},${placeOf(piece) - (here - 8)}`] };
  return [`mflr r${saved}`, 'bcl 20,31,4', `mflr r${register}`, `mtlr r${saved}`, add];
}

/** What the code is filled up with. A round ends with an interrupt at its last word. */
const END_OF_ROUND = 'trap';

export interface FinishedText {
  /** The code and another, which differ in their slots. */
  readonly copies: readonly [number[], number[]];
  /** Where each piece begins, in bytes. */
  readonly offsets: readonly number[];
}

/**
 * A program as it is written: pieces, which are only ever entered at their start, as the parts of one lean on each other. Some are
 * slots, words that programs change and that two copies of one program have differently.
 */
export class ProgramText {
  readonly #pieces: Part[][] = [];
  readonly #slots: number[] = [];

  get length(): number {
    return this.#pieces.length;
  }

  /** Adds a piece and returns its number. */
  push(...parts: readonly Part[]): number {
    this.#pieces.push([...parts]);
    return this.#pieces.length - 1;
  }
  pushSlot(word: number): void {
    this.#slots.push(this.push(word));
  }

  /** The piece of the slot that was written last but so many. */
  recentSlot(before: number): number {
    return this.#slots[Math.max(0, this.#slots.length - 1 - before)]!;
  }

  /** A piece beyond the last is the end. */
  finish(slotWord: () => number): FinishedText {
    const offsets: number[] = [];
    let offset = 0;
    for (const parts of this.#pieces) {
      offsets.push(offset);
      for (const part of parts) offset += 4 * (typeof part === 'object' ? part.words : 1);
    }
    const last = 4 * (CODE_WORDS - 1);
    if (offset > last - 4) throw new Error(`a program of ${offset} bytes is too long`);
    const placeOf = (piece: number): number => offsets[piece] ?? offset;
    const words = this.#pieces.flatMap((parts, piece) => assembleParts(parts, placeOf, offsets[piece]!));
    words.push(assemble(`b ${last - offset}`));
    const end = assemble(END_OF_ROUND);
    while (words.length < CODE_WORDS) words.push(end);
    const copy = [...words];
    for (const piece of this.#slots) copy[placeOf(piece) / 4] = slotWord();
    return { copies: [words, copy], offsets };
  }
}

function assembleParts(parts: readonly Part[], placeOf: (piece: number) => number, start: number): number[] {
  const words: number[] = [];
  for (const part of parts) {
    if (typeof part === 'number') words.push(part);
    else if (typeof part === 'string') words.push(assemble(part));
    else words.push(...part.make(placeOf, start + 4 * words.length).map((line) => assemble(line)));
  }
  return words;
}
