// Times as the API has them.
import type { Clock } from '../ports.ts';

/** Now, in RFC 3339 to the second. */
export function timeOf(ports: { readonly clock: Clock }): string {
  return timeText(ports.clock());
}

/** Milliseconds since the epoch in RFC 3339 to the second. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
