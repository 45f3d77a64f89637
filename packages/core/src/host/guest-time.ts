import { State } from '../processor/state-layout.js';

/** The longest stretch. Generated code takes four times as much, the bytes of so many instructions, for a signed word. */
const MOST = 2 ** 28;
const REMAINING = State.remaining >>> 2;
const LIMIT_SLACK = State.limitSlack >>> 2;
const EVENT_SLACK = State.eventSlack >>> 2;
const WITHHELD = State.withheld >>> 2;
const SKIPPED = State.skipped >>> 2;
const ADDED_CYCLES = State.addedCycles >>> 3;
const ZERO_CYCLES = State.zeroCycles >>> 3;
const HOST_INSTRUCTIONS = State.hostInstructions >>> 3;
const TIMEBASE_OFFSET = State.timebaseOffset >>> 3;
const TIMEBASE_TOP = State.timebaseTop >>> 2;

/**
 * Instructions and cycles of a stretch of execution, in cells that generated code counts in, too. A stretch ends at the run's limit, which
 * counts instructions, or at the next timer event, which counts cycles: `remaining` is the less of the two, the slacks are what each
 * leaves beyond it. What a host routine adds to the clock brings the event nearer, and what it completes the limit; so it takes both from
 * `remaining` without an instruction having retired (`skipped`).
 */
export class GuestTime {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** Instructions retired before the stretch that is under way, and that stretch's length. */
  #retiredBefore = 0;
  #budget = 0;
  #isExecuting = false;

  constructor(buffer: ArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, State.end >>> 2);
    this.#doubles = new Float64Array(buffer, 0, State.end >>> 3);
  }

  get isExecuting(): boolean {
    return this.#isExecuting;
  }

  /** Instructions that the processor has retired. */
  get retired(): number {
    if (!this.#isExecuting) return this.#retiredBefore;
    const words = this.#words;
    return this.#retiredBefore + this.#budget - words[WITHHELD]! - words[SKIPPED]! - words[REMAINING]!;
  }

  /** Instructions that host routines have completed in the processor's place. */
  get hostInstructions(): number {
    return this.#doubles[HOST_INSTRUCTIONS]!;
  }

  /** Cycles in which nothing retired. */
  get addedCycles(): number {
    return this.#doubles[ADDED_CYCLES]!;
  }
  addCycles(cycles: number): void {
    this.#doubles[ADDED_CYCLES] += cycles;
  }

  /** What a write to the timebase added to it, in ticks; and what it put above bit 47, a word. */
  get timebaseOffset(): number {
    return this.#doubles[TIMEBASE_OFFSET]!;
  }
  get timebaseTop(): number {
    return this.#words[TIMEBASE_TOP]! >>> 0;
  }
  setTimebase(offset: number, top: number): void {
    this.#doubles[TIMEBASE_OFFSET] = offset;
    this.#words[TIMEBASE_TOP] = top;
  }

  /** Begins a stretch of at most `limit` instructions and `toEvent` cycles. */
  begin(limit: number, toEvent: number): number {
    const budget = Math.min(limit, toEvent, MOST);
    const words = this.#words;
    words[REMAINING] = budget;
    words[LIMIT_SLACK] = Math.min(limit, MOST) - budget;
    words[EVENT_SLACK] = Math.min(toEvent, MOST) - budget;
    words[WITHHELD] = 0;
    words[SKIPPED] = 0;
    this.#doubles[ZERO_CYCLES] = this.#retiredBefore + this.addedCycles + budget;
    this.#budget = budget;
    this.#isExecuting = true;
    return budget;
  }

  end(): void {
    this.#retiredBefore = this.retired;
    this.#isExecuting = false;
  }

  /** Makes the engine stop after the running instruction. */
  cutShort(): void {
    if (!this.#isExecuting) return;
    const remaining = this.#words[REMAINING]!;
    if (remaining <= 1) return;
    this.#words[WITHHELD] += remaining - 1;
    this.#words[REMAINING] = 1;
  }
}
