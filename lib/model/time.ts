// Times that people write: RFC 3339 and nothing else.

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/**
 * Milliseconds since the epoch of a time in RFC 3339 (section 5.6); undefined for anything else. `Date.parse` alone would take a number in
 * a sentence, of a ticket for instance, for a year.
 */
export function parseTime(text: string | undefined): number | undefined {
  const time = text !== undefined && RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
