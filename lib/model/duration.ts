// Durations as Go writes them (time.ParseDuration) or as bare seconds (spec/sync.md §9).

const UNIT_SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Go counts nanoseconds in 64 bits: 292 years. */
export const MOST_SECONDS = 2 ** 63 / 1e9;

/** Seconds, or undefined when the text is no duration, or one that Go could not hold. */
export function parseDuration(text: string): number | undefined {
  const seconds = /^[+-]?\d+$/.test(text) ? Number(text) : sumOf(text);
  return seconds !== undefined && Math.abs(seconds) < MOST_SECONDS ? seconds : undefined;
}

function sumOf(text: string): number | undefined {
  const negative = text.startsWith('-');
  const body = text.replace(/^[+-]/, '');
  PART.lastIndex = 0;
  let seconds = 0;
  while (PART.lastIndex < body.length) {
    const part = PART.exec(body);
    if (!part) return undefined;
    seconds += Number(part[1]) * (UNIT_SECONDS[part[2] ?? ''] ?? 0);
  }
  if (body === '') return undefined;
  return negative ? -seconds : seconds;
}
