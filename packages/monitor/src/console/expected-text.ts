/** How much of the past a match may reach back over, in characters. */
const WINDOW_CHARACTERS = 8192;

/** Looks for an expression in text that comes in pieces; a match may lie across pieces and lines, and in a line not yet ended. */
export class ExpectedText {
  readonly #pattern: RegExp;
  #window = '';

  constructor(pattern: RegExp) {
    // With `g` or `y` an expression remembers where it was, and would miss what a later piece completes.
    this.#pattern = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  }

  /** The matched text, if the text so far holds a match. */
  feed(text: string): string | undefined {
    this.#window += text;
    const match = this.#pattern.exec(this.#window)?.[0];
    if (this.#window.length > WINDOW_CHARACTERS) this.#window = this.#window.slice(startOfLine(this.#window));
    return match;
  }
}

/** Where the window may be cut so that `^` does not begin to match inside a line. */
const startOfLine = (window: string): number => {
  const earliest = window.length - WINDOW_CHARACTERS;
  const newline = window.indexOf('\n', earliest);
  return newline < 0 ? earliest : newline + 1;
};
