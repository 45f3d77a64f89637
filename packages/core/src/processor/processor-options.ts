import type { DcrBus, DeviceBus } from '../hardware.js';
import type { TranslationThresholds } from '../translator/translator.js';
import type { ClockRates } from './modelled-clock.js';

export interface Processor440Options extends ClockRates {
  ramSizeBytes: number;
  devices: DeviceBus;
  dcrs: DcrBus;
  /** Processor version register; that of the 440EP revision B by default, as on QEMU's bamboo. */
  pvr?: number;
  /** How instructions are executed; `DEFAULT_ENGINE` where absent. Both behave alike to the last instruction. */
  engine?: EngineName;
  /** Count instructions by mnemonic, see {@link Processor440.instructionMix}; only the interpreter does. */
  countInstructions?: boolean;
  /** When code is translated; the guest does not notice. */
  translationThresholds?: TranslationThresholds;
}

export const ENGINES = ['interpreter', 'wasm'] as const;
export type EngineName = (typeof ENGINES)[number];
export const DEFAULT_ENGINE: EngineName = 'wasm';
