import type { CodeSymbol } from './code-image.js';

/** Answers which function an address belongs to, and whether data lies there. */
export class SymbolIndex {
  readonly #labels: readonly CodeSymbol[];
  readonly #objects: readonly CodeSymbol[];

  constructor(symbols: readonly CodeSymbol[]) {
    const inOrder = [...symbols].sort((a, b) => a.ea - b.ea);
    // Labels of assembly code have no type; they name their function as well as any.
    this.#labels = inOrder.filter(({ kind }) => kind === 'function' || kind === 'other');
    this.#objects = inOrder.filter(({ kind, sizeBytes }) => kind === 'object' && sizeBytes > 0);
  }

  /** The function, or the assembly label, at or before `ea`; undefined where there is none. */
  functionAt(ea: number): string | undefined {
    return lastAtOrBefore(this.#labels, ea)?.name;
  }

  /** Whether `ea` lies in a data object: words there are not instructions, whatever they look like. */
  isData(ea: number): boolean {
    const object = lastAtOrBefore(this.#objects, ea);
    return object !== undefined && ea < object.ea + object.sizeBytes;
  }
}

function lastAtOrBefore(inOrder: readonly CodeSymbol[], ea: number): CodeSymbol | undefined {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (inOrder[middle]!.ea <= ea) low = middle + 1;
    else high = middle;
  }
  return inOrder[low - 1];
}
