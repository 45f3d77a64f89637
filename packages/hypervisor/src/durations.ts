/** Distribution of durations in core cycles: what KVM's exit timing prints of a type. */
export interface DurationSummary {
  readonly count: number;
  /** 0 where the count is 0. */
  readonly minCycles: number;
  readonly maxCycles: number;
  readonly sumCycles: number;
  readonly sumOfSquares: number;
}

/** Where each property lies among a distribution's doubles. */
export const DurationField = { count: 0, min: 1, max: 2, sum: 3, sumOfSquares: 4 } as const;
export const DURATION_FIELDS = 5;

/** Makes doubles a distribution of nothing. */
export function clearDurations(fields: Float64Array): void {
  fields.fill(0);
  fields[DurationField.min] = Number.POSITIVE_INFINITY;
}

/** Adds so many equal durations to a distribution. */
export function addDuration(fields: Float64Array, cycles: number, times = 1): void {
  fields[DurationField.count] += times;
  fields[DurationField.sum] += times * cycles;
  fields[DurationField.sumOfSquares] += times * cycles * cycles;
  if (cycles < (fields[DurationField.min] as number)) fields[DurationField.min] = cycles;
  if (cycles > (fields[DurationField.max] as number)) fields[DurationField.max] = cycles;
}

/** A distribution that grows, kept in doubles that others may add to by the same rule. */
export class Durations {
  readonly #fields: Float64Array;

  constructor(fields = new Float64Array(DURATION_FIELDS)) {
    this.#fields = fields;
    this.clear();
  }

  add(cycles: number, times = 1): void {
    addDuration(this.#fields, cycles, times);
  }

  /** Adds another distribution. */
  merge(other: Float64Array): void {
    const fields = this.#fields;
    for (const field of [DurationField.count, DurationField.sum, DurationField.sumOfSquares]) fields[field] += other[field] as number;
    fields[DurationField.min] = Math.min(fields[DurationField.min] as number, other[DurationField.min] as number);
    fields[DurationField.max] = Math.max(fields[DurationField.max] as number, other[DurationField.max] as number);
  }

  /** Counts without a duration. */
  count(times: number): void {
    this.#fields[DurationField.count] += times;
  }

  clear(): void {
    clearDurations(this.#fields);
  }

  summary(): DurationSummary {
    const [count, min, max, sum, sumOfSquares] = this.#fields as unknown as [number, number, number, number, number];
    return {
      count,
      minCycles: min === Number.POSITIVE_INFINITY ? 0 : min,
      maxCycles: max,
      sumCycles: sum,
      sumOfSquares,
    };
  }
}
