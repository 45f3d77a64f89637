import { setImmediate } from 'node:timers/promises';
import type { ConsoleInput } from '../console/console-input.js';
import type { ConsoleLog } from '../console/console-log.js';
import type { RunEnd } from './run-end.js';
import type { Runnable, RunOutcome } from './runnable.js';

/** Guest instructions between two looks at the console. Fixed, so that a run ends at the same instruction every time. */
const SLICE_INSTRUCTIONS = 1_000_000;
/** Guest instructions a failing kernel still gets, so that the rest of its message reaches the console. */
const LAST_WORDS_INSTRUCTIONS = 20_000_000;
/** Host time between two turns of Node's event loop, which brings signals and input. */
const TURN_MS = 20;

export interface RunRequest {
  readonly guest: Runnable;
  readonly console: ConsoleLog;
  readonly input: ConsoleInput;
  /** Takes input to the guest's UART. */
  readonly deliverInput: (bytes: Uint8Array) => void;
  /** Whether input would raise an interrupt at the core, given what the guest has enabled on the board. */
  readonly inputCanInterrupt: () => boolean;
  readonly limits: RunLimits;
  /** Aborted when the user presses Ctrl-C. */
  readonly interruption: AbortSignal;
  /** The host's clock in milliseconds, for the timeout alone. */
  readonly hostNowMs: () => number;
}

export interface RunLimits {
  /** Guest instructions in all. */
  readonly maxInstructions?: number;
  /** Host time in all, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Runs a guest until a {@link RunEnd}. The console is flushed when it returns. */
export const runToEnd = (request: RunRequest): Promise<RunEnd> => new RunLoop(request).run();

class RunLoop {
  readonly #request: RunRequest;
  readonly #startMs: number;
  readonly #startInstructions: number;
  #lastTurnMs: number;
  #lastWordsEnd: number | undefined;

  constructor(request: RunRequest) {
    this.#request = request;
    this.#startMs = request.hostNowMs();
    this.#lastTurnMs = this.#startMs;
    this.#startInstructions = request.guest.retiredInstructions;
  }

  async run(): Promise<RunEnd> {
    for (;;) {
      const limit = this.#reachedLimit();
      if (limit !== undefined) return limit;
      const input = this.#request.input.take();
      if (input !== undefined) this.#request.deliverInput(input);
      const outcome = this.#request.guest.run(this.#sliceInstructions());
      this.#request.console.flush();
      const end = this.#endOf(outcome);
      if (end !== undefined) return end;
      if (outcome.kind === 'wait') {
        if (!this.#canBeWoken()) return this.#failedKernel() ?? { reason: 'halt-without-wakeup' };
        await this.#waitForInput();
      } else {
        await this.#takeTurn();
      }
    }
  }

  get #retired(): number {
    return this.#request.guest.retiredInstructions - this.#startInstructions;
  }

  #sliceInstructions(): number {
    const left = Math.min(this.#request.limits.maxInstructions ?? Infinity, this.#lastWordsEnd ?? Infinity) - this.#retired;
    return Math.min(SLICE_INSTRUCTIONS, left);
  }

  #reachedLimit(): RunEnd | undefined {
    const { limits, interruption, hostNowMs } = this.#request;
    if (interruption.aborted) return { reason: 'interrupted' };
    if (this.#lastWordsEnd !== undefined && this.#retired >= this.#lastWordsEnd) return this.#failedKernel();
    if (this.#retired >= (limits.maxInstructions ?? Infinity)) return this.#failedKernel() ?? { reason: 'instruction-limit' };
    if (hostNowMs() - this.#startMs >= (limits.timeoutMs ?? Infinity)) return this.#failedKernel() ?? { reason: 'timeout' };
    return undefined;
  }

  /** Text that the user expects comes first: a panic may be just what is expected. A failed kernel is no less failed for resetting. */
  #endOf(outcome: RunOutcome): RunEnd | undefined {
    const { expectedText, panic } = this.#request.console;
    if (expectedText !== undefined) return { reason: 'expected-text', text: expectedText };
    if (panic !== undefined) this.#lastWordsEnd ??= this.#retired + LAST_WORDS_INSTRUCTIONS;
    switch (outcome.kind) {
      case 'reset':
        return this.#failedKernel() ?? { reason: 'reset' };
      case 'endless-fault':
        return this.#failedKernel() ?? { reason: 'endless-fault', fault: outcome.fault };
      case 'failure':
        return { reason: 'hypervisor-failure', failure: outcome.failure };
      case 'limit':
      case 'stopped':
      case 'wait':
        return undefined;
    }
  }

  #failedKernel(): RunEnd | undefined {
    const { panic } = this.#request.console;
    return panic && { reason: 'panic', sign: panic };
  }

  #canBeWoken(): boolean {
    const { guest, input, inputCanInterrupt } = this.#request;
    return this.#failedKernel() === undefined && input.canDeliver && guest.acceptsExternalInterrupts && inputCanInterrupt();
  }

  async #waitForInput(): Promise<void> {
    const { input, interruption, limits, hostNowMs } = this.#request;
    if (limits.timeoutMs === undefined) return input.waitForMore(interruption);
    const timeout = new AbortController();
    const remainingMs = Math.max(0, limits.timeoutMs - (hostNowMs() - this.#startMs));
    const timer = setTimeout(() => timeout.abort(), Math.ceil(remainingMs));
    try {
      await input.waitForMore(AbortSignal.any([interruption, timeout.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  async #takeTurn(): Promise<void> {
    const now = this.#request.hostNowMs();
    if (now - this.#lastTurnMs < TURN_MS) return;
    await setImmediate();
    this.#lastTurnMs = this.#request.hostNowMs();
  }
}
