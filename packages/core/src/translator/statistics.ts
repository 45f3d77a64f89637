import type { SettledInstructions } from './translation-progress.js';

/** What a translator has done since its processor was made. Times are host time in milliseconds. */
export interface TranslatorStatistics {
  readonly regions: number;
  readonly modules: number;
  /** Guest instructions in all regions, clones and translations anew included. */
  readonly translatedInstructions: number;
  readonly wasmBytes: number;
  /** Regions translated anew, larger, because they were entered often. */
  readonly promotions: number;
  readonly regionsDropped: number;
  /** How often the cache was full and everything was dropped. */
  readonly flushes: number;
  /** Instructions retired in all, by translated code and by the interpreter. */
  readonly retiredInstructions: number;
  /** Those of them that the interpreter retired, by why it did. */
  readonly interpretedInstructions: {
    /** The code has not been translated, mostly because it has not run often enough. */
    readonly cold: number;
    /** A timer interrupt or the end of a slice was so near that translated code might have run past it. */
    readonly nearEvent: number;
    /** Translated code left one of the instructions below, and what follows it to the next jump, to the interpreter. */
    readonly fallBack: number;
    /** Translated code left a single access: to a device, across words, to code. */
    readonly access: number;
  };
  /** All of these that fall into windows of a million instructions, or more in a long run, in which nothing was translated: once warm. */
  readonly settledInstructions: SettledInstructions;
  /** What the interpreter retired in each tenth of all instructions so far. */
  readonly interpretedByTenth: readonly number[];
  /** How often translated code left an instruction to the interpreter, by mnemonic. */
  readonly fallBacks: Readonly<Record<string, number>>;
  readonly generateMs: number;
  readonly compileMs: number;
}
