// Durations as Go writes them (time.ParseDuration) or as bare seconds (spec/sync.md §9).

const UNIT_SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Seconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
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
