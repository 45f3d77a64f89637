import test from 'ava';
import { type ConsoleInput, noInput } from '../../src/console/console-input.js';
import { ConsoleLog } from '../../src/console/console-log.js';
import { type RunRequest, runToEnd } from '../../src/run-control/run-loop.js';
import type { Runnable, RunOutcome } from '../../src/run-control/runnable.js';

/** What a scripted guest does in one slice; without `outcome` it runs to the slice's end, for ever if it is the last step. */
interface Step {
  readonly prints?: string;
  readonly outcome?: RunOutcome;
  readonly retires?: number;
}

class ScriptedGuest implements Runnable {
  readonly #steps: Step[];
  readonly #console: ConsoleLog;
  readonly slices: number[] = [];
  retiredInstructions = 1000;
  acceptsExternalInterrupts = true;

  constructor(console: ConsoleLog, steps: readonly Step[]) {
    this.#console = console;
    this.#steps = [...steps];
  }

  run(maxInstructions: number): RunOutcome {
    this.slices.push(maxInstructions);
    const step = this.#steps.length > 1 ? this.#steps.shift()! : (this.#steps[0] ?? {});
    for (const byte of Buffer.from(step.prints ?? '')) this.#console.push(byte);
    const outcome = step.outcome ?? { kind: 'limit' };
    this.retiredInstructions += step.retires ?? (outcome.kind === 'limit' ? maxInstructions : 0);
    return outcome;
  }
}

const run = async (steps: readonly Step[], changes: Partial<RunRequest> & { expectation?: RegExp } = {}) => {
  const log = new ConsoleLog(changes.expectation === undefined ? {} : { expectation: changes.expectation });
  const guest = new ScriptedGuest(log, steps);
  let nowMs = 0;
  const end = await runToEnd({
    guest,
    console: log,
    input: noInput,
    deliverInput: () => {},
    inputCanInterrupt: () => true,
    limits: {},
    interruption: new AbortController().signal,
    hostNowMs: () => nowMs++,
    ...changes,
  });
  return { end, guest, log, retired: guest.retiredInstructions - 1000 };
};

const wait = { outcome: { kind: 'wait' } } as const;
const reset = { outcome: { kind: 'reset' } } as const;
const FAULT = { vector: 13, pc: 0xc000_0000, ea: 0x1234, count: 1000 };

const MCSR = { cause: 'unsupported', sentence: 'KVM does not know mtspr MCSR.' } as const;

test('a guest that resets the machine ends the run', async (t) => {
  const { end } = await run([{}, reset]);
  t.deepEqual(end, { reason: 'reset' });
});

test('the instruction limit is kept to the instruction, and counts from where the run began', async (t) => {
  const { end, guest, retired } = await run([{}], { limits: { maxInstructions: 2_500_000 } });
  t.deepEqual(end, { reason: 'instruction-limit' });
  t.is(retired, 2_500_000);
  t.deepEqual(guest.slices, [1_000_000, 1_000_000, 500_000]);
});

test('host time ends a guest that runs away', async (t) => {
  const { end } = await run([{}], { limits: { timeoutMs: 50 } });
  t.deepEqual(end, { reason: 'timeout' });
});

test('an interruption from outside ends the run before the next slice', async (t) => {
  const abort = new AbortController();
  abort.abort();
  const { end, guest } = await run([{}], { interruption: abort.signal });
  t.deepEqual(end, { reason: 'interrupted' });
  t.deepEqual(guest.slices, []);
});

test('an interruption that comes while the guest runs is noticed', async (t) => {
  const abort = new AbortController();
  setImmediate(() => abort.abort());
  const { end } = await run([{}], { interruption: abort.signal, limits: { maxInstructions: 1e12 } });
  t.deepEqual(end, { reason: 'interrupted' });
});

test('expected text ends the run after the slice that printed it', async (t) => {
  const { end, guest } = await run([{}, { prints: 'RESULT ok\r\n' }, {}], { expectation: /RESULT \w+/ });
  t.deepEqual(end, { reason: 'expected-text', text: 'RESULT ok' });
  t.is(guest.slices.length, 2);
});

test('expected text counts even if the guest resets in the same slice', async (t) => {
  const { end } = await run([{ prints: 'done\n', ...reset }], { expectation: /done/ });
  t.is(end.reason, 'expected-text');
});

test('a panic leaves the kernel time for its last words', async (t) => {
  const { end, log, retired } = await run([
    { prints: 'Kernel panic - not syncing: no init\n' },
    { prints: '---[ end Kernel panic ]---\n' },
    {},
  ]);
  t.deepEqual(end, { reason: 'panic', sign: { kind: 'kernel-panic', line: 'Kernel panic - not syncing: no init' } });
  t.regex(Buffer.from(log.bytes).toString(), /end Kernel panic/);
  t.is(retired, 21_000_000);
});

for (const [description, step] of [
  ['resets', reset],
  ['waits', wait],
  ['faults', { outcome: { kind: 'endless-fault', fault: FAULT } }],
] as const) {
  test(`a kernel that panics and then ${description} has panicked`, async (t) => {
    const { end } = await run([{ prints: 'Kernel panic - not syncing: x\n' }, step]);
    t.is(end.reason, 'panic');
  });
}

test('an instruction limit during last words does not hide the panic', async (t) => {
  const { end, retired } = await run([{ prints: 'Kernel panic - not syncing: x\n' }, {}], { limits: { maxInstructions: 5_000_000 } });
  t.is(end.reason, 'panic');
  t.is(retired, 5_000_000);
});

test('a panic may be just what is expected', async (t) => {
  const { end } = await run([{ prints: 'Kernel panic - not syncing: x\n' }], { expectation: /Kernel panic/ });
  t.is(end.reason, 'expected-text');
});

test('an endless fault is named with its place', async (t) => {
  const { end } = await run([{ outcome: { kind: 'endless-fault', fault: FAULT } }]);
  t.deepEqual(end, { reason: 'endless-fault', fault: FAULT });
});

test('what the hypervisor declines is named', async (t) => {
  const { end } = await run([{ outcome: { kind: 'failure', failure: MCSR } }]);
  t.deepEqual(end, { reason: 'hypervisor-failure', failure: MCSR });
});

test('a stop that is no end lets the guest go on', async (t) => {
  const { end } = await run([{ outcome: { kind: 'stopped' } }, reset]);
  t.is(end.reason, 'reset');
});

test('a guest that waits with no input to come is halted', async (t) => {
  const { end } = await run([wait]);
  t.deepEqual(end, { reason: 'halt-without-wakeup' });
});

/** Input that comes only when somebody waits for it. */
const typist = (chunks: readonly string[]): ConsoleInput => {
  const left = chunks.map((text) => Buffer.from(text));
  let arrived: Uint8Array | undefined;
  return {
    take: () => {
      const bytes = arrived;
      arrived = undefined;
      return bytes;
    },
    get canDeliver() {
      return arrived !== undefined || left.length > 0;
    },
    waitForMore: async () => {
      arrived = left.shift();
    },
  };
};

test('a guest that waits is woken by each input, and halted when the input is over', async (t) => {
  const delivered: string[] = [];
  const { end, guest } = await run([wait], {
    input: typist(['a', 'bc']),
    deliverInput: (bytes) => delivered.push(Buffer.from(bytes).toString()),
  });
  t.deepEqual(delivered, ['a', 'bc']);
  t.is(guest.slices.length, 3);
  t.deepEqual(end, { reason: 'halt-without-wakeup' });
});

test('a guest that waits deaf to its UART is halted at once, whatever may be typed', async (t) => {
  const { end, guest } = await run([wait], { input: typist(['a']), inputCanInterrupt: () => false });
  t.deepEqual(end, { reason: 'halt-without-wakeup' });
  t.is(guest.slices.length, 1);
});

test('a wait for input ends with the host time', async (t) => {
  const start = Date.now();
  const { end } = await run([wait], {
    input: {
      take: () => undefined,
      canDeliver: true,
      waitForMore: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    },
    limits: { timeoutMs: 30 },
    hostNowMs: () => Date.now() - start,
  });
  t.deepEqual(end, { reason: 'timeout' });
});
