const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const twoPlaces = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A whole number with separators: 12,345. */
export function formatCount(value: number): string {
  return counts.format(value);
}

/** Two decimals, as `perf kvm stat` prints microseconds: 1,234.50. */
export function formatFixed(value: number): string {
  return twoPlaces.format(value);
}

/** A share of 1 as a percentage with two decimals: 12.34 %. */
export function formatShare(share: number): string {
  return `${twoPlaces.format(share * 100)} %`;
}

/** A factor: 1.23 ×. */
export function formatRatio(ratio: number): string {
  return `${twoPlaces.format(ratio)} ×`;
}

/** Host seconds to three significant digits, in the unit that suits them. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${seconds < 1000 ? seconds.toPrecision(3) : counts.format(seconds)} s`;
}
