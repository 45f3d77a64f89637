/** Instructions that the interpreter has retired, by why it did (see `TranslatorStatistics.interpretedInstructions`). */
export interface InterpretedInstructions {
  readonly cold: number;
  readonly nearEvent: number;
  readonly fallBack: number;
  readonly access: number;
}

/** What has been counted since the processor was made. */
export interface ProgressCounts extends InterpretedInstructions {
  readonly retired: number;
  readonly modules: number;
}

/** Instructions of the windows in which nothing was translated, and those of them that the interpreter retired. */
export interface SettledInstructions extends InterpretedInstructions {
  readonly instructions: number;
}

const WINDOW_INSTRUCTIONS = 1 << 20;
/** When there are more, two make one. */
const MAX_WINDOWS = 2048;
const TENTHS = 10;
const NOTHING: ProgressCounts = { retired: 0, modules: 0, cold: 0, nearEvent: 0, fallBack: 0, access: 0 };

const interpretedIn = ({ cold, nearEvent, fallBack, access }: InterpretedInstructions): number => cold + nearEvent + fallBack + access;

function between(earlier: ProgressCounts, later: ProgressCounts): ProgressCounts {
  return {
    retired: later.retired - earlier.retired,
    modules: later.modules - earlier.modules,
    cold: later.cold - earlier.cold,
    nearEvent: later.nearEvent - earlier.nearEvent,
    fallBack: later.fallBack - earlier.fallBack,
    access: later.access - earlier.access,
  };
}

/**
 * How far translation has come in the course of a run: what has been counted at the borders of windows of a million instructions, or
 * of more when the run is long.
 */
export class TranslationProgress {
  readonly #counts: (retired: number) => ProgressCounts;
  #borders: ProgressCounts[] = [NOTHING];
  #windowInstructions = WINDOW_INSTRUCTIONS;
  #next = WINDOW_INSTRUCTIONS;

  constructor(counts: (retired: number) => ProgressCounts) {
    this.#counts = counts;
  }

  /** Called when the engine has stopped, with the instructions that have retired. */
  observe(retired: number): void {
    if (retired < this.#next) return;
    this.#borders.push(this.#counts(retired));
    if (this.#borders.length > MAX_WINDOWS) {
      this.#borders = this.#borders.filter((_, index) => index % 2 === 0);
      this.#windowInstructions *= 2;
    }
    this.#next = retired + this.#windowInstructions;
  }

  #windows(retired: number): ProgressCounts[] {
    const borders = [...this.#borders, this.#counts(retired)];
    return borders.slice(1).map((border, index) => between(borders[index]!, border));
  }

  /** The windows in which nothing was translated. */
  settled(retired: number): SettledInstructions {
    const settled = this.#windows(retired).filter(({ modules }) => modules === 0);
    const sum = (of: (window: ProgressCounts) => number) => settled.reduce((total, window) => total + of(window), 0);
    return {
      instructions: sum((window) => window.retired),
      cold: sum((window) => window.cold),
      nearEvent: sum((window) => window.nearEvent),
      fallBack: sum((window) => window.fallBack),
      access: sum((window) => window.access),
    };
  }

  /** Instructions that the interpreter has retired in each tenth of the run; within a window they count as spread evenly. */
  interpretedByTenth(retired: number): number[] {
    const tenths = new Array<number>(TENTHS).fill(0);
    let from = 0;
    for (const window of this.#windows(retired)) {
      const to = from + window.retired;
      for (let tenth = 0; tenth < TENTHS; tenth++) {
        const overlap = Math.min(to, ((tenth + 1) * retired) / TENTHS) - Math.max(from, (tenth * retired) / TENTHS);
        if (overlap > 0) tenths[tenth]! += (interpretedIn(window) * overlap) / window.retired;
      }
      from = to;
    }
    return tenths.map(Math.round);
  }
}
