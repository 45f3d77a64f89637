import type { Output } from './command.js';

/** One line on a terminal that is written over; nothing at all elsewhere, so that logs stay clean. */
export interface Progress {
  show(done: number, total: number, text: string): void;
  /** Takes the line away; call it before any other output and at the end. */
  clear(): void;
}

const BAR_CELLS = 24;
const ERASE_LINE = '\r\u001b[K';

export function createProgress(output: Output): Progress {
  let shown = false;
  return {
    show(done, total, text) {
      if (!output.isTerminal) return;
      const full = total === 0 ? BAR_CELLS : Math.floor((done / total) * BAR_CELLS);
      output.write(`${ERASE_LINE}[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}] ${done}/${total} ${text}`);
      shown = true;
    },
    clear() {
      if (shown) output.write(ERASE_LINE);
      shown = false;
    },
  };
}
