// Repetitions summed up: how often, the median, the 95th percentile.

export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
}

/** The value that this share of all is not above (nearest rank). NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function summaryOf(values: readonly number[]): Summary {
  return { count: values.length, p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}
