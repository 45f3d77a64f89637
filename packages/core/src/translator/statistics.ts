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
  /** How often translated code left an instruction to the interpreter, by mnemonic. */
  readonly fallBacks: Readonly<Record<string, number>>;
  readonly generateMs: number;
  readonly compileMs: number;
}
